"""Ways out of an error, in the words of where its reader is."""

import pickle

import pytest

from interplay.errors import (
    BudgetError,
    Mistake,
    Option,
    StudyError,
    TableError,
    UnknownNameError,
    as_flag,
    near_path,
)


def test_options_are_written_as_each_door_takes_them():
    error = TableError(
        "ask ", Option("at_epoch", 3), " or ", Option("where", ("net.norm", "a b")), ", not ",
        Option("x"), " or ", Option("over", "mean"),
    )  # fmt: skip
    assert str(error) == (
        "ask `at_epoch=3` or `where={'net.norm': 'a b'}`, not `x` or `over='mean'`"
    )
    assert error.said(as_flag) == (
        "ask `--at-epoch 3` or `--where 'net.norm=a b'`, not `--x` or `--over mean`"
    )


def test_a_message_without_options_is_itself_at_every_door():
    error = BudgetError("{a} %s ⟦")
    assert str(error) == error.said(as_flag) == "{a} %s ⟦"
    assert str(pickle.loads(pickle.dumps(error))) == "{a} %s ⟦"


@pytest.mark.parametrize(
    ("word", "names", "near"),
    [
        ("acuracy", ["accuracy", "loss"], "accuracy"),
        ("lrr", ["optimizer.lr", "model.width"], "optimizer.lr"),
        ("widht", ["config/lr", "config/width"], "config/width"),
        ("aplha", ["mlp__alpha", "mlp__tol"], "mlp__alpha"),
        ("numbr", [], "number"),
        ("nothing", ["a.b", "c"], None),
    ],
)
def test_a_name_is_near_where_its_last_part_is(word, names, near):
    said = str(UnknownNameError("column", word, names, ["number"]))
    assert said.endswith(f"; did you mean {near!r}?") if near else "mean" not in said


def test_a_path_is_near_to_what_lies_beside_it(tmp_path):
    (tmp_path / "sweep.db").touch()
    assert near_path(tmp_path / "sweeps.db") == f"; did you mean {tmp_path / 'sweep.db'}?"
    assert near_path(tmp_path / "sweeps.db", ["a"]) == near_path(tmp_path / "no" / "s.db") == ""


def test_a_file_full_of_mistakes_has_its_first_written_out_and_the_rest_counted():
    many = [Mistake(f"model.x{i}", "no such key") for i in range(667)]
    lines = str(StudyError("s.toml", many)).splitlines()
    assert lines[0] == "s.toml: 667 mistakes"
    assert (len(lines), lines[-1]) == (22, "  … and 647 more")
    assert "more" not in str(StudyError("s.toml", many[:20]))
