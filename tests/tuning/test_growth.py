"""What the driver does grows with what is new, not with what is there. Calls are counted; no clock."""

import io
import sys
from collections import Counter
from contextlib import redirect_stderr
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import interplay
from interplay.study.study import Study
from interplay.table.ledger import Ledger
from interplay.training.members import Member, row_of
from interplay.tuning import preflight as preflight_module
from interplay.tuning.bar import StudyProgress
from interplay.tuning.execute import execute
from interplay.tuning.plan import Plan, make_plan
from tests.tuning.fake import InProcess


class Drawn:
    """A guide without a memory, so that what grows is the driver's."""

    def __init__(self, space):
        self.space = space

    def suggest(self, number):
        return self.space.draw(0, number)

    def observe(self, number, cell, score):
        pass


PACKAGE = str(Path(interplay.__file__).parent)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def counted(action):
    """How many calls code of the package makes while `action` runs, built-in functions included."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        caller = {"call": frame.f_back, "c_call": frame}.get(event)
        calls += caller is not None and caller.f_code.co_filename.startswith(PACKAGE)

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    return calls


def value(member):
    return {"value": [member.config["trial.x"]]}


@pytest.fixture
def search(make_scan, monkeypatch, tmp_path):
    """Runs so many trials of a search that trains nothing."""
    monkeypatch.setattr(Study, "guide", lambda study, *_: Drawn(study.space))

    def search(trials):
        top = {"seeds": 1, "epochs": 1}
        study = make_scan(top=top, scheduler=None, method="hyperopt", trials=trials)
        session = InProcess(gives=value)
        with redirect_stderr(Terminal()):
            outcome = execute(study, tmp_path / f"run-{trials}", session=session)
        assert outcome.trained == trials

    return search


def test_twice_the_trials_of_a_search_are_twice_the_calls(search):
    """Merging parts and keeping the best cost a logarithm more."""
    search(4)  # imports
    few, many = (counted(lambda n=n: search(n)) for n in (20, 40))
    assert many < 2.1 * few


def test_a_report_costs_the_same_however_many_cells_there_are(make_scan):
    study = make_scan(trial={"x": [i / 400 for i in range(400)]}, top={"seeds": 1}, scheduler=None)
    plan = make_plan(study)
    own = {"engine": "made", "device": "none"}
    rows = [row_of(m, "complete", **own, curves=value(m)) for m in plan.members]

    def reports(number):
        bar = StudyProgress(number, "value", "max", study.space.varied, stream=Terminal())
        for row in rows[:number]:
            bar.add([row])
        bar.close()

    reports(4)
    few, many = (counted(lambda n=n: reports(n)) for n in (200, 400))
    assert many < 2.1 * few


def test_a_bar_has_values_as_they_are():
    """Brackets are no colours of a terminal, and a closing one alone no error."""
    screen = Terminal()
    bar = StudyProgress(1, "value", "max", ("trial.k",), stream=screen)
    member = Member("key", {"trial.k": "[/b] [red]"}, 0, 1)
    bar.add([row_of(member, "complete", engine="made", device="none", curves={"value": [1.0]})])
    bar.close()
    assert "k=[/b] [red]" in " ".join(screen.getvalue().split())


def test_a_search_resolves_each_cell_once(search, monkeypatch):
    calls = Counter()
    for owner, name in ((Study, "resolve"), (Plan, "members_of"), (StudyProgress, "words")):
        real = getattr(owner, name)

        def counting(self, *args, real=real, name=name):
            calls[name] += 1
            return real(self, *args)

        monkeypatch.setattr(owner, name, counting)
    search(30)
    assert calls["members_of"] == 30
    assert calls["resolve"] <= 32  # and the sketch that data is loaded for
    assert calls["words"] <= 30


def test_the_best_so_far_is_the_best_mean_of_all_that_came_in(make_scan):
    """Also where the best cell's mean falls as its further seeds come in."""
    study = make_scan(trial={"x": [0.0, 0.5, 1.0]}, scheduler=None, mode="min")
    plan = make_plan(study)
    for mode in ("min", "max"):
        bar = StudyProgress(9, "value", mode, study.space.varied, stream=io.StringIO())
        seen = {}
        values = [0.1, 0.3, 0.2, 0.9, 0.3, 0.1]
        for member, v in zip(plan.sort(plan.members), values, strict=True):
            own = {"engine": "made", "device": "none", "curves": {"value": [v]}}
            bar.add([row_of(member, "complete", **own)])
            seen.setdefault(member.config["trial.x"], []).append(v)
            means = {x: sum(own) / len(own) for x, own in seen.items()}
            x = (min if mode == "min" else max)(means, key=means.__getitem__)
            best = f"best value {means[x]:.4g} (n={len(seen[x])}) at x={x:g}"
            assert bar.words().endswith(best)


def test_models_of_one_shape_are_built_once_in_a_whole_search(make_study, monkeypatch, tmp_path):
    built = []
    real = preflight_module.build_model
    monkeypatch.setattr(preflight_module, "build_model", lambda *a: built.append(a[0]) or real(*a))
    monkeypatch.setattr(Study, "guide", lambda study, *_: Drawn(study.space))
    study = make_study(
        seeds=1,
        model={"hidden_size": [8, 16], "dropout": {"low": 0.0, "high": 0.8}},
        optimizer={"lr": {"low": 1e-4, "high": 0.1, "log": True}},
        search={"method": "hyperopt", "trials": 20},
    )
    session = InProcess(gives=lambda member: {"accuracy": [0.5]})
    outcome = execute(study, tmp_path / "run", progress=False, session=session)
    assert outcome.trained == 20
    assert len(built) == 2


def test_a_long_run_is_read_from_few_files(search, tmp_path, monkeypatch):
    search(200)
    opened = []
    real = pq.ParquetFile
    monkeypatch.setattr(pq, "ParquetFile", lambda *a, **k: opened.append(a[0]) or real(*a, **k))
    ledger = Ledger.open(tmp_path / "run-200")
    assert len(ledger.frame()) == 200
    # 50 rounds were asked for, one part each; 200 rows came one by one and were merged.
    assert len(opened) < 64


def test_a_writer_reads_back_only_what_it_merged_before(search, monkeypatch):
    reads = []
    real = pq.ParquetFile
    monkeypatch.setattr(pq, "ParquetFile", lambda *a, **k: reads.append(a[0]) or real(*a, **k))
    search(100)
    assert len(reads) < 50  # of 100 parts of rows and 25 of members
