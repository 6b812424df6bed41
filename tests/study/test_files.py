"""Study files as tables: where YAML 1.1 would read something else."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from interplay.study import files
from interplay.study.files import read_file, unlike_in_pyyaml
from tests.examples import examples

SCALARS = st.sampled_from(
    [
        *("1e-5", "1.0e-5", "1.5e5", "1.5e+5", ".5e3", "-2E3", "1_0e3", "12", "0.5", "true"),
        *("no", "Off", "YES", "on", "none", "'no'", '"1e-5"', "word", "a.no", "x1e-5", "noon"),
    ]
)


@given(st.lists(SCALARS, min_size=1, max_size=5), st.sampled_from(["flow", "block", "map"]))
def test_it_names_what_pyyaml_reads_otherwise(tmp_path_factory, words, form):
    lines = {
        "flow": f"a: [{', '.join(words)}]  # no, 1e-5",
        "block": "a:\n" + "\n".join(f"  - {word}  # yes" for word in words),
        "map": "\n".join(f"k{i}: {word}" for i, word in enumerate(words)),
    }[form]
    file = tmp_path_factory.mktemp("yaml") / "sweep.yaml"
    file.write_text(lines, encoding="utf-8")
    ours, theirs = read_file(file), yaml.safe_load(lines)
    pairs = (
        zip(ours.values(), theirs.values(), strict=True)
        if form == "map"
        else zip(ours["a"], theirs["a"], strict=True)
    )
    unlike = [word for word, pair in zip(words, pairs, strict=True) if pair[0] != pair[1]]
    assert unlike_in_pyyaml(file) == list(dict.fromkeys(unlike))


@pytest.mark.parametrize(
    ("name", "text", "unlike"),
    [
        ("a.yaml", "a: no way\nb: {on: 1, c: 'x, no, y'}\n", []),
        ("a.yml", "a: {b: 1e-5, c: [off]}\n", ["1e-5", "off"]),
        ("a.toml", "a = 1e-5\n", []),
        ("a.json5", "{a: 1e-5}", []),
    ],
)
def test_keys_texts_and_other_notations_are_no_such_words(tmp_path, name, text, unlike):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert unlike_in_pyyaml(tmp_path / name) == unlike


PIECES = st.sampled_from(
    [
        *("a: 1\n", "b:\n", "  c: [1e-5, no, 0o17, 012]\n", "  - x\n", "- {d: 1:30, e: 'q'}\n"),
        *("? f\n", ": g\n", "&h ", "*h ", "<<: *h\n", "!!str ", "!!bool ", "!own ", "~", "null\n"),
        *(
            '"\\x41"\n',
            "'",
            '"',
            "[",
            "]",
            "{",
            "}",
            ",",
            ": ",
            "#",
            " # i\n",
            "|\n   j\n",
            "\n",
            "  ",
        ),
        *(
            "2001-01-01\n",
            ".inf\n",
            "-.5\n",
            "1_000\n",
            "0x1F\n",
            "http://k:l\n",
            "---\n",
            "é",
            "\u2028",
        ),
        *("%YAML 1.1\n---\n", "\tm\n", "@", "`", "1.0: 2\n", "1: 3\n", "[" * 110, "- " * 120),
    ]
)


def outcome(text):
    try:
        return repr(files.load_yaml(text))
    except (ValueError, RecursionError) as error:
        return type(error).__name__, str(error)


@given(st.lists(PIECES, max_size=9).map("".join))
@examples(200)
def test_the_parser_in_c_reads_what_the_one_in_python_does(text):
    ours = outcome(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_is_for_c", lambda text: False)
        theirs = outcome(text)
    if ours[0] != "RecursionError":
        assert ours == theirs


def test_much_is_read_in_c_and_what_is_too_deep_is_not_read():
    assert files._is_for_c("a: [1e-5, no]\n")
    assert not files._is_for_c("a: b: c\n")
    assert not files._is_for_c("%YAML 1.1\n---\na: no\n")
    for deep in ("[", "{a: ", "- ", "? "):
        with pytest.raises(RecursionError):
            files.load_yaml(deep * 200_000)
