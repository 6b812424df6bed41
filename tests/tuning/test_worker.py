"""What a worker does with a pack that will not train as a stack."""

import io

import pytest
import torch

from interplay.training.stacked import engine
from interplay.tuning.packs import Pack
from interplay.tuning.plan import make_plan
from interplay.tuning.worker import Context, PackTrainable, Target


def rows_of(study):
    """Every row of a study, from a worker without Ray around it."""
    plan = make_plan(study)
    pack = Pack(tuple(plan.members), "stacked")
    target = Target(plan.metric, plan.mode, study.search.score)
    context = Context([pack], plan.datasets, study.folders, "cpu", 1, target)
    worker = object.__new__(PackTrainable)
    worker.setup({"pack": 0}, context=context)
    rows = []
    while not (result := worker.step())["done"]:
        rows += result["rows"]
    return plan, rows + result["rows"]


@pytest.fixture
def one_shape(make_study):
    return make_study(model={"hidden_size": 4, "dropout": [0.0, 0.5]}, seeds=3)


def test_a_stack_too_large_for_memory_is_halved_until_it_fits(one_shape, monkeypatch):
    tried = []
    start = engine.start_stack

    def short_of_memory(members, *args, **options):
        tried.append(len(members))
        if len(members) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return start(members, *args, **options)

    _, expected = rows_of(one_shape)
    monkeypatch.setattr(engine, "start_stack", short_of_memory)
    plan, rows = rows_of(one_shape)
    assert tried == [6, 3, 2, 1, 3, 2, 1]
    assert {row.key for row in rows} == {member.key for member in plan.members}
    assert {row.engine for row in rows} == {"stacked"}
    losses = {row.key: row.curves["valid_loss"][-1] for row in expected}
    for row in rows:
        assert row.curves["valid_loss"][-1] == pytest.approx(losses[row.key], rel=1e-4)


def test_what_fails_only_in_training_is_a_row_with_its_reason(make_study):
    study = make_study(
        data={"batch_size": 1, "subset": 0.05}, model={"hidden_size": 4, "norm": "batch"}
    )
    _, rows = rows_of(study)
    assert len(rows) == 4
    assert {row.status for row in rows} == {"failed"}
    assert all("more than 1 value per channel" in row.error for row in rows)


def test_a_stack_that_fails_says_why_in_its_rows(one_shape, monkeypatch):
    def broken(*args, **options):
        raise RuntimeError("a fault of the\nstack's")

    monkeypatch.setattr(engine, "start_stack", broken)
    _, rows = rows_of(one_shape)
    assert {row.engine for row in rows} == {"reference"}
    assert {row.note for row in rows} == {"not as a stack: RuntimeError: a fault of the stack's"}
    assert {row.status for row in rows} == {"complete"}


def test_a_note_is_a_column_and_is_told_once_and_counted(one_shape, tmp_path, monkeypatch):
    from interplay.table.ledger import Ledger
    from interplay.tuning.bar import StudyProgress
    from interplay.tuning.describe import describe

    monkeypatch.setattr(engine, "start_stack", None)
    plan, rows = rows_of(one_shape)
    ledger = Ledger(tmp_path / "run").create()
    ledger.write_study(describe(plan), plan.members)
    ledger.append(rows)
    assert ledger.frame()["note"].str.startswith("not as a stack: TypeError").all()
    out = io.StringIO()
    bar = StudyProgress(6, plan.metric, plan.mode, plan.study.space.varied, stream=out)
    bar.add(rows)
    assert out.getvalue().count("not as a stack: TypeError") == 1
    assert "6 not as a stack" in bar.words()
