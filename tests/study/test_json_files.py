"""JSON and JSON5 files: the fast way reads as json5 does, and jsonnet's programs are named."""

import json5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplay.errors import InterplayError
from interplay.study.converting import sweep_at
from interplay.study.files import read_file
from interplay.study.json_files import read_json
from tests.examples import examples


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": [1, 2.5, null, true]}',
        "{a: 1, b_c: 'word', $d: {e: [1, 2,],},}",
        "// first\n{a: 1, /* in\nbetween */ b: 'http://x.y', c: \"/* no */ // comment\"}",
        "{a: .5, b: +3, c: 0x10, d: Infinity, e: 5., f: -Infinity}",
        "{a: 'it\\'s', b: \"a\\\nb\", c: '\"', d: '\\x41', 'e f': 1}",
        "[1, 2, // last\n]",
        "{a: 'b: c', \"d: {e\": ',]'}",
    ],
)
def test_it_reads_as_json5_does(text):
    assert read_json(text) == json5.loads(text)


LOOSE = st.lists(
    st.sampled_from(
        [*"{}[]:,'\"\\ \n+-.", "a", "true", "null", "1", "0x1", "//", "/*", "*/", "'b'", "NaN "]
    )
).map("".join)


@examples(300)
@given(LOOSE)
def test_whatever_json5_refuses_is_refused_and_the_rest_alike(text):
    try:
        expected = json5.loads(text, allow_duplicate_keys=False)
    except ValueError:
        with pytest.raises(ValueError):
            read_json(text)
    else:
        assert repr(read_json(text)) == repr(expected)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("local x = 1; {a: x}", "jsonnet's local is part of a program"),
        ("{a: 1 + 2}", "jsonnet's + is"),
        ("{f(x):: x}", "jsonnet's :: is"),
        ("{a: function(x) x}", "jsonnet's function is"),
        ("{a: import 'x.libsonnet'}", "jsonnet's import is"),
        ("{a: 1, b: self.a}", "jsonnet's self is"),
        ("{a: 1, b: $.a}", "jsonnet's $ is"),
        ("{[x]: 1 for x in ['a']}", "jsonnet's for is"),
        ("{a: 1, 'a': 2}", "the key 'a' stands there twice"),
        ("{a: b}", 'line 1 Unexpected "b" at column 5'),
        ("{a: 'local x'", "Unexpected end of input"),
        ("", "not JSON or JSON5"),
        ("[1]", "a study file is a table of keys, not list"),
        ("[" * 5000, "nested too deeply"),
        ("{a: " * 150 + "1" + "}" * 150, "nested too deeply"),
    ],
)
def test_what_is_refused(tmp_path, text, says):
    file = tmp_path / "x.jsonnet"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InterplayError, match="jsonnet") as error:
        read_file(file)
    assert says in str(error.value)


def test_a_hash_begins_a_comment_of_jsonnet(tmp_path):
    file = tmp_path / "x.jsonnet"
    file.write_text("{ # first\n a: '#', } # last", encoding="utf-8")
    assert read_file(file) == {"a": "#"}


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a\n  b: *a"])
def test_yaml_that_holds_itself_is_too_deep(tmp_path, text):
    file = tmp_path / "x.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InterplayError, match="nested too deeply"):
        read_file(file)


def test_yaml_that_repeats_itself_beyond_measure(tmp_path):
    file = tmp_path / "x.yaml"
    lines = ["a0: &a0 [1, 1]", *(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40))]
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InterplayError, match="more than 1,000,000 values"):
        read_file(file)


def test_json_that_holds_results_is_no_sweep(tmp_path):
    file = tmp_path / "results.json"
    file.write_text('[{"lr": 0.1, "accuracy": 0.5}]', encoding="utf-8")
    assert sweep_at(file) is None
    file.write_text('{"hyperparameters": {"lr": [1, 2]}}', encoding="utf-8")
    assert sweep_at(file) is not None
