"""Written study files read as they were meant, whatever is in them."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from interplay.study.writing import toml_of, value_text

SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=12),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab \"'.\\#é", min_size=1), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
TABLES = st.dictionaries(st.text("xyz-_ .\"'\\", min_size=1, max_size=5), VALUES, max_size=4)


@given(TABLES, TABLES)
def test_whatever_is_written_reads_back(top, inner):
    tables = {k: v for k, v in top.items() if not isinstance(v, dict)} | {"section": inner}
    notes = {f"section.{key}": 'it\'s # "this"' for key in inner}
    text = toml_of(tables, ["first", "", "it is é"], notes)
    assert tomllib.loads(text) == tables
    assert text.startswith("# first\n#\n# it is é\n")


@given(VALUES)
def test_a_value_is_one_line(value):
    text = value_text(value)
    assert "\n" not in text
    assert tomllib.loads(f"x = {text}")["x"] == value


def test_none_is_a_word_among_hyperparameters():
    tables = {"epochs": None, "model": {"norm": None, "sizes": [1, None], "k": {"value": None}}}
    wanted = {"norm": "none", "sizes": [1, "none"], "k": {"value": "none"}}
    assert tomllib.loads(toml_of(tables)) == {"model": wanted}


def test_none_is_left_out_and_tuples_are_lists():
    tables = {"a": None, "s": {"b": (1, 2), "c": {"d": None, "e": 1}}}
    assert tomllib.loads(toml_of(tables)) == {"s": {"b": [1, 2], "c": {"e": 1}}}
