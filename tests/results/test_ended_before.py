"""Trials that ended before a budget, in tables that do not say how any ended."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from interplay.results.question import Question
from interplay.results.results import Results

ASHA = [
    (0.1, 8, 20, 0.9),
    (0.1, 16, 20, 0.8),
    (0.2, 8, 20, 0.7),
    (0.2, 16, 5, 0.4),
    (0.4, 8, 1, 0.3),
]


def table(rows, **more):
    names = ["config/lr", "config/width", "training_iteration", "accuracy"]
    return pd.DataFrame(rows, columns=names).assign(**more)


def cells(frame, at=20, **options):
    asked = Question("lr", "width", "accuracy", where={"training_iteration": at}, **options)
    return Results.from_frame(frame).cells(asked)


def told(found):
    return [text for text in found.warnings if "not trained to" in text]


def test_they_are_no_holes():
    found = cells(table([*ASHA, (0.4, 16, 20, 0.6)]))
    assert found.stopped.tolist() == [[0, 0, 1], [0, 1, 0]]
    assert found.n.tolist() == [[1, 1, 0], [1, 0, 1]]
    assert np.isnan(found.mean[0, 2])
    [text] = told(found)
    assert text == (
        "2 rows were not trained to training_iteration = 20 (whether a scheduler chose by their results "
        "is not on record): left out, which leaves 2 cells empty: (0.4, 8), (0.2, 16)"
    )


def test_seeds_are_trainings_of_their_own():
    rows = [(lr, width, 20, 0.5) for lr in (0.1, 0.2) for width in (8, 16) for _ in (0, 1)]
    frame = table(rows, **{"config/seed": [0, 1] * 4})
    frame.loc[3, "training_iteration"] = 4
    found = cells(frame)
    assert (found.n.tolist(), found.stopped.tolist()) == ([[2, 2], [1, 2]], [[0, 0], [1, 0]])
    [text] = told(found)
    assert "1 row was not trained to" in text
    assert "empty" not in text


@pytest.mark.parametrize("at", [5, 20])
def test_settings_that_were_trained_for_several_budgets_ended_before_none(at):
    rows = [(lr, width, n, n / 40) for lr in (0.1, 0.2) for width in (8, 16) for n in (5, 20)]
    found = cells(table(rows), at)
    assert (found.stopped.sum(), told(found)) == (0, [])


def test_a_log_tells_a_trial_once():
    rows = [(*row[:2], n, row[3]) for row in ASHA for n in range(1, row[2] + 1)]
    found = cells(table(rows))
    assert found.stopped.sum() == 2
    assert cells(table(rows), at=1).stopped.sum() == 0
    assert cells(table(rows), at=5).stopped.tolist() == [[0, 0, 1], [0, 0, 0]]


def test_one_that_diverged_was_not_stopped():
    frame = table(ASHA)
    frame.loc[3, "accuracy"] = np.nan
    found = cells(frame)
    assert found.stopped.sum() == 1


def test_a_table_that_says_how_they_ended_is_believed():
    frame = table(ASHA, status=["done", "done", "done", "failed", "stopped"])
    found = cells(frame)
    assert not told(found)
    assert found.stopped.sum() == 1


@pytest.mark.parametrize("at", [20, "20"])
def test_what_broke_off_before_is_drawn_as_what_it_is(at):
    words = ["done", "done", "done", "diverged", "failed"]
    found = cells(table(ASHA, status=words), at)
    assert found.diverged.tolist() == [[0, 0, 0], [0, 1, 0]]
    assert found.failed.tolist() == [[0, 0, 1], [0, 0, 0]]
    frame = table(ASHA, status=["done", "done", "done", "running", "stopped"])
    frame.loc[3, "training_iteration"] = np.nan
    found = cells(frame, at)
    assert (found.unfinished[1, 1], found.stopped[0, 2]) == (1, 1)


def test_one_that_diverged_before_is_there_where_nothing_says_how_it_ended():
    frame = table(ASHA)
    frame.loc[3, "accuracy"] = np.inf
    found = cells(frame)
    assert found.diverged.tolist() == [[0, 0, 0], [0, 1, 0]]
    assert found.stopped.tolist() == [[0, 0, 1], [0, 0, 0]]


def test_at_an_epoch_too():
    results = Results.from_frame(table(ASHA))
    curves = pd.DataFrame(
        [
            (member, epoch, row[3] * epoch / row[2])
            for member, row in enumerate(ASHA)
            for epoch in range(1, row[2] + 1)
        ],
        columns=["member", "epoch", "accuracy"],
    )
    results = Results(replace(results.table, read_curves=lambda: curves))
    found = results.cells(Question("lr", "width", "accuracy", at_epoch=4))
    assert found.n.tolist() == [[1, 1, 0], [1, 1, 0]]
    assert found.stopped.tolist() == [[0, 0, 1], [0, 0, 0]]
    [text] = [text for text in found.warnings if "not trained to" in text]
    assert text.startswith("1 row was not trained to epoch = 4 (whether")
