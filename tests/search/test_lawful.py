"""Guides over what is drawn by laws of probability, and by probabilities."""

import numpy as np
import pandas as pd
import pytest

from interplay.analysis.importance import to_unit
from interplay.analysis.region import levels_around
from interplay.results.sources.run import with_absent
from interplay.search.bayes.space import UnitSpace
from interplay.search.guide import Task, make_guide
from interplay.space.domains import Choice, Constant, Law, within
from interplay.space.space import Space
from interplay.study.study import Study
from interplay.tuning.search.zoom import propose_zoom
from tests.search.guiding import guided
from tests.search.test_zoom import DIGITS, digits_worth, scanned

LAWS = {
    "model.rate": Law("beta", (2.0, 5.0)),
    "model.units": Law("loguniform", (4.0, 256.0), 4),
    "model.noise": Law("normal", (0.0, 0.2)),
    "model.decay": Law("lognormal", (-6.0, 2.0)),
    "model.keep": Law("reversed_loguniform", (1e-3, 0.5, 1.0)),
    "model.steps": Law("normal", (10.0, 3.0), 1),
    "model.norm": Choice(("batch", "layer", "none"), (0.8, 0.15, 0.05)),
    "model.width": Choice((16, 4, 8), (0.1, 0.6, 0.3)),
}
SPACE = Space(LAWS)
GUIDED = ("bayes", "hyperopt", "optuna")


def score(cell):
    return -abs(cell["model.noise"] - 0.1) - abs(cell["model.units"] - 32) / 100


@pytest.mark.parametrize("method", GUIDED)
def test_a_search_suggests_what_can_be_drawn_and_goes_on_from_it(method):
    cells = guided(method, SPACE, score, 14 if method == "bayes" else 26)
    for cell in cells:
        assert all(within(domain, cell[name]) for name, domain in LAWS.items()), cell
        assert (type(cell["model.units"]), type(cell["model.steps"])) == (int, int)
    assert len({cell["model.norm"] for cell in cells}) > 1
    again = guided(method, SPACE, score, 14, cells[:11])
    for one, other in zip(again, cells, strict=False):
        numbers = [name for name, domain in LAWS.items() if isinstance(domain, Law)]
        assert [one[n] for n in numbers] == pytest.approx([other[n] for n in numbers], rel=1e-9)
        assert one["model.norm"] == other["model.norm"]


@pytest.mark.parametrize(
    ("method", "options"), [("hyperopt", {}), ("optuna", {"sampler": "random"}), ("bayes", {})]
)
def test_first_suggestions_are_as_probable_as_draws(method, options):
    """Before anything is told, a searcher draws by the laws."""
    cells = []
    for seed in range(60):
        guide = make_guide(method, Task(SPACE, "max", seed=seed), options)
        cells.append(guide.suggest(0))
    for name, domain in LAWS.items():
        if isinstance(domain, Law):
            below = np.mean([cell[name] < domain.middle() for cell in cells])
            assert 0.2 < below < 0.8, (name, below)
    assert 38 < sum(cell["model.norm"] == "batch" for cell in cells) < 58
    assert 24 < sum(cell["model.width"] == 4 for cell in cells) < 48


def test_rows_that_round_to_one_value_are_one_cell():
    unit = UnitSpace({name: LAWS[name] for name in ("model.units", "model.norm", "model.width")})
    rows = np.random.default_rng(0).random((300, 3))
    cells = [tuple(unit.cell(row).values()) for row in rows]
    columns = [tuple(row) for row in unit.columns(rows)]
    assert len(set(cells)) == len(set(columns)) < 300
    assert len(set(zip(cells, columns, strict=True))) == len(set(cells))
    for row in rows[:50]:
        cell = unit.cell(row)
        assert unit.cell(unit.row(cell)) == cell
    shares = [cell[1] for cell in cells].count("batch") / 300
    assert 0.7 < shares < 0.9


def test_places_of_draws_are_even():
    """What importances are computed from."""
    generator = np.random.default_rng(0)
    for domain in LAWS.values():
        if isinstance(domain, Law):
            places = to_unit(domain, [domain.draw(generator) for _ in range(500)])
            assert 0 <= places.min() <= places.max() <= 1
            assert places.mean() == pytest.approx(0.5, abs=0.1)


def test_levels_of_a_zoom_lie_around_the_good_values():
    assert levels_around(LAWS["model.steps"], [9, 10, 12], [9, 10, 12], 5) == [8, 9, 10, 12, 13]
    units = levels_around(LAWS["model.units"], [32, 48], [32, 48], 5)
    assert all(level % 4 == 0 and type(level) is int for level in units)
    assert units[0] < 32 < 48 < units[-1] <= 256
    noise = levels_around(LAWS["model.noise"], [0.1, 0.15], [0.1], 5)
    assert noise[0] < 0.1 < 0.15 < noise[-1] < 0.5
    assert len(noise) == 5
    keep = levels_around(LAWS["model.keep"], [0.999], [0.999], 3)
    assert all(within(LAWS["model.keep"], level) for level in keep)
    assert keep[-1] == 0.999
    few = Law("uniform", (0.0, 1.0), 1)
    assert levels_around(few, [1, 1], [1], 5) == [0, 1]


def test_a_scan_of_laws_is_followed_by_a_grid_around_the_best(tmp_path):
    laws = {
        "dropout": {"distribution": "beta", "a": 2.0, "b": 9.0},
        "hidden_size": {"low": 4, "high": 256, "distribution": "loguniform", "q": 4},
        "norm": {"values": ["none", "batch"], "probabilities": [0.7, 0.3]},
        "num_layers": 2,
    }
    study = Study(**{**DIGITS, "model": {"name": "linear", **laws}})
    results = scanned(tmp_path, study, digits_worth)
    zoom = Study.load(propose_zoom(results, study, tmp_path))
    assert set(zoom.space.varied) == {"optimizer.lr", "model.hidden_size"}
    sizes = zoom.space.domains["model.hidden_size"].values
    assert all(type(size) is int and size % 4 == 0 for size in sizes)
    assert len(sizes) > 2
    best = zoom.space.domains["model.dropout"]
    assert isinstance(best, Constant)
    assert 0 < best.value < 0.8


def test_whole_draws_stay_whole_where_some_cells_have_none():
    space = Space(
        {"model.kind": Choice(("a", "b")), **LAWS}, {"model.units": {"model.kind": ("a",)}}
    )
    frame = pd.DataFrame({"model.kind": ["a", "b"], "model.units": [8, 64]})
    column = with_absent(frame, {"space": space.to_json()})["model.units"]
    assert column.dtype == "Int64"
    assert (column[0], column.isna().tolist()) == (8, [False, True])
