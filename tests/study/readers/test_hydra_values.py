"""Hydra's grammar of values: what each means in our notation, what is refused, and what draws say."""

import sys

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, RangeSweep
from hypothesis import given
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.space.domains import Choice, Constant, Float, Int
from interplay.study.readers.hydra_values import (
    Names,
    NotHydraError,
    Steps,
    read_value,
    speaks_hydra,
)
from interplay.study.readers.native import read_written
from interplay.study.readers.targets import ACTIVATIONS


def domain_of(text, ends="included"):
    read, mistakes = read_value(text), []
    value = read.value.native(ends) if isinstance(read.value, Steps) else read.value
    written = read_written("key", value if read.sweeps else {"value": value}, mistakes)
    assert not mistakes
    return written.domain


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("8,16,32", Choice((8, 16, 32))),
        ("a,b,c", Choice(("a", "b", "c"))),
        (" 1 , b , 2.5 ", Choice((1, "b", 2.5))),
        ("true,False", Choice((True, False))),
        ("null,0.1", Choice((None, 0.1))),
        ("1e-3,1E-2", Choice((1e-3, 1e-2))),
        ("'a,b','c d'", Choice(("a,b", "c d"))),
        ('"1",1', Choice(("1", 1))),
        (r"a\,b,c\ ", Choice(("a,b", "c "))),
        (r"'it\'s',x", Choice(("it's", "x"))),
        ("[8,16],[4]", Choice(([8, 16], [4]))),
        ("choice(8)", Choice((8,))),
        ("choice(8,16)", Choice((8, 16))),
        ("choice(True, False)", Choice((True, False))),
        ("choice([1,2],[3])", Choice(([1, 2], [3]))),
        ("sort(3,1,2)", Choice((1, 2, 3))),
        ("sort(choice(1,2,3),reverse=true)", Choice((3, 2, 1))),
        ("shuffle(a,b)", Choice(("a", "b"))),
        ("shuffle(range(1,4))", Choice((1, 2, 3))),
        ("interval(0,0.6)", Float(0.0, 0.6)),
        ("interval(1,8)", Float(1.0, 8.0)),
        ("interval(start=1,end=8)", Float(1.0, 8.0)),
        ("int(interval(1,8))", Int(1, 8)),
        ("int(interval(1.5,3.7))", Int(1, 3)),
        ("float(interval(1,8))", Float(1.0, 8.0)),
        ("tag(log, interval(0.001,0.1))", Float(0.001, 0.1, log=True)),
        ("int(tag(log,interval(1,64)))", Int(1, 64, log=True)),
        ("tag(log,int(interval(1,64)))", Int(1, 64, log=True)),
        ("range(1,8)", Int(1, 8, step=1)),
        ("range(4)", Int(0, 4, step=1)),
        ("range(0,10,3)", Int(0, 9, step=3)),
        ("range(0,0.5,0.1)", Float(0.0, 0.5, step=0.1)),
        ("range(-5.5, 5.5, step=0.5)", Float(-5.5, 5.5, step=0.5)),
        ("float(range(1,3))", Float(1.0, 3.0, step=1.0)),
        ("sort(range(3,0,-1))", Int(1, 4, step=1)),
        ("int(1.9,2.1)", Choice((1, 2))),
        ("str(1,true)", Choice(("1", "true"))),
        ("bool(0,1)", Choice((False, True))),
        ("float(1,2)", Choice((1.0, 2.0))),
        ("int(3.7)", Constant(3)),
        ("int([1.5,2.5])", Constant([1, 2])),
        ("null", Constant(None)),
        ("True", Constant(True)),
        (".5", Constant(0.5)),
        (r"'it\'s'", Constant("it's")),
        (r"a\,b", Constant("a,b")),
        ("{_target_: torch.nn.Sigmoid}", Constant("sigmoid")),
        ("{_target_: torch.nn.Tanh},{_target_: torch.nn.ReLU}", Choice(("tanh", "relu"))),
    ],
)
def test_what_a_value_means(text, domain):
    assert domain_of(text) == domain
    assert type(domain_of(text)) is type(domain)


@pytest.mark.parametrize(
    ("text", "included", "excluded", "short"),
    [
        ("range(1,5)", [1, 2, 3, 4, 5], [1, 2, 3, 4], [1, 2, 3, 4]),
        ("range(0,10,3)", [0, 3, 6, 9], [0, 3, 6, 9], [0, 3, 6]),
        ("range(-1.0,1.0,step=1)", [-1.0, 0.0, 1.0], [-1.0, 0.0], [-1.0, 0.0]),
        ("range(0,0.5,0.1)", [0, 0.1, 0.2, 0.3, 0.4, 0.5], [0, 0.1, 0.2, 0.3, 0.4], None),
        ("range(2,3)", [2, 3], [2], [2]),
    ],
)
def test_each_sampler_ends_a_range_by_its_own_rule(text, included, excluded, short):
    for ends, values in [
        ("included", included),
        ("excluded", excluded),
        ("short", short or excluded),
    ]:
        found = domain_of(text, ends).grid()
        assert found == pytest.approx(values)
        assert len({type(value) for value in found}) == 1
    start, stop, step = (
        getattr(read_value(text).value, name) for name in ("start", "stop", "step")
    )
    assert list(RangeSweep(start=start, stop=stop, step=step).range()) == pytest.approx(excluded)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("choice()", "empty choice is not legal"),
        ("choice(choice(1,2),3)", "a sweep within another"),
        ("interval(1)", "missing a required argument"),
        ("interval(1,2,3)", "too many positional arguments"),
        ("interval(a,b)", "mismatch type argument"),
        ("int(interval(0,inf))", "infinity"),
        ("str(interval(0,1))", "Intervals cannot be cast to str"),
        ("bool(range(0,2))", "Range can only be cast to int or float"),
        ("bool(a,b)", "Cannot cast 'a' to bool"),
        ("int(a,b)", "'a'"),
        ("uniform(0,1)", "Unknown function 'uniform'"),
        ("choice(1,2", "no viable alternative at input"),
        ("1,", "mismatched input '<EOF>'"),
        ("sort(1,a)", "not supported between"),
        ("shuffle([1,2])", "another order each time"),
        ("tag(log)", "Last argument to tag"),
        ("range(1,true)", "where a number is meant"),
        ("range(0,4,step=true)", "where a number is meant"),
        ("${x},1", "an interpolation, which only Hydra can resolve"),
        ("{_target_: os.system}", "never imported or called"),
        ("{_target_: torch.nn.Linear}", "known: torch.nn.ReLU"),
        ("{_target_: torch.nn.ELU, alpha: 2}", "with arguments (alpha)"),
    ],
)
def test_what_is_no_value(text, says):
    with pytest.raises(NotHydraError) as error:
        read_value(text)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("text", "ends", "says"),
    [
        ("range(0,10,0)", "excluded", "a step of 0"),
        ("range(5,1)", "excluded", "holds no value"),
        ("range(1,1)", "short", "holds no value"),
        ("range(5,1,-1)", "included", "sort(range(5, 1, -1)) does"),
        ("range(0,inf,0.5)", "included", "is not finite"),
        ("range(0,1,1e-9)", "excluded", "more than 100,000 values"),
    ],
)
def test_what_is_no_range(text, ends, says):
    with pytest.raises(NotHydraError) as error:
        read_value(text).value.native(ends)
    assert says in str(error.value)


def test_downwards_where_order_is_all_that_it_says():
    assert read_value("range(5,1,-2)").value.native("excluded") == [5, 3]


def test_a_glob_takes_the_names_that_fit():
    assert read_value("glob(*)").value == Names(("*",), ())
    names = read_value("glob([a*,b],exclude=ab)").value
    assert names.of(["a", "ab", "b", "c"]) == ["a", "b"]


def test_tags_that_mean_nothing_are_told():
    assert read_value("tag(log,interval(1,2))").notes == ()
    assert read_value("tag(log,choice(1,2))").notes == ("the tag 'log' means nothing here",)
    assert read_value("tag(mine,log,interval(1,2))").notes == ("the tag 'mine' means nothing here",)


@pytest.mark.parametrize(
    "text", ["plain", "a b", "runs/one (1)", "sqlite:///a.db", "0,001", "[a", "x.y(1", "{", "'a"]
)
def test_what_is_read_as_before(text):
    assert speaks_hydra(text) == (text == "{")


def test_activations_are_those_that_we_have():
    from torch import nn

    from interplay.models.blocks.activation import ACTIVATIONS as OURS

    for theirs, ours in ACTIVATIONS.items():
        if ours != "none":
            assert OURS[ours] is getattr(nn, theirs)
    assert set(OURS) <= set(ACTIVATIONS.values())


def test_without_the_package_there_is_a_way_out(monkeypatch):
    from interplay.study.readers import hydra_values

    hydra_values._parser.cache_clear()
    monkeypatch.setitem(sys.modules, "hydra.core.override_parser.overrides_parser", None)
    with pytest.raises(InterplayError, match=r"pip install .interplay\[hydra\]"):
        read_value("1,2")


HYDRA = OverridesParser.create()
NUMBERS = st.integers(-50, 50) | st.floats(-50, 50).map(lambda x: round(x, 2))
WORDS = st.text("ab'\"\\,()[]{}:= 1.$", max_size=6)
PLAIN = NUMBERS.map(str) | WORDS
CALLS = st.one_of(
    st.lists(PLAIN, min_size=2, max_size=4).map(",".join),
    st.lists(PLAIN, max_size=4).map(lambda items: f"choice({','.join(items)})"),
    st.tuples(NUMBERS, NUMBERS).map(lambda pair: f"interval({pair[0]},{pair[1]})"),
    st.tuples(NUMBERS, NUMBERS, NUMBERS).map(lambda three: "range({},{},{})".format(*three)),
)
WRAPS = st.sampled_from(["{}", "int({})", "float({})", "tag(log,{})", "shuffle({})", "sort({})"])


@given(CALLS, st.lists(WRAPS, max_size=2))
def test_every_value_is_what_hydra_says(text, wraps):
    """As hydra-core's own parser reads it; what that refuses is refused."""
    for wrap in wraps:
        text = wrap.format(text)
    try:
        theirs = HYDRA.parse_override(f"key={text}").value()
    except Exception:
        with pytest.raises(NotHydraError):
            read_value(text)
        return
    if isinstance(theirs, RangeSweep) and theirs.shuffle:
        assert "shuffle" in text  # a list of what is in it, which test_each_sampler compares
        return
    try:
        ours = read_value(text)
    except NotHydraError as error:
        reason = str(error)
        ours = None
    if ours is None:
        ours_alone = ("interpolation", "another order", "within another")
        assert any(words in reason for words in ours_alone)
        return
    if isinstance(theirs, ChoiceSweep):
        plain = [getattr(one, "text", one) for one in theirs.list]
        assert ours.sweeps
        assert ours.value == plain
    elif isinstance(theirs, IntervalSweep):
        ends = {"low": theirs.start, "high": theirs.end}
        assert ours.value == ends | ({"log": True} if "log" in theirs.tags else {})
    elif isinstance(theirs, RangeSweep):
        assert ours.value == Steps(theirs.start, theirs.stop, theirs.step)
    else:
        assert not ours.sweeps
        assert ours.value == theirs
