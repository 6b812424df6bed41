"""A table with one exploded value: it hides neither colours nor ties, and is no tie itself."""

import numpy as np
import pytest

from interplay.results.question import Question
from interplay.results.results import Results
from tests.results.test_foreign import CASES


@pytest.mark.parametrize("seed", ["seed", None])
def test_one_exploded_cell_hides_nothing(seed):
    results = Results.load(CASES / "one_exploded.csv")
    question = Question("lr", "model", "val_loss", mode="min", seed=seed)
    cells, found = results.cells(question), results.analyse(question)
    at = {(found.x.values[x], found.y.values[y]) for y, x in np.argwhere(found.ridge.tied).tolist()}
    assert (cells.x.values[cells.best[1]], cells.y.values[cells.best[0]]) == (0.01, "a")
    # 0.290 ± 0.018 and 0.296 ± 0.022 beside 0.277 ± 0.014; not 0.465 ± 0.021, and not 7.85.
    assert {(0.01, "a"), (0.01, "c")} <= at <= {(0.01, "a"), (0.01, "c"), (0.001, "a")}
    assert {row.x: row.keep for row in found.ridge.rows}[0.1] == ("a",)
    assert "one_cell_residual" in {caution.code for caution in found.cautions}
