"""One small real run for all tests of the page."""

import pytest

import interplay
from interplay.results.results import Results
from interplay.study.study import Study


@pytest.fixture(scope="session")
def finished(ray_running, tmp_path_factory):
    """A digits study of 3 × 3 cells and 3 seeds, trained for real."""
    study = Study(
        name="small",
        epochs=2,
        seeds=3,
        data={"name": "digits", "batch_size": 128},
        model={"name": "linear", "hidden_size": [4, 16, 64], "dropout": [0.0, 0.3, 0.6]},
    )
    folder = tmp_path_factory.mktemp("finished") / "run"
    interplay.run(study, out=folder)
    return Results.load(folder)
