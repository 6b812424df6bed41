"""How sure a test score is: against scipy, and in simulations whose truth is known."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from interplay.training.metrics import evaluate_members
from interplay.winner.intervals import scores
from interplay.winner.reweighed import Reweighed
from tests.examples import examples


def outputs_of(right):
    """Outputs for two classes and targets of 0: `right` (seeds, rows) says which are said rightly."""
    return torch.tensor(np.stack([right, ~right], axis=-1).astype(np.float32))


def test_over_seeds_it_is_t():
    right = np.random.default_rng(0).random((5, 40)) < 0.8
    found = scores(outputs_of(right), torch.zeros(40, dtype=torch.int64), "classification")
    each = right.mean(axis=1)
    expected = stats.t.interval(0.95, 4, each.mean(), stats.sem(each))
    score = found["accuracy"]
    assert (score.seeds_low, score.seeds_high) == pytest.approx(expected, abs=1e-6)
    assert score.each == pytest.approx(each)
    assert "test_loss" in found
    assert "valid_loss" not in found


def test_one_seed_has_the_rows_alone():
    right = np.random.default_rng(1).random((1, 400)) < 0.8
    found = scores(outputs_of(right), torch.zeros(400, dtype=torch.int64), "classification")
    score = found["accuracy"]
    assert (score.sd, score.seeds_low) == (None, None)
    p = right.mean()
    wide = 1.96 * np.sqrt(p * (1 - p) / 400)
    assert (score.low, score.high) == pytest.approx((p - wide, p + wide), abs=0.01)


def test_rows_and_seeds_together_hold_the_truth(monkeypatch):
    """Models of accuracy around 0.8, tested on rows of which some are harder: the interval holds
    what new seeds and rows would give, where that over seeds alone does not."""
    from interplay.winner import intervals

    monkeypatch.setattr(intervals, "DRAWS", 100)
    held = alone = 0
    generator = np.random.default_rng(2)
    for _ in range(30):
        of_row = np.clip(generator.normal(0.8, 0.3, 60), 0, 1)
        of_seed = generator.normal(0, 0.02, 8)
        right = generator.random((8, 60)) < np.clip(of_row + of_seed[:, None], 0, 1)
        score = scores(outputs_of(right), torch.zeros(60, dtype=torch.int64), "classification")[
            "accuracy"
        ]
        truth = np.clip(np.random.default_rng(3).normal(0.8, 0.3, 10**5), 0, 1).mean()
        held += score.low <= truth <= score.high
        alone += score.seeds_low <= truth <= score.seeds_high
    assert held >= 25
    assert alone < held


def test_rows_of_a_group_are_drawn_together():
    """Rows of one person that are all right or all wrong say as much as one row."""
    right = np.repeat(np.random.default_rng(4).random((1, 20)) < 0.7, 30, axis=1)
    targets = torch.zeros(600, dtype=torch.int64)
    groups = np.repeat(np.arange(20), 30)
    rows = scores(outputs_of(right), targets, "classification")["accuracy"]
    people = scores(outputs_of(right), targets, "classification", groups)["accuracy"]
    assert people.high - people.low > 3 * (rows.high - rows.low)


def test_a_combination_is_tested_under_its_name():
    right = np.random.default_rng(5).random((3, 40)) < 0.8
    found = scores(
        outputs_of(right), torch.zeros(40, dtype=torch.int64), "classification",
        metric="harmonic(accuracy, 1/valid_loss)",
    )  # fmt: skip
    accuracy, loss = (np.array(found[name].each) for name in ("accuracy", "test_loss"))
    score = found["harmonic(accuracy, 1/test_loss)"]
    assert score.each == pytest.approx(2 / (1 / accuracy + loss))
    assert score.low < score.mean < score.high


def test_a_combination_of_what_a_test_does_not_have_is_left_out():
    right = np.ones((2, 9), dtype=bool)
    found = scores(
        outputs_of(right), torch.zeros(9, dtype=torch.int64), "classification",
        metric="min(accuracy, 1/train_loss)",
    )  # fmt: skip
    assert set(found) == {"test_loss", "accuracy", "f1"}


@given(st.integers(0, 10**6), st.sampled_from(["classification", "regression"]))
@examples(30)
def test_rows_that_count_more_are_rows_drawn_again(rng, task):
    generator = np.random.default_rng(rng)
    rows, models, k = 12, 3, 4
    outputs = torch.tensor(generator.normal(size=(models, rows, k)))
    classes = torch.tensor(generator.integers(k - 1, size=rows))
    targets = (
        classes if task == "classification" else torch.tensor(generator.normal(size=(rows, k)))
    )
    draws = generator.integers(rows, size=(5, rows))
    counts = np.stack([np.bincount(draw, minlength=rows) for draw in draws], axis=1)
    found = Reweighed(outputs, targets, task)(counts.astype(float))
    for number, draw in enumerate(draws):
        again = evaluate_members(outputs[:, draw], targets[draw], task)
        assert found.keys() == again.keys()
        for name, values in again.items():
            assert found[name][:, number] == pytest.approx(values.numpy(), abs=1e-9), name


def test_many_rows_take_no_minutes():
    """As many as of Fashion-MNIST, ten classes, five seeds: by what each row adds, not row by row."""
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(5, 10_000, 10, generator=generator)
    targets = torch.randint(10, (10_000,), generator=generator)
    score = scores(outputs, targets, "classification")["accuracy"]
    assert score.low < 0.1 < score.high
