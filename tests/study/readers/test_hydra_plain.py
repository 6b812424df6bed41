"""Plain values in Hydra's grammar: what is taken is what Hydra's own parser says, all else is left to it."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from interplay.study.readers.hydra_plain import plain_value
from interplay.study.readers.hydra_values import read_value
from tests.examples import examples

HYDRA = OverridesParser.create()


def theirs(text):
    return HYDRA.parse_rule(f"key={text}", "override")._value


@pytest.mark.parametrize(
    "text",
    [
        *("8,16,32", "8, 16 ,\t32", "a,b-1,_c", "-1,+2,0", ".5,0.25,1e-3,1E5,2.5e+1,-.5e2"),
        *("choice(1,2)", "choice( 1 , b )", "choice (1)", "interval(0, 0.6)", "range(1,8,2)"),
        *("int(interval(1, 8))", "tag(log, interval(1e-4, 0.1))", "tag(log,int(interval(1,9)))"),
        *("5", "word", "-0.5", "sort(3,1,2)", "str(1)", "choice(choice(1,2),3)", "int(1.5),2"),
    ],
)
def test_plain_ones_are_taken(text):
    assert repr(plain_value(text, HYDRA.functions)) == repr(theirs(text))


@pytest.mark.parametrize(
    "text",
    [
        *("null", "True", "false,1", "nan", "Inf", "-inf", "choice(NULL,1)", "1_000", "007", "1."),
        *(
            "a b",
            "a.b",
            "é",
            "²",
            "'a'",
            '"1",1',
            r"a\,b",
            "[1,2]",
            "{a:1}",
            "${x},1",
            "a/b",
            "1-2",
        ),
        *(
            " 1",
            "1 ",
            "",
            ",",
            "1,",
            ",1",
            "choice()",
            "choice(1",
            "choice(1,2))",
            "f(1)",
            "1(2)",
            "choice(range(1,2),3)",
        ),
        *(
            "int(a,b)",
            "interval(1)",
            "range(start=1,stop=2)",
            "choice(1)2",
            "choice(1)(2)",
            "a\n,b",
        ),
        *("9" * 5000, "true(1)", "(1)", "choice(,1)", "sort(1,a)"),
    ],
)
def test_all_else_is_left_to_the_parser(text):
    assert plain_value(text, HYDRA.functions) is None


ITEMS = st.one_of(
    st.integers(-99, 99).map(str),
    st.floats(allow_nan=False).map(str),
    st.from_regex(r"[+-]?[0-9_]{0,3}[.]?[0-9_]{0,2}([eE][+-]?[0-9_]{1,2})?", fullmatch=True),
    st.from_regex(r"[A-Za-z_-][\w-]{0,3}", fullmatch=True),
    st.sampled_from(["null", "True", "nan", "-INF", "log", "a b", "'a'", "", "[1]", "x=1", "${a}"]),
)
NAMES = st.sampled_from(
    ["choice", "interval", "range", "int", "float", "str", "bool", "tag", "sort", "glob", "other"]
)
COMMAS = st.sampled_from([",", ",", ", ", " ,", "\t,  "])


def call(name, inner, comma, gap):
    return f"{name}{gap}({gap}{comma.join(inner)}{gap})"


VALUES = st.recursive(
    ITEMS,
    lambda inner: st.builds(
        call, NAMES, st.lists(inner, max_size=3), COMMAS, st.sampled_from(["", "", " "])
    ),
    max_leaves=5,
)


@examples(200)
@given(st.lists(VALUES, min_size=1, max_size=3), COMMAS)
def test_what_is_taken_is_what_hydra_says(values, comma):
    text = comma.join(values)
    mine = plain_value(text, HYDRA.functions)
    assert mine is None or repr(mine) == repr(theirs(text))


@examples(200)
@given(st.text("ab0179_.eE+-(), \tlrn", max_size=9))
def test_also_of_any_text(text):
    mine = plain_value(text, HYDRA.functions)
    assert mine is None or repr(mine) == repr(theirs(text))


def test_the_parser_is_not_asked_for_plain_ones(monkeypatch):
    read_value("1,2")
    monkeypatch.setattr(OverridesParser, "parse_rule", lambda *_: pytest.fail("it was asked"))
    assert read_value("tag(log, interval(0.1, 1))").value == {"low": 0.1, "high": 1, "log": True}
    with pytest.raises(pytest.fail.Exception):
        read_value("null,1")
