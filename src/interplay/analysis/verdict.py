"""The verdict: whether two hyperparameters interact, in one plain sentence with its numbers."""

from __future__ import annotations

from itertools import combinations

from interplay.analysis.anova import LEVEL, Effect
from interplay.analysis.claims import Tests
from interplay.analysis.diagnose import LEAST
from interplay.analysis.grid import Grid
from interplay.analysis.numbers import number_label, short_names, text_of
from interplay.analysis.ridge import Ridge
from interplay.analysis.scale import Transformed
from interplay.analysis.tukey import Tukey


def p_text(p: float) -> str:
    """A p-value as one writes it: p = 0.021, p < 0.0001."""
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}" if p < 0.1 else f"p = {p:.2f}"


def _f_text(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10_000 else number_label(ratio, 3)


def sentence(
    grid: Grid,
    metric: str,
    tests: Tests,
    effect: Effect,
    ridge: Ridge,
    tukey: Tukey,
    transformed: Transformed | None,
    *,
    seeds: int,
    claimed: bool,
    removable: bool,
) -> str:
    """The verdict."""
    x, y = short_names(grid.x_axis.name, grid.y_axis.name)
    inert = [name for name, axis in ((x, "x"), (y, "y")) if axis in grid.inert]
    if inert:
        change = "change" if len(inert) > 1 else "changes"
        head = "No interaction" if seeds >= LEAST else f"No verdict on {x} and {y}"
        names = " and ".join(inert)
        return f"{head}: {names} {change} nothing, {metric} is identical along it."
    if grid.seed_ignored:
        return (
            f"No verdict on {x} and {y}: the {grid.unit} changes nothing, so there is no spread to test "
            "a difference against."
        )
    if seeds < LEAST:
        return f"No verdict on {x} and {y}: {_unseen(grid, tests, tukey, seeds)}."
    if tests.p is None:
        return f"No verdict on {x} and {y}: {_untested(tests, grid.unit)}."
    facts = _facts(tests, effect, grid.unit)
    if not claimed:
        return f"No interaction of {x} and {y} is shown {_why_not(tests, effect, facts)}."
    if removable and transformed is not None:
        return (
            f"{x} and {y} interact on {metric} as it is {facts}, but not on its "
            f"{transformed.scale} scale, and the best {y} {_stays(ridge)}: removable, as "
            f"{_cause(transformed)} makes it, not shown to change what {y} should be."
        )
    head = f"{x} and {y} interact {facts}: "
    if ridge.shift.claimed:
        return f"{head}{_moves(ridge, x, y)}."
    return f"{head}how much {y} matters depends on {x}, but the best {y} is not shown to shift."


def _facts(tests: Tests, effect: Effect, unit: str) -> str:
    term, df = tests.anova.terms["xy"], tests.anova.error.df
    left = df if isinstance(df, int) else f"{df:.1f}"
    stratum = tests.strata.tests["xy"]
    if tests.by_strata and stratum.F is not None and stratum.p is not None:
        facts = f"F({stratum.df1}, {stratum.df2}) = {_f_text(stratum.F)}, {p_text(stratum.p)}"
        return f"({unit}s as strata: {facts})"
    if term.F is None or term.p is None or tests.p is None:
        return ""
    size = ""
    if term.partial_omega2 is not None and effect.low is not None and effect.high is not None:
        size = (
            f"; partial ω² {term.partial_omega2:.2f}, 95% interval {effect.low:.2f} to "
            f"{effect.high:.2f}"
        )
    spread = ""
    if tests.box.p is not None:
        spread = f", {p_text(tests.box.p)} allowing for unequal spread"
    return f"(F({term.df}, {left}) = {_f_text(term.F)}, {p_text(term.p)}{spread}{size})"


def _why_not(tests: Tests, effect: Effect, facts: str) -> str:
    text = facts
    plain = tests.anova.terms["xy"].p
    if plain is not None and plain < LEVEL:
        text += "; F alone would claim one, but not every test that these data call for agrees"
    if effect.detectable is not None:
        text += f"; one of partial ω² {effect.detectable:.2f} or more would have been found 4 times in 5"
    return text


def _stays(ridge: Ridge) -> str:
    same = len({text_of(row.best_y) for row in ridge.rows}) == 1
    return "stays put" if same else "is not shown to move"


def _untested(tests: Tests, unit: str) -> str:
    """Why no test could be made, with seeds enough."""
    if not tests.anova.terms["residual"].df:
        return "the rows that are there leave nothing over to judge noise by"
    if tests.anova.mse is None:
        return (
            f"nothing is left over beside {unit}s and cells, so there is no noise to test against"
        )
    return f"at 2 × 2 the {unit}s as strata decide, and too few {unit}s have every cell"


def _unseen(grid: Grid, tests: Tests, tukey: Tukey, seeds: int) -> str:
    if tests.anova.terms["residual"].df:
        one = grid.unit if grid.blocks else "training a cell"
        return f"{seeds} {one}{'s' if seeds != 1 else ''} cannot tell an interaction from noise"
    if tukey.p is None:
        return "with one training a cell, noise and interaction cannot be told apart"
    facts = (
        f"Tukey's test: F({tukey.df1}, {tukey.df2}) = {_f_text(tukey.F or 0.0)}, {p_text(tukey.p)}"
    )
    if tukey.p < LEVEL:
        return (
            f"one training a cell; its lines do fan out ({facts}), seeds would tell if that holds"
        )
    return f"one training a cell ({facts}; a large p is no evidence that effects just add up)"


def _cause(transformed: Transformed) -> str:
    return "a ceiling effect" if transformed.scale == "logit" else "an effect in proportion"


def _moves(ridge: Ridge, x: str, y: str) -> str:
    """Between which rows the best y moves: of those whose keep-sets are disjoint, the farthest."""
    rows = ridge.rows
    pairs = sorted(combinations(range(len(rows)), 2), key=lambda pair: pair[0] - pair[1])
    apart = [(a, b) for a, b in pairs if not (ridge.kept[:, a] & ridge.kept[:, b]).any()]
    differ = [(a, b) for a, b in pairs if rows[a].best_y != rows[b].best_y]
    a, b = (apart or differ)[0]
    return (
        f"the best {y} shifts from {text_of(rows[a].best_y)} at {x} = {text_of(rows[a].x)} to "
        f"{text_of(rows[b].best_y)} at {x} = {text_of(rows[b].x)}"
    )
