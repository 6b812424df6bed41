"""Bayesian optimisation: inside its domains, exact on resuming, and better than chance."""

import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from interplay.identity import same_as
from interplay.search.bayes.model import fit
from interplay.search.bayes.searcher import BayesSearch
from interplay.search.bayes.space import UnitSpace
from interplay.search.guide import Task, make_guide
from interplay.space.domains import Choice, Constant, Float, Int
from interplay.space.space import Space
from interplay.study.checks import within
from tests.examples import examples

MIXED = {
    "model.kind": Choice(("a", "b", "c")),
    "model.sizes": Choice(([8], [16, 8], None)),
    "model.width": Int(4, 512, log=True),
    "model.layers": Int(1, 8),
    "model.dropout": Float(0.0, 0.8, count=5),
    "optimizer.lr": Float(1e-6, 1.0, log=True),
    "optimizer.momentum": Float(0.0, 0.99),
    "model.bias": Constant(True),
}


def guide_of(domains, mode="min", seed=0, **options):
    return make_guide("bayes", Task(Space(domains), mode, seed), options)


def searched(domains, function, trials, mode="min", size=4, **search):
    """Cells and scores of a search in rounds, as `interplay tune` drives it."""
    guide, cells, scores = guide_of(domains, mode, **search), [], []
    for start in range(0, trials, size):
        asked = [guide.suggest(number) for number in range(start, min(start + size, trials))]
        for number, cell in enumerate(asked, start):
            cells.append(cell)
            scores.append(function(cell))
            guide.observe(number, cell, scores[-1])
    return cells, scores


def loss(cell):
    away = math.log10(cell["optimizer.lr"]) + 3
    return (
        0.1 * away**2
        + {"a": 0.3, "b": 0.0, "c": 0.5}[cell["model.kind"]]
        + 0.01 * abs(cell["model.layers"] - 4)
        + 0.1 * (cell["model.sizes"] is None)
        + cell["model.dropout"] ** 2
    )


def branin(cell):
    x, y = cell["x"], cell["y"]
    valley = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


BRANIN = {"x": Float(-5, 10), "y": Float(0, 15)}


@st.composite
def domains_of(draw):
    """One domain of any kind."""
    kind = draw(st.sampled_from(["choice", "numbers", "float", "int", "step", "count"]))
    log = draw(st.booleans())
    low = draw(st.integers(1, 50))
    high = low + draw(st.integers(1, 5000))
    if kind == "choice":
        scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.text("abc", max_size=3)
        values = st.lists(
            scalars | st.lists(st.integers(0, 9), max_size=3),
            min_size=2,
            max_size=5,
            unique_by=same_as,
        )
        return Choice(tuple(draw(values)))
    if kind == "numbers":
        values = st.lists(st.floats(-5, 5), min_size=2, max_size=6, unique_by=same_as)
        return Choice(tuple(draw(values)))
    whole = draw(st.booleans())
    if kind == "step":
        step = draw(st.integers(1, high - low))
        return Int(low, high, step=step) if whole else Float(low / 8, high / 8, step=step / 8)
    count = draw(st.integers(2, 6)) if kind == "count" else None
    if kind == "int" or (kind == "count" and whole):
        return Int(low, high, log=log, count=count)
    return Float(low / 8, high / 8, log=log, count=count)


@examples(25, suppress_health_check=list(HealthCheck))
@given(domains=st.lists(domains_of(), min_size=1, max_size=3), seed=st.integers(0, 99))
def test_every_suggestion_lies_in_its_domain_and_is_new_while_there_are_new_ones(domains, seed):
    named = {f"model.d{i}": domain for i, domain in enumerate(domains)}
    score = np.random.default_rng(seed).random
    cells, _ = searched(named, lambda cell: float(score()), 10, seed=seed)
    for cell in cells:
        assert list(cell) == list(named)
        for name, domain in named.items():
            assert within(domain, cell[name]), (domain, cell[name])
            assert (
                isinstance(domain, Choice)
                or type(cell[name]) is {"float": float, "int": int}[domain.kind]
            )
            assert type(cell[name]) is type(json.loads(json.dumps(cell[name])))
    assert len({same_as(cell) for cell in cells}) == min(10, UnitSpace(named).size)


@examples(60)
@given(domain=domains_of(), u=st.floats(0, 1))
@example(domain=Int(1, 9), u=0.37)
@example(domain=Int(1, 900, log=True), u=0.37)
def test_the_kernel_sees_a_value_and_nothing_finer(domain, u):
    """All u of one value are the same columns, and a value's own u gives the value back."""
    space = UnitSpace({"d": domain})
    cell = space.cell(np.array([u]))
    row = space.row(cell)
    if not np.isinf(space.size):
        assert same_as(space.cell(row)) == same_as(cell)
        assert (space.columns(row[None]) == space.columns(np.array([[u]]))).all()
    else:
        assert space.cell(row)["d"] == pytest.approx(cell["d"], rel=1e-9)


def test_an_end_of_a_range_with_many_digits_is_tried_once():
    """Its value is kept to 12 digits, and is then not quite the end."""
    cells, _ = searched({"x": Float(1 / 7, 2 / 7)}, lambda cell: -cell["x"], 12)
    assert len({cell["x"] for cell in cells}) == 12


def test_the_same_seed_is_the_same_search_and_another_is_another():
    first = searched(MIXED, loss, 20)[0]
    assert searched(MIXED, loss, 20)[0] == first
    other = searched(MIXED, loss, 20, seed=1)[0]
    assert all(a != b for a, b in zip(first, other, strict=True))


def test_a_search_goes_on_from_inserted_observations_as_if_it_had_lived_through_them():
    cells, scores = searched(MIXED, loss, 24)
    for told in (4, 8, 20):
        guide = guide_of(MIXED)
        for number in range(told):  # by way of a ledger, that is of JSON
            guide.observe(number, json.loads(json.dumps(cells[number])), scores[number])
        assert [guide.suggest(number) for number in range(told, told + 4)] == cells[told : told + 4]


def test_the_order_in_which_scores_come_does_not_matter():
    cells, scores = searched(MIXED, loss, 16)
    guide = guide_of(MIXED)
    for number in reversed(range(16)):
        guide.observe(None, cells[number], scores[number])
    again = guide_of(MIXED)
    for number in range(16):
        again.observe(None, cells[number], scores[number])
    assert guide.suggest(16) == again.suggest(16)
    one, other = (g.searcher._all_known(g.searcher.space) for g in (guide, again))
    assert (one.rows == other.rows).all()  # to the last bit: sums depend on their order


def test_a_suggestion_depends_on_its_number_not_on_those_that_were_made():
    """Each number is seeded by itself: what was suggested and told is all there is."""
    one, two = guide_of(BRANIN), guide_of(BRANIN)
    for guide in (one, two):
        for number in range(6):
            cell = {"x": float(number), "y": 2.0 * number}
            guide.observe(None, cell, branin(cell))
    for number in range(6, 9):  # a round that is never told of, but for its failure
        cell = one.suggest(number)
        one.observe(number, cell, None)
    assert one.suggest(9) == two.suggest(9)


def test_cells_of_a_round_spread_out():
    cells, scores = searched(BRANIN, branin, 20)
    guide = guide_of(BRANIN)
    for cell, score in zip(cells, scores, strict=True):
        guide.observe(None, cell, score)
    round_ = [guide.suggest(number) for number in range(20, 26)]
    points = np.array([[(c["x"] + 5) / 15, c["y"] / 15] for c in round_])
    apart = np.linalg.norm(points[:, None] - points, axis=2)[np.triu_indices(6, 1)]
    assert apart.min() > 0.01
    assert np.median(apart) > 0.1


def test_repeated_cells_are_averaged():
    """A cell that scored 0 and 2 counts as one that scored 1."""
    repeated, once = guide_of(BRANIN), guide_of(BRANIN)
    for number in range(8):
        cell = {"x": number - 3.0, "y": 1.5 * number}
        score = branin(cell) / 50
        for one in (score - 1, score + 1):
            repeated.observe(None, cell, one)
        once.observe(None, cell, score)
    known = repeated.searcher._all_known(repeated.searcher.space)
    assert known.scores == pytest.approx(once.searcher._all_known(once.searcher.space).scores)
    assert repeated.suggest(8) == pytest.approx(once.suggest(8), abs=0.05)


def test_scores_that_are_not_finite_are_dropped():
    one, two = guide_of(BRANIN), guide_of(BRANIN)
    for number in range(6):
        for guide in (one, two):
            guide.observe(None, {"x": number, "y": 2.0 * number}, float(number))
    for bad in (math.nan, math.inf, -math.inf):
        one.observe(None, {"x": 0.5, "y": 0.5}, bad)
    assert one.suggest(6) == two.suggest(6)


def test_choices_of_anything_are_learned():
    domains = {
        "sizes": Choice(([64], [32, 32], None, "auto", True, [1, [2, 3]])),
        "x": Float(0, 1),
    }

    def function(cell):
        return (0.0 if cell["sizes"] == [32, 32] else 1.0) + (cell["x"] - 0.5) ** 2

    cells, _ = searched(domains, function, 32)
    assert sum(cell["sizes"] == [32, 32] for cell in cells[16:]) >= 10
    assert {same_as(cell["sizes"]) for cell in cells} == {
        same_as(v) for v in domains["sizes"].values
    }


def test_a_small_space_is_tried_whole_then_repeated():
    domains = {"a": Choice(("x", "y", "z")), "b": Int(1, 3)}
    cells, _ = searched(domains, lambda cell: float(cell["b"]), 14)
    assert len({same_as(cell) for cell in cells[:9]}) == 9
    assert all(cell["b"] == 1 for cell in cells[9:11])


def test_a_log_range_is_searched_by_its_logarithm():
    """The best learning rate is at a ten-thousandth of the range."""
    domains = {"lr": Float(1e-6, 1.0, log=True)}
    cells, scores = searched(domains, lambda cell: (math.log10(cell["lr"]) + 4) ** 2, 16)
    assert cells[int(np.argmin(scores))]["lr"] == pytest.approx(1e-4, rel=0.1)
    whole = {"width": Int(1, 10**6, log=True)}
    cells, scores = searched(whole, lambda cell: (math.log10(cell["width"]) - 1) ** 2, 16)
    assert cells[int(np.argmin(scores))]["width"] in (9, 10, 11)


@pytest.mark.parametrize("acquisition", ["ei", "ucb", "poi"])
def test_better_than_chance_on_branin(acquisition):
    """30 evaluations, where the least is 0.398 and 30 draws find about 1.5."""
    found, drawn = [], []
    for seed in range(3):
        found.append(min(searched(BRANIN, branin, 30, seed=seed, acquisition=acquisition)[1]))
        drawn.append(min(branin(Space(BRANIN).draw(seed, number)) for number in range(30)))
    assert np.median(found) < 0.55
    assert np.median(found) < np.median(drawn)


def test_max_is_min_of_the_negative():
    most = searched(BRANIN, lambda cell: -branin(cell), 24, mode="max")
    assert most[0] == searched(BRANIN, branin, 24)[0]


@pytest.mark.parametrize(
    ("acquisition", "option", "far"),
    [("ucb", "kappa", 20.0), ("ei", "xi", 3.0), ("poi", "xi", 3.0)],
)
def test_kappa_and_xi_send_it_further_from_what_is_known(acquisition, option, far):
    xs = np.array([0.0, 0.2, 0.3, 0.4, 0.6, 1.0])

    def next_x(value):
        guide = guide_of({"x": Float(0, 1)}, acquisition=acquisition, **{option: value})
        for x in xs:
            guide.observe(None, {"x": float(x)}, float((x - 0.33) ** 2))
        return guide.suggest(9)["x"]

    def away(x):
        return np.abs(xs - x).min()

    assert away(next_x(0.0)) < 0.1 < away(next_x(far))


def test_scales_of_scores_do_not_matter_and_a_ruined_cell_does_not_blind():
    """xi counts standard deviations: scores in other units are the same search."""
    cells = searched(BRANIN, branin, 20)[0]
    scaled = searched(BRANIN, lambda cell: 1024 * branin(cell), 20)[0]
    assert scaled == cells
    scores = searched(BRANIN, lambda cell: branin(cell) + (1e9 if cell["y"] > 11 else 0), 32)[1]
    assert min(scores) < 0.6


def test_which_hyperparameter_matters_is_learned():
    rows = np.random.default_rng(0).random((40, 3))
    scores = np.sin(6 * rows[:, 0])
    kernel = fit(rows, (scores - scores.mean()) / scores.std(), np.arange(3), seed=0)
    assert kernel.lengths[1:].min() > 3 * kernel.lengths[0]
    assert kernel.noise < 1e-2


def test_suggestions_after_300_observations():
    guide = guide_of(MIXED)
    space = Space(MIXED)
    for number in range(300):
        cell = space.draw(0, number)
        guide.observe(None, cell, loss(cell))
    suggested = [guide.suggest(number) for number in range(300, 304)]
    near = sorted(loss(space.draw(0, number)) for number in range(300))[30]
    assert all(cell is not None and loss(cell) < near for cell in suggested)


def test_save_and_restore(tmp_path):
    whole, broken = (BayesSearch(BRANIN, metric="loss", mode="min", seed=3) for _ in range(2))
    for searcher in (whole, broken):
        for number in range(7):
            searcher.on_trial_complete(str(number), {"loss": branin(searcher.suggest(str(number)))})
        searcher.suggest("pending")
    broken.save(str(tmp_path / "state"))
    restored = BayesSearch()
    restored.restore(str(tmp_path / "state"))
    for number in range(8, 11):
        assert restored.suggest(str(number)) == whole.suggest(str(number))
    restored.on_trial_complete("pending", {"loss": 1.0})
    whole.on_trial_complete("pending", {"loss": 1.0})
    assert restored.suggest("last") == whole.suggest("last")


def test_spaces_of_tunes_own():
    from ray import tune

    space = {
        "data": "digits",
        "model": {
            "width": tune.lograndint(4, 65),
            "layers": tune.randint(1, 4),
            "even": tune.qrandint(2, 8, 2),
            "rate": tune.quniform(0.0, 0.5, 0.25),
        },
        "lr": tune.loguniform(1e-5, 1e-1),
        "sizes": tune.choice([[1], [2, 2], None]),
    }
    searcher = BayesSearch(seed=1)
    with pytest.raises(RuntimeError, match="space"):
        searcher.suggest("0")
    assert searcher.set_search_properties("score", "max", space)
    assert not searcher.set_search_properties("score", "max", space)
    seen = []
    for number in range(20):
        found = searcher.suggest(str(number))
        model = found["model"]
        assert set(found) == set(space)
        assert found["data"] == "digits"
        assert 4 <= model["width"] <= 64
        assert model["layers"] in (1, 2, 3)
        assert model["even"] in (2, 4, 6, 8)
        assert model["rate"] in (0.0, 0.25, 0.5)
        assert 1e-5 <= found["lr"] <= 1e-1
        assert found["sizes"] in ([1], [2, 2], None)
        seen.append(math.log10(found["lr"]))
        searcher.on_trial_complete(str(number), {"score": -abs(math.log10(found["lr"]) + 4)})
    assert abs(np.median(seen[12:]) + 4) < 0.5
    for bad in (
        {"a": tune.randn(0, 1)},
        {"a": tune.sample_from(lambda spec: 1)},
        {"a": tune.qloguniform(0.1, 10, 0.1)},
        {"a": tune.grid_search([1, 2])},
        {"a": 1},
    ):
        with pytest.raises(ValueError):
            BayesSearch(bad, metric="score", mode="max")


@pytest.mark.slow
def test_inside_ray_tune(ray_running, tmp_path):
    from ray import tune

    tuner = tune.Tuner(
        lambda config: {"loss": branin(config["inner"])},
        param_space={"inner": {"x": tune.uniform(-5, 10), "y": tune.uniform(0, 15)}, "other": 1},
        tune_config=tune.TuneConfig(
            metric="loss",
            mode="min",
            num_samples=8,
            search_alg=BayesSearch(seed=2),
            max_concurrent_trials=1,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(name="bayes", storage_path=str(tmp_path), verbose=0),
    )
    results = tuner.fit()
    assert not results.errors
    assert len({str(result.config) for result in results}) == 8
    searcher = BayesSearch()
    searcher.restore_from_dir(str(tmp_path / "bayes"))
    assert len(searcher.finished) == 8
    assert not searcher.pending
