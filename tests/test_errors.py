"""Ways out of an error, in the words of where its reader is."""

import pickle

from interplay.errors import BudgetError, Option, TableError, as_flag


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
