"""Another tool's sweep under our names: which are found, told, left out; and what mistakes say."""

import re

import pytest
from typer.testing import CliRunner

from interplay.cli.app import app
from interplay.errors import InterplayError
from interplay.study.adopted import adopted, sweep_in
from interplay.study.readers import Reading
from interplay.study.study import Study, _keys

CHOSEN = ["data.name=digits", "model.name=linear", "epochs=2"]
READING = Reading(
    "somebody",
    {
        "learning_rate": {"low": 1e-4, "high": 1e-1, "distribution": "loguniform"},
        "hidden_size": {"values": [8, 16]},
        "net.layers": {"values": [1, 2]},
        "drop": {"values": [0.0, 0.5], "when": {"net.layers": 2}},
    },
    {"search": {"method": "random", "trials": 3}},
)
NAMES = {
    "learning_rate": "optimizer.lr",
    "net.layers": "model.num_layers",
    "drop": "model.dropout",
}


def tables(names=NAMES, overrides=CHOSEN, reading=READING):
    return adopted(reading, "s", names, overrides, lambda tables: _keys(tables, []), [])


def test_ties_are_under_the_names_of_the_study():
    study = Study(**tables())
    assert study.space.when == {"model.dropout": {"model.num_layers": (2,)}}
    assert set(study.space.varied) == {
        "optimizer.lr", "model.hidden_size", "model.num_layers", "model.dropout"
    }  # fmt: skip


def test_one_is_left_out_and_an_override_counts_last():
    found = tables(NAMES | {"learning_rate": ""}, [*CHOSEN, "hidden_size=[4]", "search.trials=7"])
    assert "optimizer" not in found
    assert found["model"]["hidden_size"] == [4]
    assert found["search"] == {"method": "random", "trials": 7}


def test_a_swept_seed_is_the_seeds():
    reading = Reading("somebody", {"seed": {"values": [3, 5]}, "lr": {"values": [0.1, 0.2]}})
    found = tables({"seed": "seeds"}, reading=reading)
    assert found["seeds"] == [3, 5]
    assert found["optimizer"] == {"lr": {"values": [0.1, 0.2]}}


@pytest.mark.parametrize(
    ("names", "overrides", "says"),
    [
        ({}, CHOSEN, "the study has no learning_rate, net.layers, drop."),
        ({}, CHOSEN, "usually meant: learning_rate=optimizer.lr, net.layers=model.num_layers"),
        ({}, [], "data and model are chosen first: data.name=digits model.name=linear"),
        (NAMES | {"lr": "optimizer.lr"}, CHOSEN, "the sweep has no lr; it has learning_rate"),
        (NAMES | {"drop": "optimizer.lr"}, CHOSEN, "learning_rate and drop are both optimizer.lr"),
        (NAMES | {"drop": "modle.dropout"}, CHOSEN, "the study has no drop"),
    ],
)
def test_mistakes(names, overrides, says):
    with pytest.raises(InterplayError) as caught:
        tables(names, overrides)
    assert says in str(caught.value)


def test_what_pyyaml_reads_otherwise_is_told_of_tools_that_read_with_it(tmp_path):
    file = tmp_path / "sweep.yaml"
    file.write_text("hyperparameters: {learning_rate: [1e-5, 1.0e-4]}\n", encoding="utf-8")
    told = Study.load(file, CHOSEN, map={"learning_rate": "optimizer.lr"}).told
    assert sweep_in(file).space.domains["learning_rate"].grid() == [1e-5, 1e-4]
    for notes in (told, sweep_in(file).notes):
        assert any("with PyYAML, which makes of 1e-5 what YAML 1.1 does" in note for note in notes)
    file.write_text(
        "searcher: {name: grid, metric: loss}\nhyperparameters: {lr: 1e-5}\n", encoding="utf-8"
    )
    assert not any("PyYAML" in note for note in sweep_in(file).notes)


def test_a_study_of_ours_takes_no_map(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text('name = "s"\nepochs = 1\n[data]\nname = "digits"\n[model]\nname = "linear"\n')
    done = CliRunner().invoke(app, ["tune", str(file), "--map", "lr=optimizer.lr", "--dry-run"])
    assert done.exit_code == 2
    assert "`--map` is for other tools' sweeps" in " ".join(done.output.split())


def test_space_convert_and_tune_of_a_sweep(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweep.yaml").write_text(
        "hyperparameters:\n  learning-rate: [0.001, 0.01]\n  hidden_size: [8, 16]\n",
        encoding="utf-8",
    )

    def call(*arguments):
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
        return done.exit_code, " ".join(done.output.split())

    code, said = call("space", "sweep.yaml")
    assert (code, "learning_rate one of 0.001, 0.01" in said) == (0, True)
    code, said = call("tune", "sweep.yaml", *CHOSEN, "--dry-run")
    assert (code, "--map learning_rate=optimizer.lr" in said) == (2, True)
    told = [*CHOSEN, "--map", "learning_rate=optimizer.lr"]
    assert call("tune", "sweep.yaml", *told, "--dry-run")[0] == 0
    code, said = call("convert", "sweep.yaml", *told, "-o", "ours.toml")
    assert (code, "interplay tune ours.toml" in said) == (0, True)
    text = (tmp_path / "ours.toml").read_text(encoding="utf-8")
    assert text.startswith("# sweep.yaml, a sweep of darts, as interplay reads it.\n")
    written = Study.load(tmp_path / "ours.toml")
    assert (
        written.space
        == Study.load(tmp_path / "sweep.yaml", CHOSEN, map={"learning_rate": "optimizer.lr"}).space
    )
    (tmp_path / "ours.toml").write_text("name = 'other'\n", encoding="utf-8")
    code, said = call("convert", "sweep.yaml", *told, "-o", "ours.toml")
    assert (code, "is there already and says otherwise" in said) == (2, True)


@pytest.mark.parametrize(
    ("reading", "overrides", "told"),
    [
        (READING, CHOSEN, True),
        (READING, [*CHOSEN, "seeds=1"], False),
        (Reading("somebody", {**READING.hyperparameters, "seeds": {"value": 2}}), CHOSEN, False),
        (Reading("somebody", READING.hyperparameters, {"seeds": [1, 2]}), CHOSEN, False),
    ],
)
def test_how_often_each_is_trained_is_told_where_nothing_says(reading, overrides, told):
    notes = []
    adopted(reading, "s", NAMES, overrides, lambda tables: _keys(tables, []), notes)
    said = ["somebody trains every setting once" in note for note in notes]
    assert said == [True] * told


@pytest.mark.parametrize("name", ["trials", "seed", "method", "x", "workers", "search", "heatmap"])
def test_no_hyperparameter_is_taken_for_a_setting_of_the_search(name):
    reading = Reading("somebody", {name: {"values": [1, 2]}}, {"search": {"trials": 3}})
    for names in ({}, {name: f"search.{name}"}, {name: f"heatmap.{name}"}):
        with pytest.raises(InterplayError, match=f"the study has no {name}\\.") as caught:
            tables(names, reading=reading)
        assert not re.search(r"usually meant.*=(search|heatmap)\.", str(caught.value))
