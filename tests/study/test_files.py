"""Study files as tables: where YAML 1.1 would read something else."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from interplay.study.files import read_file, unlike_in_pyyaml

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
