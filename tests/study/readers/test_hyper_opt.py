"""Optuna in a run configuration: every suggestion, both forms of dependencies, and what is refused."""

import warnings

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from optuna.distributions import FloatDistribution, IntDistribution

from interplay.space.domains import Choice, Constant, Float, Int
from interplay.study.study import Study
from tests.study.readers.sweeps import cells, noted, read, refused


def ask(suggest, dependency=None, **params):
    asked = {"suggest": suggest, "params": params}
    return {"hyper_opt": asked if dependency is None else {**asked, "dependency": dependency}}


def iff(on, *values):
    conditions = [{"type": "equal", "compare_value": value} for value in values]
    return {"type": "optimize_iff", "on": on, "conditions": conditions}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (ask("int", low=2, high=8, step=2), Int(2, 8, step=2)),
        (ask("int", low=2, high=9, step=2), Int(2, 9, step=2)),
        (ask("int", low=1, high=4, step=1), Int(1, 4, step=1)),
        (ask("int", low=1, high=10**6, step=1), Int(1, 10**6)),
        (ask("int", low=1, high=64), Int(1, 64)),
        (ask("int", low=-3, high=3), Int(-3, 3)),
        (ask("int", low=1.0, high=64.0), Int(1, 64)),
        (ask("int", low=2, high=2, step=2), Constant(2)),
        (ask("int", low=2, high=3, step=4), Constant(2)),
        (ask("int", low=1, high=64, log=True), Int(1, 64, log=True)),
        (ask("int", low=1, high=64, log=True, step=1), Int(1, 64, log=True)),
        (ask("int", low=1, high=64, log=False), Int(1, 64)),
        (ask("float", low=0.0, high=0.5), Float(0, 0.5)),
        (ask("float", low=0, high=1), Float(0, 1)),
        (ask("float", low=0.0, high=0.5, step=0.1), Float(0, 0.5, step=0.1)),
        (ask("float", low=0, high=1, step=0.3), Float(0, 1, step=0.3)),
        (ask("float", low=0.5, high=0.5), Constant(0.5)),
        (ask("float", low=1, high=2, step=5), Constant(1.0)),
        (ask("float", low=1e-5, high=1e-1, log=True), Float(1e-5, 0.1, log=True)),
        (ask("float", low=1e-5, high=1e-1, step=None), Float(1e-5, 0.1)),
        (ask("uniform", low=0.1, high=0.9), Float(0.1, 0.9)),
        (ask("uniform", low=1, high=9), Float(1, 9)),
        (ask("loguniform", low=1e-4, high=1), Float(1e-4, 1, log=True)),
        (ask("discrete_uniform", low=0, high=1, q=0.25), Float(0, 1, step=0.25)),
        (ask("discrete_uniform", low=0.0, high=0.5, q=0.1), Float(0, 0.5, step=0.1)),
        (ask("categorical", choices=["relu", "tanh"]), Choice(("relu", "tanh"))),
        (ask("categorical", choices=[1, 2.5, True, None]), Choice((1, 2.5, True, None))),
        (ask("categorical", choices=["one"]), Choice(("one",))),
        (ask("categorical", choices=[[1, 2], [3]]), Choice(([1, 2], [3]))),
        (ask("loguniform", low=2, high=2), Constant(2.0)),
    ],
    ids=str,
)
def test_every_suggestion(raw, expected):
    assert read({"model": {"a": raw}}).space.domains["model.a"] == expected


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (
            ask("integer", low=1, high=2),
            "suggest = 'integer': not one of those; allowed: categorical",
        ),
        (ask(None, low=1), "a.hyper_opt.suggest: not one of those"),
        ({"hyper_opt": {"suggest": "int"}}, "a.hyper_opt.params: not a map"),
        ({"hyper_opt": 3}, "a.hyper_opt = 3: not a map"),
        ({"hyper_opt": {"sugest": "int"}}, "did you mean 'suggest'"),
        ({**ask("int", low=1, high=2), "low": 3}, "a.low: beside hyper_opt"),
        (ask("int", low=1), "params.high: missing"),
        (ask("int", low=1, high=2.5), "params.high = 2.5: not a whole number"),
        (ask("int", low=1, high=4, step=0.5), "params.step = 0.5: not a whole number"),
        (
            ask("int", low=1, high=4, q=1),
            "params.q = 1: no such key; allowed: low, high, step, log",
        ),
        (ask("int", low=5, high=4), "params = '5 to 4': low is above high"),
        (ask("int", low=0, high=4, log=True), "a log range needs a positive low"),
        (ask("int", low=1, high=4, log=True, step=2), "a log range has no step in Optuna"),
        (ask("int", low=1, high=4, log=1), "params.log = 1: not true or false"),
        (ask("float", low="0", high=1), "params.low = '0': not a finite number"),
        (ask("float", low=0, high=float("inf")), "not a finite number"),
        (ask("float", low=0, high=1, step=0), "params.step = 0: not positive"),
        (ask("float", low=0, high=1, step=-1), "params.step = -1: not positive"),
        (ask("float", low=1e-3, high=1, step=0.1, log=True), "a log range has no step"),
        (ask("loguniform", low=0, high=1), "a log range needs a positive low"),
        (ask("uniform", low=0, high=1, step=1), "params.step = 1: no such key; allowed: low, high"),
        (ask("discrete_uniform", low=0, high=1), "params.q: missing"),
        (ask("categorical", choices="ab"), "params.choices = 'ab': not a list"),
        (ask("categorical", choices=[]), "leaves nothing to try"),
        (ask("categorical", choices=[1, 1]), "the same value twice"),
        (ask("int", low=1, high=10**7, step=3), "3,333,334 values"),
    ],
    ids=str,
)
def test_suggestions_that_are_refused(raw, says):
    assert says in refused({"model": {"a": raw}})


HEADS = ask("int", low=2, high=4, step=2)
TWICE = {"type": "multiply", "on": "model.heads"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (ask("int", TWICE | {"on": "heds"}, low=1, high=2), "on = 'heds': no such hyper_opt"),
        (ask("int", TWICE | {"on": 3}, low=1, high=2), "dependency.on = 3: not a name"),
        (
            ask("int", TWICE | {"type": "add"}, low=1, high=2),
            "'add': not one of those; allowed: mul",
        ),
        (ask("int", TWICE | {"by": 2}, low=1, high=2), "dependency.by = 2: no such key"),
        (ask("int", {"type": "multiply"}, low=1, high=2), "dependency.on: missing"),
        (ask("int", "multiply", low=1, high=2), "dependency = 'multiply': not a dependency"),
        (
            ask("int", TWICE | {"on": "model.units"}, low=1, high=2),
            "a plain value; asme takes another",
        ),
        (ask("int", TWICE | {"on": "model.a"}, low=1, high=2), "in a circle: model.a of model.a"),
        (
            ask("int", TWICE | {"on": "model.word"}, low=1, high=2),
            "model.word may be None, which is no",
        ),
        (ask("int", TWICE | {"on": "model.there"}, low=1, high=2), "model.there may be null"),
        (
            ask("int", TWICE | {"on": "x"}, low=1, high=2),
            "x': may mean several; allowed: model.p.x",
        ),
        (ask("int", iff("model.heads", 2) | {"conditions": 2}, low=1, high=2), "= 2: not a list"),
        (
            ask("int", iff("model.heads") | {"conditions": [{"type": "less"}]}, low=1, high=2),
            "conditions[0].type = 'less': not one of those; allowed: equal",
        ),
        (
            ask("int", iff("model.heads") | {"conditions": [{"type": "equal"}]}, low=1, high=2),
            "conditions[0].compare_value: missing",
        ),
        (ask("int", iff("model.heads") | {"conditions": [2]}, low=1, high=2), "[0] = 2: not a map"),
        (ask("int", iff("model.rate", 0.5), low=1, high=2), "has no listed values"),
        (ask("int", iff("model.there", None), low=1, high=2), "compare_value null asks whether"),
        (
            {"hyper_opt": {**HEADS["hyper_opt"], "depends_on": "model.heads"}},
            "not a dependency",
        ),
    ],
)
def test_dependencies_that_are_refused(more, says):
    model = {
        "heads": HEADS,
        "units": 8,
        "rate": ask("float", low=0, high=1),
        "word": ask("categorical", choices=[1, None]),
        "there": ask("int", iff("model.heads", 2), low=1, high=3),
        "p": {"x": ask("int", low=1, high=2)},
        "q": {"x": ask("int", low=1, high=2)},
        "a": more,
    }
    assert says in refused({"model": model})


def test_circles_of_conditions():
    model = {
        "a": ask("int", iff("model.b", 1), low=1, high=2),
        "b": ask("int", iff("model.a", 1), low=1, high=2),
    }
    assert "in a circle" in refused({"model": model})


@pytest.mark.parametrize("older", [False, True])
def test_a_product_is_what_the_model_gets(older):
    size = ask("int", None if older else TWICE, low=2, high=8, step=2)
    if older:
        size["hyper_opt"] |= {"depends_on": "model.heads", "dependency": "multiply"}
    sweep = read({"model": {"size": size, "heads": HEADS}})
    both = [
        (size, heads) for heads in (2, 4) for size in (2 * heads, 4 * heads, 6 * heads, 8 * heads)
    ]
    assert sorted(cells(sweep, "model.size", "model.heads")) == sorted(both)
    assert "Optuna's own store has the factor" in noted(sweep)


def test_what_is_there_only_where_a_condition_holds():
    model = {
        "heads": ask("int", low=1, high=3),
        "act": ask("categorical", iff("model.heads", 2), choices=["r", "t"]),
    }
    sweep = read({"model": model})
    found = cells(sweep, "model.heads", "model.act")
    assert found == [(1, None), (2, "r"), (2, "t"), (3, None)]
    assert sweep.space.size == 4
    assert "elsewhere asme hands null to the model" in noted(sweep)


@pytest.mark.parametrize("conditions", [(5,), (2, 4)])
def test_a_condition_that_never_holds_is_null_as_in_asme(conditions):
    sweep = read(
        {
            "model": {
                "heads": HEADS,
                "act": ask("uniform", iff("model.heads", *conditions), low=0, high=1),
            }
        }
    )
    assert sweep.space.domains["model.act"] == Constant(None)
    assert "model.act is always null: model.heads is never" in noted(sweep)


def test_the_example_of_its_documentation():
    size = ask(
        "int", {"type": "multiply", "on": "model.num_transformer_heads"}, low=2, high=8, step=2
    )
    act = ask("categorical", iff("module.model.num_transformer_heads", 2), choices=["relu", "tanh"])
    model = {
        "num_transformer_heads": ask("int", low=2, high=2, step=2),
        "num_transformer_layers": ask("int", low=2, high=8, step=2),
        "transformer_hidden_size": size,
        "transformer_dropout": 0.1,
        "nonlinearity": act,
    }
    sweep = read({"module": {"type": "bert4rec", "model": model}, "trainer": {"max_epochs": 100}})
    layers, sizes = (2, 4, 6, 8), (4, 8, 12, 16)
    names = [
        f"module.model.{key}"
        for key in ("num_transformer_layers", "transformer_hidden_size", "nonlinearity")
    ]
    assert sorted(cells(sweep, *names)) == sorted(
        (layer, size, word) for layer in layers for size in sizes for word in ("relu", "tanh")
    )
    assert sweep.space.domains["module.model.transformer_dropout"] == Constant(0.1)
    assert "depends on model.num_transformer_heads, which is module.model.num_tr" in noted(sweep)
    assert "nothing of it goes to the model here: module.type, trainer" in noted(sweep)
    assert sweep.study["epochs"] == 100
    assert sweep.study["search"] == {"method": "optuna", "trials": 20}


def test_lists_are_looked_through_with_a_note():
    sweep = read({"sizes": [8, ask("int", low=1, high=4)], "name_of": "x"})
    assert list(sweep.space.domains) == ["sizes.0", "sizes.1"]
    assert "sizes is a list; asme itself finds hyper_opt in maps only" in noted(sweep)
    assert "name_of" in noted(sweep)


def test_a_configuration_of_ours_keeps_all_that_it_says():
    tables = {
        "name": "mine",
        "epochs": 2,
        "seeds": 3,
        "search": {"method": "random", "trials": 4},
        "data": {"name": "digits", "batch_size": 64},
        "model": {"name": "linear", "hidden_size": HEADS, "dropout": None},
    }
    sweep = read(tables)
    assert list(sweep.space.domains) == [
        *("data.name", "data.batch_size", "model.name", "model.hidden_size", "model.dropout")
    ]
    assert sweep.study == {key: tables[key] for key in ("name", "epochs", "seeds", "search")}


def test_nothing_varies_and_too_much_does():
    single = read({"model": {"a": ask("int", low=2, high=2)}})
    assert single.study["search"] == {"method": "single"}
    many = {str(i): 1 for i in range(20_000)} | {"a": HEADS}
    assert "more than 10,000 values" in refused({"model": many})
    assert "hyper_opt: at the top" in refused({"hyper_opt": {"suggest": "int"}})


def test_names_in_conditions_and_products_become_those_of_the_study(tmp_path):
    file = tmp_path / "sweep.json5"
    file.write_text(
        """{
          net: {
            depth: {hyper_opt: {suggest: 'int', params: {low: 1, high: 2}}},
            width: {hyper_opt: {
              suggest: 'int', params: {low: 4, high: 8, step: 4},
              dependency: {type: 'multiply', on: 'net.depth'}}},
            drop: {hyper_opt: {
              suggest: 'categorical', params: {choices: [0.1, 0.2]},
              dependency: {type: 'optimize_iff', on: 'depth', conditions: [{type: 'equal', compare_value: 2}]}}},
          },
        }""",
        encoding="utf-8",
    )
    names = {"net.depth": "num_layers", "net.width": "model.hidden_size", "net.drop": "dropout"}
    given = ["data.name=digits", "model.name=linear", "epochs=1", "search.metric=accuracy"]
    study = Study.load(file, given, map=names)
    assert study.space.times == {"model.hidden_size": "model.num_layers"}
    assert study.space.when == {"model.dropout": {"model.num_layers": (2,)}}
    assert len(list(study.space.grid())) == 2 + 2 * 2


def test_a_section_of_ours_is_handed_over_whole_however_deep_a_suggestion_is():
    sweep = read({"model": {"name": "linear", "options": {"width": HEADS}}, "other": {"x": 1}})
    assert list(sweep.space.domains) == ["model.name", "model.options.width"]
    assert "nothing of it goes to the model here: other" in noted(sweep)


BOUNDS = st.sampled_from([-2, 0, 1, 2, 7, 0.5, 1.0, 2.5])
STEPS = st.sampled_from([None, 1, 2, 0.5, 0, -1])


@given(st.sampled_from(["int", "float"]), BOUNDS, BOUNDS, STEPS, st.booleans())
def test_a_range_is_what_optuna_suggests_and_what_it_refuses_is_refused(kind, low, high, step, log):
    whole = [end for end in (low, high, step) if end is not None and end != int(end)]
    assume(kind == "float" or not whole)  # Optuna takes 2.5 for 2, with a warning
    step = 1 if kind == "int" and step is None else step
    raw = ask(kind, low=low, high=high, step=step, log=log)
    of = IntDistribution if kind == "int" else FloatDistribution
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a high that no step comes to
            theirs = of(low, high, log=log, step=step)
    except ValueError:
        assert "model.a.hyper_opt.params" in refused({"model": {"a": raw}})
        return
    ours = read({"model": {"a": raw}}).space.domains["model.a"]
    if isinstance(ours, Constant):
        assert theirs.single()
        assert theirs.low == ours.value
    elif ours.size is None:
        assert (ours.low, ours.high, ours.log) == (theirs.low, theirs.high, theirs.log)
        assert theirs.step in (None, 1)
    else:
        count = round((theirs.high - theirs.low) / theirs.step) + 1
        assert ours.grid() == pytest.approx([theirs.low + i * theirs.step for i in range(count)])
        assert not theirs.log
