"""The study after a scan: a file that loads, with what was planted, never over somebody's own."""

import json

import numpy as np
import pytest

from interplay.errors import BudgetError
from interplay.identity import canonical
from interplay.results.results import Results
from interplay.study.study import Study
from interplay.table.ledger import Ledger
from interplay.training.members import Member, Row
from interplay.tuning.search.zoom import propose_zoom

DIGITS = {
    "name": "scan",
    "epochs": 9,
    "seeds": 2,
    "data": {"name": "digits", "batch_size": [32, 64]},
    "model": {
        "name": "linear",
        "num_layers": {"low": 1, "high": 4},
        "hidden_size": {"low": 4, "high": 256, "distribution": "logintuniform"},
        "dropout": {"low": 0.0, "high": 0.8, "count": 9},
        "norm": ["none", "batch", "layer"],
    },
    "optimizer": {"lr": {"low": 1e-4, "high": 1e-1, "log": True}},
    "search": {"method": "random", "trials": 40, "scheduler": "asha"},
}
TRIAL = {
    "name": "plain",
    "epochs": 9,
    "seeds": [3, 5],
    "trial": {
        "function": "own:train",
        "sizes": [[8], [8, 16], [4, 4, 4]],
        "flag": [True, False],
        "word": ['say "hi"', "über # [x]", "back\\slash"],
        "rate": {"low": 1e-5, "high": 1.0, "log": True},
        "always": {"value": [1, 2]},
        "depth": {"low": 1, "high": 64, "log": True},
    },
    "search": {
        "method": "random",
        "trials": 40,
        "scheduler": "median",
        "metric": "loss",
        "mode": "min",
        "score": "median",
    },
    "resources": {"workers": 2},
    "tracking": {"experiment": "scans"},
}
OWN = """
def train(seed, sizes, flag, word, rate, always, depth=3):
    yield {"loss": 1.0}
"""


def scanned(folder, study, worth, n=40, metric="accuracy", mode="max"):
    """A finished scan: cell i's metric at epoch e is its worth + e / 100; the worse, the shorter."""
    cells = [study.space.draw(0, i) for i in range(n)]
    configs = {json.dumps(canonical(c), sort_keys=True): c for c in map(study.resolve, cells)}
    worths = np.array([worth(config) for config in configs.values()])
    order = (worths if mode == "max" else -worths).argsort().argsort() / len(worths)
    members, rows = [], []
    for number, config in enumerate(configs.values()):
        far = 1 if order[number] < 0.3 else 3 if order[number] < 0.6 else 9
        for seed in study.seeds:
            key = f"{number}-{seed}"
            members.append(Member(key, config, seed, 9))
            status = "complete" if far == 9 else "stopped"
            row = Row(key, config, seed, None, status, 9, "reference", "cpu", epochs_run=far)
            row.curves = {metric: [float(worths[number]) + e / 100 for e in range(far)]}
            rows.append(row)
    ledger = Ledger(folder / "run").create()
    ledger.append(rows)
    about = {"name": study.name, "varied": list(study.space.varied), "metric": metric, "mode": mode}
    ledger.write_study(about | {"search": study.search.flat()}, members)
    return Results.load(folder / "run")


def digits_worth(config):
    away = abs(np.log10(config["optimizer.lr"]) + 2)
    return 0.9 - 0.2 * away + 0.1 * np.log(config["model.hidden_size"])


@pytest.fixture
def digits(tmp_path):
    study = Study(**DIGITS)
    return study, scanned(tmp_path, study, digits_worth)


def test_the_file_is_a_study_of_what_was_planted(digits, tmp_path):
    path = propose_zoom(digits[1], digits[0], tmp_path / "studies")
    assert path == tmp_path / "studies" / "scan-zoom.toml"
    zoom = Study.load(path)
    assert zoom.name == "scan-zoom"
    assert set(zoom.space.varied) == {"optimizer.lr", "model.hidden_size"}
    assert {zoom.heatmap.x, zoom.heatmap.y} == set(zoom.space.varied)
    assert len(zoom.cells()) == 25
    # Equal budgets: the scan's, whole, for every cell; more seeds than the scan.
    assert zoom.epochs == 9
    assert zoom.seeds == [0, 1, 2, 3, 4]
    assert zoom.search.method == "grid"
    assert zoom.search.scheduler is None
    lr = zoom.space.domains["optimizer.lr"].values
    assert min(lr) < 0.01 < max(lr)
    steps = np.diff(np.log(lr))
    assert steps == pytest.approx(np.full(4, steps.mean()), rel=0.02)


def test_what_does_not_vary_has_the_best_cells_value(digits, tmp_path):
    study, results = digits
    zoom = Study.load(propose_zoom(results, study, tmp_path))
    frame = results.frame
    best = frame.loc[frame["accuracy"].where(frame["status"] == "complete").idxmax()]
    for name in ("data.batch_size", "model.num_layers", "model.dropout", "model.norm"):
        assert zoom.space.domains[name].grid() == [best[name]]
    assert zoom.space.domains["model.name"].grid() == ["linear"]


def test_the_comments_say_where_it_comes_from(digits, tmp_path):
    text = propose_zoom(digits[1], digits[0], tmp_path).read_text()
    # Half of the cells, the last epoch that they reached, how many were stopped.
    assert "'scan'" in text
    assert "tried 40 cells and stopped 24 of them early" in text
    assert "at epoch 3, which 28 of them reached" in text
    assert all(f"#   {name}" in text for name in ("lr", "hidden_size", "norm", "batch_size"))


def plain_worth(config):
    rate = abs(np.log10(config["trial.rate"]) + 2)
    return rate + 2.0 * len(config["trial.sizes"]) + 0.01 * config["trial.depth"]


def test_a_function_of_ones_own_with_lists_words_and_flags(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    study = Study(folders=[tmp_path], **TRIAL)
    results = scanned(tmp_path, study, plain_worth, metric="loss", mode="min")
    zoom = Study.load(propose_zoom(results, study, tmp_path))
    assert set(zoom.space.varied[:2]) <= {"trial.sizes", "trial.rate"}
    assert all(isinstance(v, list) for v in zoom.space.domains["trial.sizes"].grid())
    frame = results.frame
    best = frame.loc[frame["loss"].where(frame["status"] == "complete").idxmin()]
    fixed = {name: domain.grid() for name, domain in zoom.space.domains.items()}
    assert fixed["trial.word"] == [best["trial.word"]]
    assert fixed["trial.flag"] == [bool(best["trial.flag"])]
    assert fixed["trial.depth"] == [best["trial.depth"]]
    assert fixed["trial.always"] == [[1, 2]]
    assert zoom.search.metric == "loss"
    assert zoom.search.mode == "min"
    assert zoom.search.score == "median"
    assert zoom.resources.workers == 2
    assert zoom.settings.tracking.experiment == "scans"


def test_fixed_lists_stay_constants(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    study = Study(folders=[tmp_path], **TRIAL)

    def worth(config):
        return abs(np.log10(config["trial.rate"])) + 0.05 * config["trial.depth"]

    results = scanned(tmp_path, study, worth, metric="loss", mode="min")
    zoom = Study.load(propose_zoom(results, study, tmp_path))
    assert set(zoom.space.varied) == {"trial.rate", "trial.depth"}
    (sizes,) = zoom.space.domains["trial.sizes"].grid()
    assert sizes in TRIAL["trial"]["sizes"]


def test_a_third_that_matters_nearly_as_much_joins(tmp_path):
    study = Study(**DIGITS)

    def worth(config):
        lr = (np.log10(config["optimizer.lr"]) + 4) / 3
        width = np.log(config["model.hidden_size"] / 4) / np.log(64)
        return lr + width + config["model.dropout"] / 0.8

    zoom = Study.load(propose_zoom(scanned(tmp_path, study, worth), study, tmp_path))
    assert set(zoom.space.varied) == {"optimizer.lr", "model.hidden_size", "model.dropout"}
    # A mean over rates a thousandfold apart would say the reverse of what the scan found.
    assert zoom.heatmap.over == "best"
    assert len(zoom.cells()) == 75


def test_an_axis_is_called_by_what_it_is_the_name_of(tmp_path):
    optimizer = {"name": ["adam", "sgd", "rmsprop"], "lr": {"low": 1e-4, "high": 1e-1, "log": True}}
    study = Study(**{**DIGITS, "optimizer": optimizer})

    def worth(config):
        return (
            np.log10(config["optimizer.lr"])
            * {"adam": 1, "sgd": -1, "rmsprop": 0}[config["optimizer.name"]]
        )

    path = propose_zoom(scanned(tmp_path, study, worth), study, tmp_path)
    text = path.read_text()
    assert '"optimizer.name"' in text
    assert '"name"' not in text
    assert "optimizer.name" in (Study.load(path).heatmap.x, Study.load(path).heatmap.y)


def test_a_study_read_from_yaml(tmp_path):
    (tmp_path / "scan.yaml").write_text(
        "name: scan\nepochs: 9\nseeds: 2\nfolds: null\nresources: {workers: null}\n"
        "data: {name: digits, batch_size: [32, 64]}\n"
        "model:\n  name: linear\n  num_layers: [1, 2]\n  hidden_size: {low: 4, high: 64}\n"
        "optimizer: {name: adam, lr: {low: 1e-5, high: 1e-1, log: true}}\n"
        "search: {method: random, trials: 40, scheduler: asha}\n"
    )
    study = Study.load(tmp_path / "scan.yaml")
    path = propose_zoom(scanned(tmp_path, study, digits_worth), study, tmp_path)
    assert path.suffix == ".toml"
    assert set(Study.load(path).space.varied) == {"optimizer.lr", "model.hidden_size"}


def test_one_hyperparameter_gives_a_line_and_no_heatmap(tmp_path):
    model = {"name": "linear", "hidden_size": 8}
    study = Study(**{**DIGITS, "data": {"name": "digits"}, "model": model})
    zoom = Study.load(propose_zoom(scanned(tmp_path, study, digits_worth), study, tmp_path))
    assert zoom.space.varied == ("optimizer.lr",)
    assert len(zoom.cells()) == 5
    assert zoom.heatmap is None


def test_a_file_that_was_changed_is_never_overwritten(digits, tmp_path):
    study, results = digits
    first = propose_zoom(results, study, tmp_path)
    assert propose_zoom(results, study, tmp_path) == first  # the same again is the same file
    mine = first.read_text().replace("seeds = 5", "seeds = 9")
    first.write_text(mine)
    second = propose_zoom(results, study, tmp_path)
    assert second.name == "scan-zoom-2.toml"
    assert first.read_text() == mine
    assert Study.load(second).name == "scan-zoom-2"
    assert propose_zoom(results, study, tmp_path) == second


def test_a_long_name_stays_a_name(tmp_path):
    study = Study(**{**DIGITS, "name": "n" * 64})
    results = scanned(tmp_path, study, digits_worth)
    assert len(Study.load(propose_zoom(results, study, tmp_path)).name) == 64


def test_too_few_cells_or_nothing_varied_propose_nothing(tmp_path):
    study = Study(**DIGITS)
    few = scanned(tmp_path / "few", study, digits_worth, n=7)
    assert propose_zoom(few, study, tmp_path) is None
    model = {"name": "linear"}
    fixed = Study(**{**DIGITS, "data": {"name": "digits"}, "model": model, "optimizer": {}})
    one = scanned(tmp_path / "one", fixed, lambda config: 1.0)
    assert propose_zoom(one, fixed, tmp_path) is None
    assert not list(tmp_path.glob("*.toml"))


def test_a_heatmap_of_a_scan_names_the_study_that_follows(digits, tmp_path):
    study, results = digits
    asked = {"x": "lr", "y": "hidden_size", "over": "best"}
    with pytest.raises(BudgetError, match="Ways out: `at_epoch="):
        results.heatmap(**asked)
    file = propose_zoom(results, study, tmp_path)
    Ledger(tmp_path / "run").point_to(file)
    found = Results.load(tmp_path / "run")
    with pytest.raises(BudgetError) as refused:
        found.heatmap(**asked)
    assert f"Ways out: {file.resolve()} is the study to follow this scan" in str(refused.value)
    file.unlink()  # what is gone is no way out
    with pytest.raises(BudgetError, match="Ways out: `at_epoch="):
        Results.load(tmp_path / "run").interaction(**asked)
