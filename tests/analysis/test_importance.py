"""What matters in a scan: planted importances, equal epochs, levels around what did well."""

import numpy as np
import pandas as pd
import pytest

from interplay.analysis.importance import (
    _decompose,
    best_cells,
    compare_cells,
    importances,
    to_unit,
)
from interplay.analysis.region import levels_around
from interplay.space.domains import Choice, Float, Int

DOMAINS = {
    "optimizer.lr": Float(1e-4, 1e-1, log=True),
    "model.width": Int(4, 256, log=True),
    "model.norm": Choice(("none", "batch", "layer")),
    "model.dropout": Float(0.0, 0.8),
    "model.sizes": Choice(([8], [8, 16], [4, 4])),
    "model.skip": Choice((True, False)),
}


def drawn(n=60, seed=0):
    generator = np.random.default_rng(seed)
    cells = {k: [d.draw(generator) for _ in range(n)] for k, d in DOMAINS.items()}
    cells["model.sizes"] = [str(value) for value in cells["model.sizes"]]  # as in the table
    return pd.DataFrame(cells)


def planted(cells, noise=0.05, seed=0):
    lr, width, norm = (
        to_unit(DOMAINS[k], list(cells[k])) for k in ("optimizer.lr", "model.width", "model.norm")
    )
    worth = -10 * (lr - 0.5) ** 2 + 2.5 * width * (norm < 0.4)
    return worth + noise * np.random.default_rng(seed).normal(size=len(cells))


def ranked(cells, worth):
    return cells.assign(rank=pd.Series(worth).rank() / len(cells))


@pytest.mark.parametrize("seed", range(4))
def test_what_was_planted_is_found(seed):
    cells = drawn(seed=seed)
    found = importances(ranked(cells, planted(cells, seed=seed)), DOMAINS)
    assert set(found.table["name"][:3]) == {"optimizer.lr", "model.width", "model.norm"}
    assert found.foreseen > 0.1
    assert found.table["share"].sum() <= 1 + 1e-9


def test_the_same_cells_give_the_same_numbers():
    cells = drawn()
    first, second = (importances(ranked(cells, planted(cells)), DOMAINS) for _ in range(2))
    pd.testing.assert_frame_equal(first.table, second.table)


@pytest.mark.parametrize("seed", range(3))
def test_permuting_what_does_not_matter_changes_nothing(seed):
    cells = drawn()
    worth = planted(cells)
    before = importances(ranked(cells, worth), DOMAINS).table
    for name in ("model.dropout", "model.sizes", "model.skip"):
        mixed = cells.assign(**{name: list(cells[name].sample(frac=1, random_state=seed))})
        after = importances(ranked(mixed, worth), DOMAINS).table
        assert list(after["name"][:3]) == list(before["name"][:3])
        shares = [t.set_index("name")["share"][list(DOMAINS)] for t in (before, after)]
        np.testing.assert_allclose(shares[0], shares[1], atol=0.08)


def test_scores_of_chance_are_said_to_be_so():
    cells = drawn()
    chance = importances(ranked(cells, np.random.default_rng(1).random(60)), DOMAINS)
    assert chance.foreseen < 0.1


def test_the_decomposition_of_known_functions():
    # A quadrant each: exclusive or has no main effect, a sum has no interaction.
    low = np.array([[0, 0], [0.5, 0], [0, 0.5], [0.5, 0.5]])
    alone, pairs = _decompose(low, low + 0.5, np.array([0.0, 1.0, 1.0, 0.0]))
    np.testing.assert_allclose(alone, [0, 0], atol=1e-12)
    np.testing.assert_allclose(pairs, [[0, 1], [1, 0]], atol=1e-12)
    alone, pairs = _decompose(low, low + 0.5, np.array([0.0, 3.0, 1.0, 4.0]))
    np.testing.assert_allclose(alone, [0.9, 0.1])
    np.testing.assert_allclose(pairs, 0, atol=1e-12)
    # Boxes of unequal size: half is 0, the other half cut unevenly.
    low = np.array([[0, 0], [0.5, 0], [0.5, 0.25]])
    high = np.array([[0.5, 1], [1, 0.25], [1, 1]])
    value = np.array([0.0, 1.0, 2.0])
    alone, pairs = _decompose(low, high, value)
    x, y = np.meshgrid((np.arange(400) + 0.5) / 400, (np.arange(400) + 0.5) / 400)
    f = np.where(x < 0.5, 0.0, np.where(y < 0.25, 1.0, 2.0))
    np.testing.assert_allclose(alone, [f.mean(axis=a).var() / f.var() for a in (0, 1)])
    assert alone.sum() + pairs[0, 1] == pytest.approx(1)
    assert _decompose(low, high, np.ones(3)) is None


def scan(reached, score, status=None, seeds=1):
    """A scan's two tables: `score(cell, epoch)` of cells that ran `reached` epochs of 9."""
    rows, curves = [], []
    for cell, far in enumerate(reached):
        for seed in range(seeds):
            said = (status or {}).get(cell, "complete" if far == 9 else "stopped")
            rows.append({"x": cell, "seed": seed, "status": said, "epochs_run": far})
            curves += [
                {"member": len(rows) - 1, "epoch": e + 1, "m": score(cell, e + 1)}
                for e in range(far)
            ]
    return pd.DataFrame(rows), pd.DataFrame(curves)


def test_cells_are_compared_at_the_last_epoch_that_half_of_them_reached():
    reached = [1] * 8 + [3] * 8 + [9] * 4
    frame, curves = scan(reached, lambda cell, epoch: cell + epoch)
    found = compare_cells(frame, curves, ["x"], "m", "max")
    assert found.epoch == 3
    assert list(found.cells["at"][8:]) == [cell + 3 for cell in range(8, 20)]
    assert found.cells["at"][:8].isna().all()
    # At least 8, also where half is fewer.
    frame, curves = scan([1, 2, 2, 2, 3, 3, 9, 9, 9], lambda cell, epoch: cell)
    assert compare_cells(frame, curves, ["x"], "m", "max").epoch == 2


def test_no_score_of_one_epoch_is_compared_with_one_of_another():
    # Cells stopped early scored higher at their epoch than any later: they rank below all the same.
    reached = [1] * 4 + [2] * 4 + [9] * 8
    frame, curves = scan(reached, lambda cell, epoch: 100 / epoch + cell % 4)
    cells = compare_cells(frame, curves, ["x"], "m", "max").cells
    assert cells["rank"][:4].max() < cells["rank"][4:8].min()
    assert cells["rank"][4:8].max() < cells["rank"][8:].min()
    assert (np.diff(cells["rank"][:4]) > 0).all()


def test_unstable_cells_rank_last_and_failed_ones_are_left_out():
    frame, curves = scan([9] * 12, lambda cell, epoch: cell, {11: "diverged", 10: "failed"})
    found = compare_cells(frame, curves, ["x"], "m", "max").cells.set_index("x")
    assert 10 not in found.index
    assert found["rank"].idxmin() == 11
    assert found["rank"].idxmax() == 9


def test_the_best_quarter_does_not_hold_a_bad_cell_that_was_only_early():
    # The first two of a scan have nothing to be stopped by.
    reached = [9, 9] + [1] * 10 + [3] * 5 + [9] * 3
    frame, curves = scan(reached, lambda cell, epoch: cell + epoch / 10)
    found = compare_cells(frame, curves, ["x"], "m", "max")
    assert list(best_cells(found, "max")["x"]) == [19, 18, 17, 16, 15]


@pytest.mark.parametrize("cells", [0, 5, 7])
def test_few_cells_say_nothing(cells):
    frame, curves = scan([9] * cells, lambda cell, epoch: cell)
    assert compare_cells(frame, curves, ["x"], "m", "max") is None


def test_levels_of_floats_cover_the_good_values_and_a_step_more():
    assert levels_around(Float(0, 1), [0.4, 0.6], [], 5) == [0.35, 0.425, 0.5, 0.575, 0.65]
    found = levels_around(Float(1e-5, 1.0, log=True), [1e-3, 1e-2, 3e-3], [], 5)
    assert found == pytest.approx([5.62e-4, 1.33e-3, 3.16e-3, 7.5e-3, 1.78e-2])
    assert np.ptp(np.diff(np.log(found))) < 0.01
    # Never out of the domain, and evenly from where it ends.
    assert levels_around(Float(0, 1), [0.0, 0.4], [], 5) == [0.0, 0.125, 0.25, 0.375, 0.5]


def test_levels_of_close_values_still_differ():
    found = levels_around(Float(0, 1), [0.123456, 0.123457], [], 5)
    assert len(set(found)) == 5
    assert found[0] < 0.1234 < found[-1]
    assert levels_around(Float(1000, 1001), [1000.4321], [], 3) == [1000.38, 1000.43, 1000.48]


def test_levels_of_whole_numbers_are_whole_and_distinct():
    assert levels_around(Int(1, 4), [2], [], 5) == [1, 2, 3]
    assert levels_around(Int(1, 4), [1, 4], [], 5) == [1, 2, 3, 4]
    found = levels_around(Int(4, 512, log=True), [16, 128], [], 5)
    assert found == sorted(set(found))
    assert len(found) == 5
    assert all(isinstance(value, int) for value in found)
    assert found[0] < 16
    assert found[-1] > 128


def test_levels_of_a_grid_are_its_own():
    grid = Float(0.0, 0.8, count=5)
    assert levels_around(grid, [0.2], [], 5) == [0.0, 0.2, 0.4]
    assert levels_around(Int(0, 100, step=10), [0, 100], [], 3) == [0, 50, 100]


def test_levels_of_choices_are_those_among_the_best():
    domain = Choice(("a", "b", "c", "d", "e", "f", "g"))
    assert levels_around(domain, ["d", "b", "d"], [], 5) == ["b", "d"]
    assert levels_around(domain, ["d"], ["d", "f", "a"], 5) == ["d", "f"]
    assert len(levels_around(domain, list("abcdefg"), [], 5)) == 5
    assert levels_around(DOMAINS["model.sizes"], ["[8, 16]", "[4, 4]"], [], 5) == [[8, 16], [4, 4]]
    assert levels_around(DOMAINS["model.skip"], [np.bool_(False)], [np.bool_(False)], 5) == [
        True,
        False,
    ]
