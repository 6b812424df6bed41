"""A study's conditions, products, constraints and none: what they mean, and what mistakes say."""

import pytest

from interplay.errors import StudyError
from interplay.options import options_of
from interplay.study.checked import _with_none
from interplay.study.readers.native import read_written
from interplay.study.study import Study

PLAIN = {
    "name": "s",
    "epochs": 1,
    "seeds": 1,
    "data": {"name": "digits"},
    "model": {"name": "linear", "hidden_size": [8, 16], "dropout": [0.0, 0.5]},
}


def study(**sections):
    tables = {
        key: dict(value) if isinstance(value, dict) else value for key, value in PLAIN.items()
    }
    for key, value in sections.items():
        tables[key] = {**tables[key], **value} if key in ("model", "data") else value
    return Study(**tables)


def grid(loaded, *names):
    return [tuple(cell.get(name, "-") for name in names) for cell in loaded.space.grid()]


def test_a_condition_by_a_short_name():
    loaded = study(model={"dropout": {"values": [0.0, 0.5], "when": {"hidden_size": 16}}})
    assert grid(loaded, "model.hidden_size", "model.dropout") == [(8, "-"), (16, 0.0), (16, 0.5)]
    assert [config["model.dropout"] for config in loaded.cells()] == [0.0, 0.0, 0.5]


def test_an_option_that_one_family_has_is_there_with_it():
    model = {
        "name": ["linear", "conv"],
        "hidden_size": {"values": [8, 16], "when": {"model.name": "linear"}},
        "channels": {"values": [4, 8], "when": {"model.name": ["conv"]}},
        "dropout": 0.0,
    }
    loaded = study(model=model)
    names = ("model.name", "model.hidden_size", "model.channels")
    assert grid(loaded, *names) == [
        ("linear", 8, "-"), ("linear", 16, "-"), ("conv", "-", 4), ("conv", "-", 8)
    ]  # fmt: skip
    assert "model.channels" not in loaded.cells()[0]


def test_a_product_is_what_the_model_gets():
    model = {"num_layers": [1, 2], "hidden_size": {"values": [8, 16], "times": "num_layers"}}
    loaded = study(model=model)
    assert [c["model.hidden_size"] for c in loaded.cells()][::2] == [8, 16, 16, 32]


def test_a_constraint_takes_cells_away():
    loaded = study(constraint=[{"rule": "hidden_size * (1 + model.dropout) < 20"}])
    assert grid(loaded, "model.hidden_size", "model.dropout") == [(8, 0.0), (8, 0.5), (16, 0.0)]


def test_none_is_none_where_an_option_may_be_none():
    def options(norm: str = "none", clip: float | None = None, anything=1):
        """As a builder of somebody's."""

    of = options_of(options).by_name
    for name, none, wanted in (
        *(("norm", "none", "none"), ("norm", None, "none"), ("clip", "none", None)),
        *(("clip", None, None), ("anything", "none", "none"), ("anything", None, None)),
    ):
        for raw, value in (({"value": none}, wanted), ([none, 1], wanted)):
            written = _with_none(name, read_written(name, raw, []), [of[name]], [])
            assert written.domain.grid()[0] == value


@pytest.mark.parametrize(
    ("sections", "says"),
    [
        ({"model": {"dropout": {"value": 0.1, "when": {}}}}, "model.dropout.when = {}: no condition"),
        ({"model": {"dropout": {"value": 0.1, "when": {"hidden_size": []}}}}, "never be there"),
        ({"model": {"dropout": {"value": 0.1, "when": {"hidden_sizes": 8}}}}, "did you mean 'hidden_size'"),
        ({"model": {"dropout": {"value": 0.1, "when": {"name": "linear"}}}}, "may mean several; allowed: data.name, model.name"),
        ({"model": {"dropout": {"value": 0.1, "when": {"hidden_size": 9}}}}, "model.hidden_size is never that; allowed: one of 8, 16"),
        ({"model": {"dropout": {"value": 0.1, "when": {"dropout": 0.1}}}}, "in a circle: model.dropout of model.dropout"),
        ({"model": {"dropout": {"when": {"hidden_size": 8}}}}, "a range needs low and high"),
        ({"model": {"hidden_size": {"values": [1, 2], "times": 3}}}, "no name of a hyperparameter"),
        ({"model": {"hidden_size": {"values": [1, 2], "times": "data.name"}}}, "may be 'digits', which is no factor"),
        ({"model": {"hidden_size": {"values": [1, 2], "times": "dropout"}}}, "model.hidden_size = 0.5"),
        ({"constraint": [{"rule": "hidden_size <"}]}, "constraint[0].rule = 'hidden_size <': the end after"),
        ({"constraint": [{"rul": "dropout < 3"}]}, "constraint[0].rul = 'dropout < 3': no such key"),
        ({"constraint": [{"rule": "dropout < 3"}, {"rule": 3}]}, "constraint[1].rule = 3: not a rule in words"),
        ({"constraint": [{"rule": "hidden_sise < 3"}]}, "did you mean 'hidden_size'"),
        ({"constraint": [{"rule": "model.name < 3"}]}, "means nothing for model.name = 'linear'"),
        ({"constraint": [{"rule": "hidden_size + 1"}]}, "neither true nor false"),
        ({"constraint": [{"rule": "hidden_size > 16"}]}, "no cell keeps it"),
        ({"constraint": [{"rule": "lr ** 64 < 1"}], "optimizer": {"lr": [1e6, 1.0]}}, "means nothing for optimizer.lr = 1000000.0"),
        ({"constraint": [{"rule": "0.5 ** hidden_size < 1"}], "model": {"hidden_size": [100, 2]}}, "100 is no exponent up to 64"),
        ({"constraint": [{"rule": "(hidden_size - 9) ** dropout < 9"}]}, "-1 to the power of 0.5 is no number"),
        ({"constraint": [{"rule": "0.5 ** (hidden_size * (20 - hidden_size)) < 1"}], "model": {"hidden_size": [10, 1, 19]}}, "constraint: the rule '0.5 ** (hidden_size * (20 - hidden_size)) < 1' means nothing for model.hidden_size = 10"),
        ({"model": {"hidden_size": [8, None]}}, "model.hidden_size: none (null) is not taken: input should be a valid integer"),
        ({"constraint": [{"rul": "hidden_size > 8"}]}, "constraint"),
        ({"constraint": "hidden_size > 8"}, "constraint"),
        ({"search": {"method": "random", "trials": 2}, "model": {"hidden_size": {"low": 8, "high": 16}, "dropout": {"value": 0.5, "when": {"hidden_size": 8.5}}}}, "has no listed values"),
    ],
)  # fmt: skip
def test_mistakes(sections, says):
    with pytest.raises(StudyError) as caught:
        study(**sections)
    assert says in " ".join(str(caught.value).split())


def test_what_could_not_be_read_is_reported_once():
    with pytest.raises(StudyError) as caught:
        study(
            model={"hidden_size": {"low": 3}, "dropout": {"value": 0.1, "when": {"hidden_size": 8}}}
        )
    assert [mistake.key for mistake in caught.value.mistakes] == ["model.hidden_size"]
