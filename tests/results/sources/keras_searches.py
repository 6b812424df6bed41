"""`python -m … FOLDER`: searches of Keras Tuner's own, of a tiny network on torch.

In FOLDER are the projects `grid` and `halved`; in `NAME.json` what Keras Tuner's API says of the trials of
each, by their names, and of those of the grid the histories that Keras gave.
"""

import gc
import json
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import keras_tuner
import numpy as np

# Between trainings Keras collects what is no longer used: not among all that was imported.
gc.freeze()
EPOCHS = 2


def build(hp):
    units, act = hp.Choice("units", [2, 4, 6]), hp.Choice("act", ["tanh", "relu"])
    with hp.conditional_scope("act", ["relu"]):
        slope = hp.Fixed("slope", 0.1) if act == "relu" else 0.0
    if (units, act) == (4, "tanh"):
        raise keras_tuner.errors.FailedTrialError("no such network")
    layers = [keras.layers.Dense(units), keras.layers.LeakyReLU(negative_slope=slope)]
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    rate = 1e30 if (units, act) == (6, "tanh") else hp.Fixed("lr", 0.01)
    model.compile(keras.optimizers.SGD(rate), loss="mse", metrics=["mae"], run_eagerly=True)
    return model


class Grid(keras_tuner.GridSearch):
    """Keeps the histories that Keras gave of each trial."""

    kept = {}

    def run_trial(self, trial, *args, **options):
        histories = super().run_trial(trial, *args, **options)
        self.kept[trial.trial_id] = [history.history for history in histories]
        return histories


def search(tuner):
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    y = x.sum(1, keepdims=True)
    tuner.search(x, y, validation_data=(x, y), epochs=EPOCHS, verbose=0)
    told = {
        name: {
            "values": trial.hyperparameters.values,
            "status": trial.status,
            "score": trial.score,
            "step": trial.best_step,
            "metrics": {
                metric: [(seen.step, seen.value) for seen in trial.metrics.get_history(metric)]
                for metric in trial.metrics.metrics
            },
            "histories": getattr(tuner, "kept", {}).get(name),
        }
        for name, trial in tuner.oracle.trials.items()
    }
    file = Path(tuner.directory, f"{tuner.project_name}.json")
    file.write_text(json.dumps(told), encoding="utf-8")


def main(folder):
    keras.utils.set_random_seed(0)
    own = {"objective": "val_loss", "directory": folder, "seed": 0}
    search(Grid(build, executions_per_trial=2, project_name="grid", **own))
    search(keras_tuner.Hyperband(build, max_epochs=EPOCHS, factor=2, project_name="halved", **own))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
