"""KEY=VALUE in Hydra's way on the command line of any study: sweeps, marks, groups, contradictions."""

import pytest

from interplay.errors import InterplayError
from interplay.space.domains import Choice, Constant, Float, Int
from interplay.study.study import Study

FILE = """
name = "s"
epochs = 2
[data]
name = "digits"
[model]
name = "linear"
hidden_size = [8, 16]
dropout = 0.1
[schedule]
name = "cosine"
"""


@pytest.fixture
def load(tmp_path):
    (tmp_path / "s.toml").write_text(FILE, encoding="utf-8")
    return lambda *overrides: Study.load(tmp_path / "s.toml", overrides)


RANDOM = ("search.method=random", "search.trials=4")


@pytest.mark.parametrize(
    ("override", "name", "domain"),
    [
        ("model.hidden_size=8,16,32", "model.hidden_size", Choice((8, 16, 32))),
        ("hidden_size=8,16,32", "model.hidden_size", Choice((8, 16, 32))),
        ("model.hidden_size=[8,16],[4,4]", "model.hidden_size", Choice(([8, 16], [4, 4]))),
        ("model.dropout=interval(0,0.6)", "model.dropout", Float(0.0, 0.6)),
        ("model.hidden_size=int(interval(4,9))", "model.hidden_size", Int(4, 9)),
        ("lr=tag(log, interval(1e-4,1e-1))", "optimizer.lr", Float(1e-4, 0.1, log=True)),
        ("hidden_size=sort([8,4])", "model.hidden_size", Constant([4, 8])),
        ("+model.norm=batch,none", "model.norm", Choice(("batch", "none"))),
        ("++model.dropout=0,0.5", "model.dropout", Choice((0, 0.5))),
        ("model.name=glob(l*)", "model.name", Choice(("linear",))),
        ("model.skip=True,False", "model.skip", Choice((True, False))),
        # As before there was this grammar.
        ("model.hidden_size=[8,16,32]", "model.hidden_size", Choice((8, 16, 32))),
        ("model.dropout={low=0.0, high=0.5}", "model.dropout", Float(0.0, 0.5)),
    ],
)
def test_what_an_override_asks_for(load, override, name, domain):
    study = load(override, *RANDOM)
    assert study.space.domains[name] == domain
    assert study.told == ()


@pytest.mark.parametrize(
    ("search", "values", "told"),
    [
        ((), [2, 3, 4], "a grid ends before its stop"),
        (RANDOM, [2, 3, 4, 5], "Optuna in Hydra tries its stop as well"),
        (("search.method=optuna", "search.trials=4"), [2, 3, 4, 5], "tries its stop as well"),
    ],
)
def test_a_range_ends_as_the_search_has_it_wherever_that_is_said(load, search, values, told):
    study = load("num_layers=range(2,5)", *search)
    assert study.space.domains["model.num_layers"].grid() == values
    assert "model.num_layers: range(2, 5, 1): " in study.told[0]
    assert told in study.told[0]


def test_what_does_not_vary_takes_a_sweep_as_a_list(load):
    assert load("seeds=range(3)").seeds == [0, 1, 2]
    assert load("seeds=range(3)", *RANDOM).seeds == [0, 1, 2]
    assert load("seeds=4,2").seeds == [4, 2]


def test_of_two_sweeps_the_later_counts(load):
    study = load("num_layers=1,2", "num_layers=2,3", "dropout=0.1", "dropout=0.2")
    assert study.space.domains["model.num_layers"] == Choice((2, 3))
    assert study.space.domains["model.dropout"].value == 0.2


def test_out_with_a_tilde(load):
    assert "dropout" not in load("~model.dropout").tables["model"]
    assert "dropout" not in load("~dropout").tables["model"]
    assert "dropout" not in load("~dropout=0.1").tables["model"]
    assert "schedule" not in load("~schedule").tables
    assert load("num_layers=1,2", "~num_layers", "num_layers=3").tables["model"]["num_layers"] == 3


def test_a_section_is_chosen_before_its_keys_are_set(load):
    study = load("model.channels=4,8", "model=conv")
    assert study.tables["model"] == {"name": "conv", "channels": [4, 8]}
    assert study.told == (
        "model=conv chooses anew, without the file's model.hidden_size, model.dropout",
    )
    # What it is of already, nobody chooses anew.
    assert load("model=linear").tables["model"]["hidden_size"] == [8, 16]
    assert load("schedule=none,cosine").tables["schedule"] == {"name": ["none", "cosine"]}
    names = load("model=glob(*,exclude=rec*)").tables["model"]["name"]
    assert "conv" in names
    assert "recurrent" not in names
    assert load('model={name="linear", norm="batch"}').tables["model"]["norm"] == "batch"


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["dropout=0.1", "dropout=interval(0,1)"], "the fixed one would win without a word"),
        (["dropout=interval(0,1)", "dropout=0.1"], "(dropout=interval(0,1))"),
        (["model.norm=batch", "+model.norm=batch"], "is there already"),
        (["+dropout=0.3"], "without it, model.dropout=0.3 sets it"),
        (["~norm"], "there is no norm to take out; there are name, epochs"),
        (["~model.dropuot"], "did you mean model.dropout?"),
        (["~dropout=0.3"], "dropout is 0.1; ~dropout takes it out whatever it is"),
        (["~"], "is not KEY=VALUE"),
        (["+"], "is not KEY=VALUE"),
        (["+dropout"], "is not KEY=VALUE"),
        (["~dropout="], "is not KEY=VALUE"),
        (["model@mine=conv"], "a package (@)"),
        (["dropout=uniform(0,1)"], "Unknown function 'uniform'"),
        (["dropout=interval(0,1"], "model.dropout = 'interval(0,1'"),
        (["dropout=interval(1,0)"], "low is above high"),
        (["num_layers=range(3,1)"], "'num_layers=range(3,1)': range(3, 1, 1) holds no value"),
        (["model.norm=glob(*)"], "those of model.name"),
        (["model.name=glob(x*)"], "no model is called so"),
        (["model.activation={_target_: os.system}"], "never imported or called"),
        (["hidden_size=8,8"], "the same value twice"),
        (["epochs=1,2"], "a budget does not vary"),
        (["dropout=${x},1"], "an interpolation"),
    ],
)
def test_what_is_refused(load, overrides, says):
    with pytest.raises(InterplayError) as error:
        load(*overrides)
    assert says in str(error.value)
