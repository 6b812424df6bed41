"""Listeners: told of every row that the ledger has, in order; what they do wrong stops no training."""

import pytest

from interplay.table.ledger import Ledger
from interplay.tuning.execute import Interrupted


class Heard:
    """Keeps what it was told, and raises at one word of it."""

    name = "the test"

    def __init__(self, wrong_at=None):
        self.wrong_at = wrong_at
        self.told = []
        self.keys = []

    def begin(self, ledger):
        self.ledger = Ledger.open(ledger.folder)
        assert self.ledger.study()["name"] == "small"
        self.there = self.ledger.finished()
        self._tell("begin")

    def rows(self, rows):
        self.keys += [row.key for row in rows]
        assert set(self.keys) <= self.ledger.finished()
        self._tell("rows")

    def end(self, results):
        self.results = results
        self._tell("end")

    def _tell(self, word):
        self.told.append(word)
        if word == self.wrong_at:
            raise RuntimeError("no such thing")


def test_it_hears_of_each_row_once_and_of_the_end(quiet_run, make_study):
    first, again = Heard(), Heard()
    quiet_run(make_study(), listeners=[first], workers=1)
    assert first.told == ["begin", *["rows"] * (len(first.told) - 2), "end"]
    assert len(first.keys) == len(set(first.keys)) == len(first.results.frame) == 8
    assert not first.there
    quiet_run(make_study(), listeners=[again])
    assert again.told == ["begin", "end"]
    assert again.there == set(first.keys)


def test_it_hears_of_what_a_search_trains(quiet_run, make_study):
    heard = Heard()
    study = make_study(search={"method": "bayes", "trials": 3}, seeds=1)
    outcome = quiet_run(study, listeners=[heard])
    assert len(heard.keys) == len(outcome.results.frame) == 3
    assert heard.told[-1] == "end"


@pytest.mark.parametrize("word", ["begin", "rows", "end"])
def test_one_that_raises_is_said_once_and_neither_training_nor_others_stop(
    quiet_run, make_study, capsys, word
):
    wrong, other = Heard(word), Heard()
    outcome = quiet_run(make_study(), listeners=[wrong, other], workers=1)
    assert outcome.trained == 8
    assert wrong.told.count(word) == 1
    assert wrong.told[-1] == word
    assert len(other.keys) == 8
    said = [line for line in capsys.readouterr().err.splitlines() if "no such thing" in line]
    assert said == ["the test goes no further, the study does: RuntimeError: no such thing"]


def test_it_hears_that_a_study_was_broken_off(quiet_run, make_study):
    def interrupt(rows):
        raise KeyboardInterrupt

    heard = Heard()
    with pytest.raises(Interrupted):
        quiet_run(make_study(seeds=5), listeners=[heard], workers=1, ends=interrupt)
    assert heard.told[-1] == "end"
    assert heard.results is None
