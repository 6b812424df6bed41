"""Hydra's configurations with a sweeper: its documentation's own, every sampler, what is refused."""

from pathlib import Path

import pytest

from interplay.errors import InterplayError
from interplay.space.domains import Choice, Constant, Float, Int
from interplay.study.converting import convert_sweep
from interplay.study.study import Study
from tests.study.readers import sweeps

FROM = Path(__file__).parents[3] / "studies" / "from" / "hydra.yaml"
OPTUNA = [{"override hydra/sweeper": "optuna"}]
GRID = [*OPTUNA, {"override hydra/sweeper/sampler": "grid"}]


def read(params=None, defaults=OPTUNA, program=None, **sweeper):
    if params is not None:
        sweeper["params"] = params
    return sweeps.read({"defaults": defaults, "hydra": {"sweeper": sweeper}, **(program or {})})


def noted(found, words):
    return words in sweeps.noted(found)


def test_the_documentation_s_sweep_by_its_grid_is_read_exactly():
    """example/conf/config.yaml of the plugin: 22 × 3 cells, of which Hydra tries 20."""
    found = read(
        {"x": "range(-5.5, 5.5, step=0.5)", "y": "choice(-5 ,0 ,5)"},
        GRID,
        {"x": 1, "y": 1, "z": 1},
        **{"direction": "minimize", "study_name": "sphere", "storage": None},
        **{"n_trials": 20, "n_jobs": 1},
    )
    x = found.space.domains["x"].grid()
    assert x == [-5.5 + 0.5 * i for i in range(22)]
    assert found.space.domains["y"] == Choice((-5, 0, 5))
    assert found.study["search"] == {"method": "grid", "metric": "valid_loss", "mode": "min"}
    assert found.study["name"] == "sphere"
    assert noted(found, "of the grid's 66 cells Hydra tries n_trials = 20")
    assert noted(found, "nothing here: x, y, z")


def test_its_older_form_is_read_exactly():
    """tests/conf/test_deprecated_search_space.yaml of the plugin."""
    space = {"x": {"type": "float", "low": -5.5, "high": 5.5, "step": 0.5}}
    found = read(search_space=space, direction="minimize", n_trials=20)
    assert found.space.domains == {"x": Float(-5.5, 5.5, step=0.5)}
    assert len(found.space.domains["x"].grid()) == 23
    assert found.study["search"] == {
        **{"method": "optuna", "sampler": "tpe", "trials": 20, "max_concurrent": 2},
        **{"metric": "valid_loss", "mode": "min"},
    }


def test_a_grid_of_words_and_floats_is_read_exactly():
    """tests/conf/test_grid.yaml of the plugin, whose answers are 2 × 2 × 2 cells."""
    params = {"x": "choice(-1, 1)", "y": "range(-1.0, 1.0, step=1)", "z": 'choice("foo", "bar")'}
    found = read(params, GRID, n_trials=20)
    assert found.space.domains["y"].grid() == [-1.0, 0.0]
    assert found.space.size == 8
    assert not noted(found, "n_trials")


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        ("1,2,3", Choice((1, 2, 3))),
        ("a,b", Choice(("a", "b"))),
        ("choice(true,false)", Choice((True, False))),
        ("interval(0,1)", Float(0.0, 1.0)),
        ("int(interval(0,10))", Int(0, 10)),
        ("tag(log, interval(0.1,1))", Float(0.1, 1.0, log=True)),
        ("tag(log, int(interval(1,100)))", Int(1, 100, log=True)),
        ("range(1,5)", Int(1, 5, step=1)),
        ("range(1,10,step=2)", Int(1, 9, step=2)),
        ("range(0.0,1.0,0.25)", Float(0.0, 1.0, step=0.25)),
        ("shuffle(range(1,4))", Choice((1, 2, 3))),
        ("[1,2]", Constant([1, 2])),
        ("{a: 1}", Constant({"a": 1})),
        ("word", Constant("word")),
        ("'1'", Constant("1")),
        (3, Constant(3)),
        (True, Constant(True)),
        (None, Constant(None)),
        ([1, 2], Constant([1, 2])),
    ],
    ids=str,
)
def test_every_form_of_params(value, domain):
    assert read({"x": value}).space.domains["x"] == domain


@pytest.mark.parametrize(
    ("raw", "tpe", "grid"),
    [
        ({"type": "int", "low": 1, "high": 4}, Int(1, 4), Int(1, 3, step=1)),
        ({"type": "int", "low": 0, "high": 9, "step": 3}, Int(0, 9, step=3), Int(0, 6, step=3)),
        ({"type": "int", "low": 1, "high": 64, "log": True}, Int(1, 64, log=True), None),
        ({"type": "float", "low": 0, "high": 1}, Float(0.0, 1.0), None),
        ({"type": "float", "low": 0.1, "high": 1, "log": True}, Float(0.1, 1.0, log=True), None),
        (
            {"type": "float", "low": 0, "high": 1, "step": 0.5},
            Float(0.0, 1.0, step=0.5),
            Float(0.0, 0.5, step=0.5),
        ),
        (
            {"type": "categorical", "choices": ["a", 1]},
            Choice(("a", 1)),
            Choice(("a", 1)),
        ),
    ],
    ids=str,
)
def test_every_form_of_search_space(raw, tpe, grid):
    assert read(search_space={"x": raw}).space.domains["x"] == tpe
    if grid is not None:
        assert read(search_space={"x": raw}, defaults=GRID).space.domains["x"] == grid
    else:
        with pytest.raises(InterplayError, match="needs listed values"):
            read(search_space={"x": raw}, defaults=GRID)


@pytest.mark.parametrize(
    ("sampler", "search"),
    [
        (None, {"method": "optuna", "sampler": "tpe"}),
        ("tpe", {"method": "optuna", "sampler": "tpe"}),
        ("cmaes", {"method": "optuna", "sampler": "cmaes"}),
        ("gp", {"method": "optuna", "sampler": "gp"}),
        ("qmc", {"method": "optuna", "sampler": "qmc"}),
        ({"_target_": "optuna.samplers.CmaEsSampler"}, {"method": "optuna", "sampler": "cmaes"}),
        ({"seed": 123}, {"method": "optuna", "sampler": "tpe", "seed": 123}),
        ("random", {"method": "random"}),
    ],
    ids=str,
)
def test_every_sampler(sampler, search):
    asked = {} if sampler is None else {"sampler": sampler}
    found = read({"x": "1,2"}, **asked, direction="maximize", n_trials=7, n_jobs=3)
    concurrent = {"max_concurrent": 3} if search["method"] == "optuna" else {}
    assert found.study["search"] == {**search, "trials": 7, "mode": "max", **concurrent}


def test_how_a_grid_and_the_basic_sweeper_end():
    ints = {"x": "int(interval(1,4))", "y": "range(0,10,3)"}
    found = read(ints, GRID)
    assert found.space.domains["x"].grid() == [1, 2, 3]
    assert found.space.domains["y"].grid() == [0, 3, 6]
    assert noted(found, "leaves out 9, which its documentation has")
    assert noted(found, "x: Hydra's grid of Optuna leaves out 4, the end")
    basic = read({"y": "range(0,10,3)", "x": "range(3,0,-1)"}, [])
    assert basic.space.domains["y"].grid() == [0, 3, 6, 9]
    assert basic.space.domains["x"].grid() == [3, 2, 1]
    assert basic.study["search"] == {"method": "grid"}


def test_what_concerns_hydra_only_is_told():
    sampler = {"_target_": "optuna.samplers.TPESampler", "seed": 1, "n_startup_trials": 5}
    found = read({"x": "1,2"}, max_failure_rate=0.2, n_jobs=4, sampler=sampler)
    for words in ("max_failure_rate", "n_jobs = 4", "n_startup_trials"):
        assert noted(found, words)
    assert noted(read({"x": "1,2"}, GRID, storage="sqlite:///a.db"), "storage: method grid")
    stored = read({"x": "1,2"}, storage="sqlite:///a.db", study_name="mine")
    assert noted(stored, "run again, Hydra adds n_trials")
    assert stored.study["search"]["storage"] == "sqlite:///a.db"
    assert stored.study["search"]["study_name"] == "mine"


@pytest.mark.parametrize(
    ("sweeper", "key", "says"),
    [
        ({"params": {"x": "interval(0,1)"}, "defaults": GRID}, "params.x", "needs listed values"),
        ({"params": {"x": "interval(0,1)"}, "defaults": []}, "params.x", "no intervals"),
        ({"params": {"x": "choice()"}}, "params.x", "empty choice"),
        ({"params": {"x": "uniform(0,1)"}}, "params.x", "Unknown function 'uniform'"),
        ({"params": {"x": "range(4,1)"}}, "params.x", "holds no value"),
        ({"params": {"x": "glob(*)"}}, "params.x", "only ours are known"),
        ({"params": {"x@y": "1,2"}}, "params.x@y", "a package (@)"),
        ({"params": {"x": {"y": "1,2"}}}, "params.x", "has a dot"),
        ({"params": {"~x": None}}, "params.~x", "no x to take out"),
        ({"params": {"x": "${y},1"}}, "params.x", "an interpolation"),
        ({"params": [1]}, "params", "not a map"),
        ({"direction": ["minimize", "maximize"]}, "direction", "several directions"),
        ({"direction": "up"}, "direction", "minimize, maximize"),
        ({"sampler": "motpe"}, "sampler", "Hydra took it out"),
        ({"sampler": "nsgaii"}, "sampler", "no genetic sampler"),
        ({"sampler": "best"}, "sampler", "not one of those"),
        ({"custom_search_space": "m.f"}, "custom_search_space", "never imported or called"),
        ({"n_trials": 0}, "n_trials", "1 or more"),
        ({"n_jobs": -1}, "n_jobs", "1 or more"),
        ({"trials": 3}, "trials", "did you mean 'n_trials'"),
        ({"study_name": "${task}"}, "study_name", "an interpolation"),
        ({"search_space": {"x": {"type": "uniform"}}}, "search_space.x.type", "categorical"),
        ({"search_space": {"x": {"type": "int", "low": 1}}}, "search_space.x.high", "missing"),
        ({"search_space": {"x": {"type": "int", "min": 1}}}, "search_space.x.min", "no such key"),
        ({"search_space": {"x": {"type": "categorical"}}}, "search_space.x", "not a list"),
    ],
    ids=str,
)
def test_what_is_refused_by_name(sweeper, key, says):
    defaults = sweeper.pop("defaults", OPTUNA) if "defaults" in sweeper else OPTUNA
    with pytest.raises(InterplayError) as error:
        read(defaults=defaults, **sweeper)
    assert f"hydra.sweeper.{key}" in str(error.value)
    assert says in str(error.value)


def test_another_sweeper_is_refused_by_name():
    with pytest.raises(InterplayError, match="hydra/sweeper = 'ax': a sweeper that is not read"):
        read({"x": "1,2"}, [{"override hydra/sweeper": "ax"}])


def test_a_fixed_value_in_params_lets_no_sweep_pass(tmp_path):
    text = FROM.read_text(encoding="utf-8").replace("choice(8, 16, 32)", "8")
    file = tmp_path / "conf.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InterplayError, match="the fixed one would win without a word"):
        Study.load(file, ["model.hidden_size=4,8"])
    assert Study.load(file, ["model.hidden_size=4"]).tables["model"]["hidden_size"] == 4
    # What the program's own configuration says, a sweep may vary.
    assert Study.load(file, ["num_layers=1,2"]).space.domains["model.num_layers"] == Choice((1, 2))


def test_the_defaults_choose_sections_of_ours(tmp_path):
    file = tmp_path / "conf.yaml"
    file.write_text(
        "defaults: [{model: linear}, {data: digits}, {db: mysql}, _self_]\n"
        "hydra: {sweeper: {params: {model.hidden_size: '4,8', schedule: 'none,cosine'}}}\n"
        "epochs: 1\nmodel: {activation: {_target_: torch.nn.Tanh}}\n",
        encoding="utf-8",
    )
    study = Study.load(file)
    assert study.space.domains["model.name"] == Constant("linear")
    assert study.space.domains["model.activation"] == Constant("tanh")
    assert study.space.varied == ("model.hidden_size", "schedule.name")
    assert any("db: mysql in defaults" in note for note in study.notes)


def test_the_study_in_this_form_trains(quiet_run):
    study = Study.load(FROM, ["epochs=1", "seeds=1", "data.subset=0.1", "hidden_size=4,8"])
    assert study.space.domains["model.dropout"].grid() == [0.0, 0.2, 0.4]
    outcome = quiet_run(study)
    assert len(outcome.results.table.frame) == 6
    assert not outcome.failed


def test_converted_it_is_the_same_study(tmp_path):
    study = convert_sweep(FROM, tmp_path / "ours.toml")
    again = Study.load(tmp_path / "ours.toml")
    assert again.cells() == study.cells()
    assert "a sweep of Hydra" in (tmp_path / "ours.toml").read_text(encoding="utf-8")
