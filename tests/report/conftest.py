"""One small real run for all tests of the page."""

import shutil

import pytest

from interplay.report import build, figures
from interplay.results.results import Results
from interplay.study.study import Study
from interplay.tuning.execute import execute
from tests.tuning.fake import InProcess


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """A digits study of 3 × 3 cells and 3 seeds, trained for real, in this process."""
    study = Study(
        name="small",
        epochs=2,
        seeds=3,
        data={"name": "digits", "batch_size": 128},
        model={"name": "linear", "hidden_size": [4, 16, 64], "dropout": [0.0, 0.3, 0.6]},
    )
    folder = tmp_path_factory.mktemp("finished") / "run"
    execute(study, folder, progress=False, session=InProcess())
    return folder


@pytest.fixture(scope="session")
def finished(finished_run):
    return Results.load(finished_run)


@pytest.fixture(scope="session")
def _drawn(tmp_path_factory):
    """Figures that were drawn in these tests, by their numbers and their size."""
    return {}, tmp_path_factory.mktemp("drawn")


@pytest.fixture(autouse=True)
def _figures_once(monkeypatch, _drawn):
    """Most tests are of words: the same figures of the same size are drawn for the first only."""
    known, place = _drawn

    def draw(cells, found, folder, room):
        height = figures._size(cells, figures.HEATMAP, room)[1]
        key = cells.x, cells.y, cells.metric, cells.mean.tobytes(), height
        if key not in known:
            known[key] = place / str(len(known))
            known[key].mkdir()
            figures.draw_figures(cells, found, known[key], room)
        shutil.copytree(known[key], folder, dirs_exist_ok=True)

    monkeypatch.setattr(build, "draw_figures", draw)
