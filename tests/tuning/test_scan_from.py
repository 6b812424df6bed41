"""Other tools' sweeps that stop early are run as the scans that they are read as."""

import interplay
from interplay.study.study import Study
from tests.tuning.conftest import CURVES

WANDB = """
method: random
metric: {name: value, goal: maximize}
run_cap: 5
early_terminate: {type: hyperband, min_iter: 1, eta: 2}
parameters:
  x: {min: 0.0, max: 1.0}
"""
DETERMINED = """
name: tiny
entrypoint: model_def:Trial
searcher:
  {name: adaptive_asha, metric: value, smaller_is_better: false, max_trials: 5,
   max_length: {epochs: 4}, divisor: 2, max_rungs: 3, mode: aggressive}
hyperparameters:
  x: {type: double, minval: 0.0, maxval: 1.0}
"""


def test_what_stops_early_there_stops_early_here(ray_running, tmp_path):
    (tmp_path / "curves_of.py").write_text(CURVES, encoding="utf-8")
    for name, text in (("wandb", WANDB), ("determined", DETERMINED)):
        file = tmp_path / f"{name}.yaml"
        file.write_text(text, encoding="utf-8")
        chosen = [
            "trial.function=curves_of:train",
            "epochs=4",
            "seeds=1",
            "search.max_concurrent=2",
        ]
        study = Study.load(file, chosen, map={"x": "trial.x"})
        results = interplay.run(study, tmp_path / "runs" / name, progress=False)
        frame = results.frame
        assert len(frame) == 5
        assert set(frame["status"]) == {"complete", "stopped"}, name
        stopped = frame[frame["status"] == "stopped"]
        assert set(stopped["epochs_run"]) <= {1, 2}, name
        assert (frame.loc[frame["status"] == "complete", "epochs_run"] == 4).all()
        assert frame["trial.x"].idxmax() not in stopped.index, name
