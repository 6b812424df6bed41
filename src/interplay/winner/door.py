"""What a choice from a run leads to, as Python and the verb `best` ask for it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from interplay.errors import InterplayError
from interplay.winner import retrain as trained_again
from interplay.winner.chosen import Chosen
from interplay.winner.hand import hand_over

if TYPE_CHECKING:
    from interplay.results.choosing import Choice
    from interplay.results.results import Results
    from interplay.winner.retrain import Retrained


def retrain(results: Results, choice: Choice, *, progress: bool = True) -> Retrained:
    """Train a run's choice on its train and validation rows together, and test it once.

    Over the study's seeds and as long as in the study; see `winner.retrain.retrain`. The run
    remembers that its test rows were looked at. What was trained before is not trained again.

    Args:
        results: of a run; what the choice was made from.
        choice: as `Results.best` gives it.
        progress: show a progress bar on stderr.

    Returns:
        The test: `scores["accuracy"]` has mean, sd and both intervals, `looks` the earlier looks.

    Raises:
        InterplayError: it is no run of ours, there is no test part, or a training failed.
    """
    return trained_again.retrain(Chosen.of(choice, results), progress=progress)


def export_model(
    results: Results, choice: Choice, folder: str | Path, tested: Retrained | None = None
) -> list[Path]:
    """Write a run's choice as a folder that stands alone, which `load_model` reads.

    The model of the first seed: the retrained one, or the study's own. Its card has the run's
    heatmap where one can be drawn.

    Args:
        results: of a run; what the choice was made from.
        choice: as `Results.best` gives it.
        folder: where to; an export of before is replaced, anything else is not.
        tested: what `retrain` gave; None: the study's own model.

    Returns:
        What was written.

    Raises:
        InterplayError: it is no run of ours, the folder holds anything else, or there is no model
            to be had.
    """
    chosen = Chosen.of(choice, results)
    with TemporaryDirectory(prefix="ip-") as place:
        picture = _heatmap(results, choice, Path(place))
        return hand_over(chosen, Path(folder), tested, picture=picture)


def _heatmap(results: Results, choice: Choice, place: Path) -> Path | None:
    """The run's heatmap as a file; None where none can be drawn."""
    import matplotlib.pyplot as plt

    from interplay.plots.canvas import root_of
    from interplay.table.folder import HEATMAP_FILE

    try:
        ax = results.heatmap(metric=choice.metric, mode=choice.mode)
    except InterplayError:
        return None  # other hyperparameters vary, or nothing does
    figure, file = root_of(ax), place / HEATMAP_FILE
    figure.savefig(file, dpi=150)
    plt.close(figure)
    return file
