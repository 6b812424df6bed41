"""What the chosen cell's models say of validation rows, and what the picture says of that."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from interplay.plots.predictions import Confusion, Errors, draw_confusion, draw_errors
from interplay.table.ledger import Ledger
from interplay.tuning.plan import make_plan
from interplay.winner.shown import said_of_valid
from tests.plots.pictures import words

ONE = {"num_layers": 1, "hidden_size": 8, "dropout": 0.0}


@pytest.mark.parametrize(("folds", "each"), [(None, "each by 2 of 2"), (3, "each by 2 of 6")])
def test_a_row_is_counted_by_the_trainings_that_had_it(make_study, quiet_run, folds, each):
    study = make_study(epochs=1, seeds=2, folds=folds, model=ONE, best={"keep": "all"})
    outcome = quiet_run(study)
    plan = make_plan(study)
    found = said_of_valid(plan, plan.members, Ledger(outcome.folder).weights)
    assert isinstance(found, Confusion)
    assert found.trainings == len(plan.members)
    assert found.counts.sum() == 2 * found.rows
    right = found.counts.trace() / found.counts.sum()
    assert right == pytest.approx(outcome.results.frame["accuracy"].mean(), abs=0.002)
    ax = draw_confusion(found)
    assert f"{found.rows} rows, {each} trainings" in words(ax)
    plt.close(ax.figure)


def test_residuals_are_over_the_trainings_that_had_the_row():
    """Two folds of two seeds: each row is told twice of four times."""
    said = np.full((4, 6), np.nan)
    said[:2, :3], said[2:, 3:] = 1.0, 2.0
    ax = draw_errors(Errors(np.zeros(6), said))
    assert "over 2 of 4 trainings" in words(ax)
    plt.close(ax.figure)
