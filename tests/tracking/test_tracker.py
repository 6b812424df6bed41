"""The thread that keeps a mirror up: what it does after a mirror failed."""

import time

import pytest

from interplay.registry import Entry
from interplay.tracking import MIRRORS
from interplay.tracking import tracker as tracker_module


class Shelf:
    """A mirror in this process, which forgets what it is asked to and fails when it is asked to."""

    def __init__(self, address):
        self.place = address

    @classmethod
    def clear(cls, fails_at=()):
        cls.kept, cls.opened, cls.calls, cls.fails_at, cls.closed = {}, 0, 0, fails_at, []

    def open(self, _):
        type(self).opened += 1
        return {key: digest for key, (digest, _) in self.kept.items()}

    def training(self, training, cell):
        type(self).calls += 1
        if self.calls in self.fails_at:
            raise OSError("no answer")
        assert training.row.key not in self.kept, "given twice"
        self.kept[training.row.key] = training.digest, cell.name

    def cell(self, cell):
        pass

    def files(self, paths):
        pass

    def close(self, whole):
        self.closed.append(whole)


@pytest.fixture
def shelf(monkeypatch):
    monkeypatch.setitem(
        MIRRORS._entries, "tensorboard", Entry("tensorboard", f"{__name__}:Shelf", "a shelf")
    )
    monkeypatch.setattr("interplay.tracking.attach.check_addresses", lambda *_: None)
    monkeypatch.setattr(tracker_module, "FIRST_WAIT", 0.01)
    Shelf.clear()
    return Shelf


def test_each_training_is_given_once_and_the_end_is_said(tracked_run, shelf):
    results = tracked_run({"tensorboard": "here"}).results
    assert len(shelf.kept) == len(results.frame)
    assert (shelf.opened, shelf.closed) == (1, [True])
    assert {name for _, name in shelf.kept.values()} == {
        f"hidden_size={size}, dropout={dropout}" for size in (4, 8) for dropout in (0.0, 0.5)
    }


def test_after_a_failure_what_is_there_is_looked_at_once_more_at_the_end(
    tracked_run, shelf, capsys
):
    def recovered(rows):
        end = time.monotonic() + 60
        while shelf.opened < 2 and time.monotonic() < end:
            time.sleep(0.01)

    shelf.clear([1])
    results = tracked_run({"tensorboard": "here"}, workers=1, ends=recovered).results
    assert len(shelf.kept) == len(results.frame)
    assert (shelf.opened, shelf.closed) == (3, [True])
    (said,) = [line for line in capsys.readouterr().err.splitlines() if "fails;" in line]
    assert said.endswith("fails; training goes on, it is tried again: OSError: no answer")


def test_one_that_always_fails_says_how_to_log_what_it_lacks(tracked_run, shelf, capsys, tmp_path):
    shelf.clear(range(1000))
    assert tracked_run({"tensorboard": "here"}).trained == 8
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == (
        "tensorboard here: lacks trainings that the ledger has, `interplay track "
        f"{tmp_path / 'run'} --tensorboard here` logs them: OSError: no answer"
    )
    assert shelf.closed == []
