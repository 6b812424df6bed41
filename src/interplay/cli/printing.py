"""What verbs say: a plan, the closing summary, an interaction, text in columns."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from interplay.cli.options import of_heatmap
from interplay.errors import BudgetError, how_many
from interplay.signs import visible

if TYPE_CHECKING:
    from interplay.analysis.interaction import Interaction
    from interplay.results.choosing import Choice
    from interplay.results.results import Results
    from interplay.study.study import Study
    from interplay.tuning.execute import Outcome
    from interplay.winner.retrain import Retrained


def print_plan(study: Study, out: str | None) -> None:
    """What a run would train: cells, members, what is finished, packs."""
    from interplay.tuning.execute import dry_run

    plan = dry_run(study, out)
    packs = plan["packs"]
    seeds = len(study.seeds) * len(study.folds)
    epochs = f"{how_many(study.epochs, 'epoch')}, " if study.epochs else ""
    each = "1 seed and fold" if seeds == 1 else f"{seeds} seeds and folds"
    typer.echo(f"study    {study.name}, {epochs}run folder {plan['folder']}")
    if plan["chosen"] is not None:
        search, number = study.search, plan["chosen"]
        scan = f", stopped early by {search.scheduler}" if search.scheduler else ""
        rounds = f"in rounds of {search.max_concurrent}"
        typer.echo(f"cells    {number}, a trial each, by {search.method} {rounds}{scan}")
        typer.echo(f"members  {number * seeds} ({how_many(number, 'cell')} × {each})")
        if plan["missing"] < number * seeds:
            typer.echo(f"finished all but {plan['missing']}")
        _print_time(plan)
        return
    typer.echo(f"cells    {plan['cells']}")
    typer.echo(f"members  {plan['members']} ({how_many(plan['cells'], 'cell')} × {each})")
    typer.echo(f"finished {plan['finished']} in the ledger, {plan['missing']} to train")
    sizes = ", ".join(map(str, packs[:12])) + (", …" if len(packs) > 12 else "")
    workers = f"on {how_many(plan['workers'], 'worker')}"
    members = "1 member" if packs == [1] else f"{sizes} members"
    by = f", {' and '.join(plan['engines'])} engine, of {members}" if packs else ""
    typer.echo(f"packs    {len(packs)} {workers}{by}")
    _print_time(plan)
    if plan["unbuildable"]:
        failed = how_many(plan["unbuildable"], "member")
        typer.echo(f"failed   {failed} whose model cannot be built")


def _print_time(plan: Mapping[str, Any]) -> None:
    from interplay.tuning.bar import duration

    if plan["missing"] and plan["seconds"] is not None:
        typer.echo(f"time     about {duration(plan['seconds'])}, as trainings took in this folder")


def print_outcome(outcome: Outcome) -> None:
    """What a run did: members trained and failed, how far a scan came, the best cell."""
    from interplay.analysis.numbers import text_of
    from interplay.tuning.bar import duration

    results = outcome.results
    frame, study = results.frame, results.study
    if outcome.tried:
        kept = f", {how_many(outcome.kept, 'was', 'were')} there already" if outcome.kept else ""
        trained = how_many(outcome.trained, "member")
        typer.echo(f"{results.name}: {trained} trained{kept}; {duration(outcome.seconds)}")
    else:
        typer.echo(f"{results.name}: {outcome.nothing_new}")
    if outcome.left_aside:
        typer.echo(f"unused   {outcome.left_aside}")
    for status in ("failed", "diverged"):
        rows = frame[frame["status"] == status]
        if len(rows):
            typer.echo(f"{status:<8} {how_many(len(rows), 'member')}" + _first_error(rows))
    if study["search"]["scheduler"] is not None:
        typer.echo(f"scan     {_scanned(results)}")
    try:
        best = next(iter(results.ranked().head(1).to_dict("records")), None)
    except BudgetError as error:
        typer.echo(f"best     not told: {error.said(of_heatmap)}")
        return
    if best is not None and best["n"]:
        spread = f" ± {best['sd']:.4f}" if best["n"] > 1 else ""
        columns = results.table.columns
        there = [n for n in results.varied if best[n] is not None or not columns[n].absent]
        at = ", ".join(f"{name.rpartition('.')[2]}={text_of(best[name])}" for name in there)
        typer.echo(
            f"best     {study['metric']} {best['mean']:.4f}{spread} (n={best['n']}) at {at or 'the one cell'}"
        )


MOST_TIES = 20
"""Cells that are printed one by one."""


def print_choice(choice: Choice) -> None:
    """The best cell, what ties with it, and the one that is taken."""
    typer.echo(f"best     {choice.metric} {_scored(choice, 0)} at {visible(choice.words(0))}")
    cells, ties = len(choice.table), len(choice.tied)
    if ties > 1:
        typer.echo(f"ties     {ties} of {how_many(cells, 'cell')} are {choice.like}:")
        table = choice.tied.head(MOST_TIES)
        costs = [name for name in ("parameters", "seconds") if name in table]
        head = (
            *(name.rpartition(".")[2] for name in choice.names),
            choice.metric,
            "sd",
            "n",
            *costs,
        )
        rows = [
            (
                *(_text(value) for value in choice.setting(row).values()),
                *(_digits(choice.table[name].iloc[row]) for name in ("mean", "sd", "n", *costs)),
            )
            for row in table.index
        ]
        print_table([head, *rows], indent=2)
        if ties > MOST_TIES:
            typer.echo(f"  … and {ties - MOST_TIES} more")
    elif others := choice.compared - 1:
        way = "clearly worse" if choice.within == "ties" else "further off than one standard error"
        each = "the other cell that was compared is" if others == 1 else f"all {others} others are"
        typer.echo(f"ties     none: {each} {way}")
    if choice.taken:
        scored = f"{choice.metric} {_scored(choice, choice.taken)}"
        typer.echo(f"chosen   {visible(choice.said)}: {choice.why} of those; {scored}")
    elif ties > 1:
        typer.echo(f"chosen   {visible(choice.said)}: {choice.why} of those")
    for note in choice.notes:
        typer.echo(f"note: {visible(note)}", err=True)


def _scored(choice: Choice, row: int) -> str:
    one = choice.table.iloc[row]
    spread = f" ± {one['sd']:.4f}" if one["n"] > 1 else ""
    return f"{one['mean']:.4f}{spread} (n={one['n']})"


def _digits(value: Any) -> str:
    """A number for a table of cells; a dash where there is none."""
    if value is None or value != value:
        return "–"
    whole = float(value).is_integer() and abs(value) < 2**53
    return f"{int(value)}" if whole else f"{value:.4g}"


def _text(value: Any) -> str:
    from interplay.analysis.numbers import text_of

    return "not there" if value is None else visible(text_of(value))


def print_test(tested: Retrained) -> None:
    """What the retrained choice scored on the test part, and who looked at that before."""
    for note in tested.notes:
        typer.echo(f"note: {note}", err=True)
    train, test = tested.rows
    seeds = how_many(len(tested.plan.study.seeds), "seed")
    typer.echo(f"tested   on {how_many(test, 'row')}, trained on the other {train}, {seeds}")
    rows = [
        (
            name,
            f"{score.mean:.4f}" + ("" if score.sd is None else f" ± {score.sd:.4f}"),
            f"{score.low:.4f} to {score.high:.4f}",
            _between(score.seeds_low, score.seeds_high),
        )
        for name, score in tested.scores.items()
    ]
    print_table([("metric", "mean ± sd", "95% over rows and seeds", "over seeds"), *rows], indent=2)
    typer.echo(f"weights  {tested.folder}, as a run of its own")
    if not tested.looks:
        typer.echo("looked   at these test rows for the first time; every later look is counted")
        return
    times = how_many(len(tested.looks), "time")
    first, last = tested.looks[0], tested.looks[-1]
    others = len({look["choice"] for look in (*tested.looks, {"choice": tested.choice})}) - 1
    typer.echo(
        f"looked   at these test rows {times} before, since {first['when'][:10]}, last on "
        f"{last['when'][:10]}"
        + (
            f", by {how_many(others, 'other choice')}: a choice that was changed after such a look "
            "is no longer tested by them"
            if others
            else ", by this same choice"
        )
    )


def _between(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{low:.4f} to {high:.4f}"


def _scanned(results: Results) -> str:
    """How far the cells of a scan came."""
    table = results.progress()
    stopped, unstable = table["stopped"].astype(bool), table["unstable"].astype(bool)
    counts = {
        "ran to the end": int((~stopped & ~unstable).sum()),
        "stopped early": int(stopped.sum()),
        "diverged or failed": int((unstable & ~stopped).sum()),
    }
    return f"{how_many(len(table), 'cell')}: " + ", ".join(
        f"{n} {what}" for what, n in counts.items() if n
    )


def _first_error(rows: Any) -> str:
    errors = rows["error"].dropna()
    return f", the first with: {errors.iloc[0]}" if len(errors) else ""


def print_interaction(found: Interaction) -> None:
    """An interaction analysis as a short page: the verdict, the tables, the ridge, the warnings."""
    import textwrap

    from interplay.analysis.components import components_in_words
    from interplay.analysis.numbers import number_label, short_names, text_of
    from interplay.analysis.verdict import p_text

    x, y = short_names(found.x.name, found.y.name)

    def told(value: float | None, digits: int = 4) -> str:
        return "–" if value is None else number_label(value, digits, plain_from=0.001)

    def wrapped(text: str, mark: str = "") -> None:
        room = min(shutil.get_terminal_size((100, 24)).columns, 110)
        typer.echo(textwrap.fill(mark + visible(text), room, subsequent_indent=" " * len(mark)))

    wrapped(found.verdict)
    block = found.unit
    unit = "folds as blocks" if block == "fold" and found.blocks else "no seeds named"
    if found.n_seeds is not None:
        unit = how_many(found.n_seeds, "seed")
    typer.echo(
        f"\n{found.metric} ({found.mode}), {found.n_used} of {how_many(found.n_rows, 'row')}, {unit}\n"
    )
    names = {"seed": block, "x": x, "y": y, "xy": f"{x} × {y}", "residual": "residual"}
    by_seeds = {str(name): test.p for name, test in found.strata.items()}

    def told_p(value: float | None) -> str:
        return "" if value is None else p_text(value).removeprefix("p = ").removeprefix("p ")

    terms = [
        (
            names[name],
            str(term.df),
            told(term.ss),
            "" if term.F is None else told(term.F),
            told_p(term.p),
            "" if term.partial_omega2 is None else told(term.partial_omega2, 2),
            told(term.share, 2),
            told_p(by_seeds.get(name)),
        )
        for name, term in found.anova.items()
        if term.df is not None
    ]
    head = ("", "df", "sum sq", "F", "p", "partial ω²", "share", f"p by {block} strata")
    print_table([head, *terms])
    box, tukey = found.box, found.tukey
    if box.p is not None:
        typer.echo(
            f"\nallowing for unequal spread (Box): {p_text(box.p)}, ε = {told(box.epsilon, 2)}"
        )
    if tukey.p is not None:
        facts = f"F({tukey.df1}, {tukey.df2}) = {told(tukey.F)}, {p_text(tukey.p)}"
        typer.echo(f"\nTukey's test for lines that fan out: {facts}")
    if found.transformed is not None and found.transformed.tests.p is not None:
        term = found.transformed.tests.anova.terms["xy"]
        facts = f"{p_text(found.transformed.tests.p)}, partial ω² {told(term.partial_omega2, 2)}"
        typer.echo(f"on the {found.transformed.scale} scale: {facts}")
    if found.components is not None:
        typer.echo("")
        for line in components_in_words(found.components, found.metric):
            wrapped(line)
    typer.echo("")
    if found.y_is_inert:
        typer.echo(f"{y} changes nothing: none of its values is better")
    rows = [
        (
            text_of(row.x),
            text_of(row.best_y),
            "–" if row.keep is None else ", ".join(map(text_of, row.keep)),
        )
        for row in found.ridge.rows
        if not found.y_is_inert
    ]
    if rows:
        print_table([(x, f"best {y}", "not clearly worse"), *rows])
    shift = found.ridge.shift
    if shift.slope is not None and rows:
        wide = (
            f" (95% interval {shift.low:.2f} to {shift.high:.2f})" if shift.low is not None else ""
        )
        typer.echo(f"\nthe best {y} moves {shift.slope:.2f} steps a step of {x}{wide}")
    if found.cautions:
        typer.echo("")
    for caution in found.cautions:
        wrapped(caution.message, "! ")


def print_table(rows: Sequence[Sequence[str]], indent: int = 0) -> None:
    """Rows of text in columns; the last column wraps in a terminal that is too narrow."""
    import textwrap

    rows = [[visible(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    start = indent + sum(widths) + 2 * len(widths)
    room = max(24, shutil.get_terminal_size((120, 24)).columns - start)
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        first, *rest = textwrap.wrap(row[-1], room) if len(row[-1]) > room else [row[-1]]
        lines.append((" " * indent + "  ".join([*cells, first])).rstrip())
        lines += [" " * start + line for line in rest]
    typer.echo("\n".join(lines))
