"""interplay: how two hyperparameters of a neural network interact, shown honestly and fast.

study = interplay.Study.load("studies/digits.toml")
results = interplay.run(study)
results.heatmap(x="hidden_size", y="dropout")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interplay.data.dataset import Dataset
    from interplay.errors import InterplayError
    from interplay.results.importing import import_source
    from interplay.results.results import Results
    from interplay.study.study import Study
    from interplay.tracking.attach import run
    from interplay.tuning.anew import convert
    from interplay.tuning.search.zoom import propose_zoom
    from interplay.winner.door import export_model, retrain
    from interplay.winner.load import load_model

__version__ = "0.1.0"
__all__ = [
    "Dataset",
    "InterplayError",
    "Results",
    "Study",
    "convert",
    "export_model",
    "import_source",
    "load_model",
    "propose_zoom",
    "retrain",
    "run",
]

_HOMES = {
    "Dataset": "interplay.data.dataset",
    "InterplayError": "interplay.errors",
    "Results": "interplay.results.results",
    "Study": "interplay.study.study",
    "convert": "interplay.tuning.anew",
    "export_model": "interplay.winner.door",
    "import_source": "interplay.results.importing",
    "load_model": "interplay.winner.load",
    "propose_zoom": "interplay.tuning.search.zoom",
    "retrain": "interplay.winner.door",
    "run": "interplay.tracking.attach",
}


def __getattr__(name: str) -> Any:
    # Loaded when asked for, so that `interplay --help` need not wait for numpy, torch or ray.
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'interplay' has no attribute {name!r}")
