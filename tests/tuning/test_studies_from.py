"""The ready studies in other tools' forms run here; written as ours, they are the same studies."""

from pathlib import Path

import pytest

from interplay.errors import InterplayError
from interplay.study.converting import convert_sweep
from interplay.study.study import Study

FROM = Path(__file__).parents[2] / "studies" / "from"
CHOSEN = ("data.name=digits", "model.name=linear")
TINY = ("epochs=1", "seeds=1")
STUDIES = {
    "darts.yaml": (
        {"learning_rate": "optimizer.lr"},
        CHOSEN,
        (*TINY, "folds=2", "search.trials=2"),
    ),
    "determined.yaml": (
        {
            "global_batch_size": "data.batch_size",
            "optimizer.learning_rate": "optimizer.lr",
            "seed": "seeds",
        },
        CHOSEN,
        (*TINY, "hidden_size=[4, 8]", "lr=0.01"),
    ),
    "hyper_opt.json5": ({}, (), (*TINY, "search.trials=2")),
}


@pytest.mark.parametrize("name", STUDIES)
def test_it_runs(name, quiet_run):
    names, chosen, tiny = STUDIES[name]
    outcome = quiet_run(Study.load(FROM / name, [*chosen, *tiny], map=names))
    frame = outcome.results.frame
    assert len(frame) == (4 if name == "darts.yaml" else 2)
    assert set(frame["status"]) == {"complete"}


@pytest.mark.parametrize("name", STUDIES)
def test_its_head_says_how_to_run_it(name):
    names, chosen, _ = STUDIES[name]
    told = " ".join(f"--map {old}={new}" for old, new in names.items())
    command = " ".join(["python hypertune.py", f"studies/from/{name}", *chosen, told]).strip()
    assert command in (FROM / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STUDIES)
def test_written_as_ours_it_is_the_same(name, tmp_path):
    names, chosen, _ = STUDIES[name]
    study = convert_sweep(FROM / name, tmp_path / "study.toml", chosen, names)
    again = Study.load(tmp_path / "study.toml")
    assert again.space == study.space
    assert again.settings == study.settings
    told = (tmp_path / "study.toml").read_text(encoding="utf-8").replace("\n#  ", "")
    assert all(note in told for note in study.told)


@pytest.mark.parametrize("raw", ["null", "[1, null]", "{value: [1, null], distribution: value}"])
def test_null_that_toml_cannot_keep_is_said(raw, tmp_path):
    (tmp_path / "taking_words.py").write_text(
        "def train(seed, lr: str | int | list | None = 1):\n    return {'accuracy': 1.0}\n",
        encoding="utf-8",
    )
    file, out = tmp_path / "sweep.yaml", tmp_path / "study.toml"
    file.write_text(f"hyperparameters:\n  lr: {raw}\nn_trials: grid\n", encoding="utf-8")
    chosen = ["trial.function=taking_words:train", "search.metric=accuracy"]
    with pytest.raises(
        InterplayError, match=r"null is no value that TOML could keep for trial\.lr"
    ):
        convert_sweep(file, out, chosen, {"lr": "trial.lr"})
    assert not out.exists()


def test_what_they_come_to():
    studies = {
        name: Study.load(FROM / name, chosen, map=names)
        for name, (names, chosen, _) in STUDIES.items()
    }
    darts, determined, suggested = studies.values()
    assert (darts.epochs, darts.seeds, len(darts.folds)) == (15, [42, 21, 69], 5)
    assert (darts.search.metric, darts.search.mode, darts.search.trials) == ("f1", "max", 20)
    assert [cell["optimizer.lr"] for cell in determined.cells()[:4]] == [1e-4, 1e-3, 1e-2, 0.1]
    assert (len(determined.cells()), determined.seeds) == (16, [0, 1, 2, 3, 4])
    assert suggested.space.times == {"model.hidden_size": "model.num_layers"}
    assert suggested.space.when == {"model.dropout": {"model.num_layers": (2,)}}
