"""What a stack does on a GPU, on the CPU: its branches, its steps recorded and replayed."""

import gc
import weakref
from contextlib import contextmanager, nullcontext
from itertools import cycle

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from interplay.training.members import Member, section
from interplay.training.stacked.device import place
from interplay.training.stacked.device import steps as device_steps
from interplay.training.stacked.engine import start_stack, train_stack
from interplay.training.tensors import make_parts
from tests.models.tables import cases
from tests.training.stacked.recorder import Recorder
from tests.training.stacked.test_engine import (
    EPOCHS,
    OPTIMIZERS,
    SCHEDULES,
    assert_same,
    configure,
    parts_of,
)


@pytest.fixture
def recorder(monkeypatch):
    """The CPU taken for a device whose steps are recorded."""
    recorder = Recorder()
    monkeypatch.setattr(place, "HOST", ())
    monkeypatch.setattr("interplay.training.stacked.engine.recorder_for", lambda device: recorder)
    return recorder


def members_of(configs, epochs=EPOCHS):
    return [Member(str(i), config, i, epochs) for i, config in enumerate(configs)]


def on_host(monkeypatch, members, parts):
    with monkeypatch.context() as patch:
        patch.setattr(place, "HOST", ("cpu",))
        return train_stack(members, [parts] * len(members))


@pytest.mark.parametrize(("family", "kind"), cases())
def test_steps_that_are_replayed_train_as_steps_that_are_not(family, kind, recorder, monkeypatch):
    config, data = configure(kind, "classification", family, model={"dropout": 0.3})
    parts = parts_of(config, data, kind)
    members = members_of([config, {**config, "model.dropout": 0.5, "optimizer.lr": 3e-3}])
    replayed = train_stack(members, [parts] * 2)
    assert (recorder.recorded, recorder.replayed) == (1, EPOCHS * 3 - device_steps.WARM - 1)
    assert_same(replayed, on_host(monkeypatch, members, parts), 1e-9)


# A schedule moves the rates, of whatever optimizer: each once, and each schedule.
@pytest.mark.parametrize(
    ("optimizer", "schedule"), list(zip(OPTIMIZERS, cycle(SCHEDULES), strict=False)), ids=str
)
def test_optimizers_go_on_when_replayed(optimizer, schedule, recorder, monkeypatch):
    config, data = configure(
        "flat",
        "classification",
        "linear",
        model={"dropout": 0.3},
        optimizer={"lr": 1e-3, **optimizer},
        schedule=schedule,
        training={"clip_norm": 0.5},
    )
    parts = parts_of(config, data, "flat")
    members = members_of([config] * 3)
    replayed = train_stack(members, [parts] * 3)
    assert recorder.replayed
    assert_same(replayed, on_host(monkeypatch, members, parts), 1e-9)


def test_a_step_is_recorded_again_when_rates_part(recorder, monkeypatch):
    schedule = {"name": "plateau", "patience": 0, "factor": 0.5, "threshold": 0.2}
    config, data = configure("flat", "classification", "linear", schedule=schedule)
    parts = parts_of(config, data, "flat")
    members = members_of([config, config, {**config, "schedule.patience": 9}], epochs=5)
    replayed = train_stack(members, [parts] * 3)
    assert recorder.recorded == 2  # one rate for all, then one each
    assert_same(replayed, on_host(monkeypatch, members, parts), 1e-9)


@pytest.mark.parametrize("bucket", [False, True])
def test_masks_of_replayed_steps_are_those_of_sequences_own_steps(bucket, recorder, monkeypatch):
    config, data = configure(
        "sequence",
        "regression",
        "recurrent",
        model={"dropout": 0.4, "num_layers": 3},
        bucket=bucket,
    )
    parts = parts_of(config, data, "sequence")
    members = members_of([config, {**config, "model.dropout": 0.0}, config])
    replayed = train_stack(members, [parts] * 3)
    assert_same(replayed, on_host(monkeypatch, members, parts), 1e-9)


def test_images_and_weights_of_classes_of_replayed_steps(recorder, monkeypatch):
    config, data = configure(
        "image",
        "classification",
        "conv",
        model={"dropout": 0.3},
        training={"class_weights": "balanced"},
        augment_flip=True,
        augment_crop=2,
        augment_rotate=15.0,
    )
    parts = parts_of(config, data, "image")
    members = members_of([config] * 2, epochs=4)
    replayed = train_stack(members, [parts] * 2)
    assert recorder.replayed
    assert_same(replayed, on_host(monkeypatch, members, parts), 1e-9)


def test_what_cannot_be_recorded_is_launched_step_by_step(recorder, monkeypatch):
    def refuse(body):
        """As CUDA does, which has done nothing of what it was to record."""
        refused.append(body)
        raise RuntimeError("operation not permitted when stream is capturing")

    refused = []
    monkeypatch.setattr(recorder, "record", refuse)
    config, data = configure("flat", "classification", "linear", model={"dropout": 0.3})
    parts = parts_of(config, data, "flat")
    members = members_of([config, config])
    rows = train_stack(members, [parts] * 2)
    assert len(refused) == 1
    assert_same(rows, on_host(monkeypatch, members, parts), 1e-9)


def test_a_stack_that_is_over_gives_its_memory_back_at_once(recorder):
    """Its weights, and on CUDA its graph's memory, are what the next pack needs."""
    config, data = configure("flat", "classification", "linear", model={"dropout": 0.3})
    parts = parts_of(config, data, "flat")
    run = start_stack(members_of([config, config]), [parts] * 2)
    while not run.done:
        run.advance()
    assert recorder.replayed
    left = weakref.ref(run)
    gc.disable()
    try:
        del run
        assert left() is None
    finally:
        gc.enable()


def test_a_member_that_diverges_leaves_a_recorded_stack_alone(recorder, monkeypatch):
    config, data = configure("flat", "regression", "linear", optimizer={"name": "sgd", "lr": 1e-2})
    parts = parts_of(config, data, "flat")
    members = members_of([config, {**config, "optimizer.lr": 1e6}, config])
    rows = train_stack(members, [parts] * 3)
    assert [row.status for row in rows] == ["complete", "diverged", "complete"]
    alone = train_stack([members[0], members[2]], [parts] * 2)
    assert_same([rows[0], rows[2]], alone, 1e-9)


class Uploads(TorchDispatchMode):
    """Counts what is sent from the host to the device."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        given = function(*args, **(kwargs or {}))
        tensors = [a for a in args if isinstance(a, torch.Tensor)]
        if isinstance(given, torch.Tensor) and given.device.type == "meta":
            self.count += any(t.device.type == "cpu" for t in tensors)
        return given


# What updates weights sees no layers: each optimizer once, and each family with one of them.
@pytest.mark.parametrize(
    ("family", "kind", "optimizer"),
    [
        *(("linear", "flat", o) for o in OPTIMIZERS),
        *((*case, OPTIMIZERS[0]) for case in cases()[1:]),
    ],
    ids=str,
)
def test_within_an_epoch_the_host_asks_nothing_and_sends_nothing(family, kind, optimizer):
    """On torch's meta device, which has no numbers: whoever looks at one fails."""
    config, data = configure(
        kind,
        "classification",
        family,
        model={"dropout": 0.3},
        optimizer={"lr": 1e-3, **optimizer},
        training={"clip_norm": 0.5},
    )
    sent = []
    for size in (7, 14):  # 4 steps an epoch, or 2
        own = {**config, "data.batch_size": size}
        parts = make_parts(data, kind, section(own, "data"), fold=None, folds=None, device="meta")
        run = start_stack(members_of([own, own]), [parts] * 2, device="meta")
        run._epoch()  # in which dropouts first bring their keys there
        with Uploads() as uploads:
            run._epoch()
        sent.append(uploads.count)
    assert sent == [0, 0]


@pytest.mark.parametrize("precision", ["bf16", "float32"])
def test_other_precisions_can_be_recorded(precision, recorder, monkeypatch):
    """Single precision, on which Adam is torch's own kernel, is what studies train in."""
    config, data = configure(
        "flat",
        "classification",
        "linear",
        model={"dropout": 0.3},
        training={"precision": precision},
    )
    parts = parts_of(config, data, "flat", dtype=torch.float32)
    members = members_of([config, config])
    replayed = train_stack(members, [parts] * 2)
    assert recorder.replayed
    assert_same(replayed, on_host(monkeypatch, members, parts), 1e-6)


@pytest.fixture
def cuda(monkeypatch):
    """CUDA's part in a recording, as far as it can be seen from here: what was called."""
    seen = []

    @contextmanager
    def graph(graph, **given):
        seen.append("recorded")
        yield

    class Graph:
        def replay(self):
            pass

    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", graph)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: seen.append("emptied"))
    monkeypatch.setattr(torch.cuda, "Stream", object)
    monkeypatch.setattr(torch.cuda, "stream", nullcontext)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: None)
    monkeypatch.setattr(device_steps.CudaRecorder, "refused", False)
    return seen


def broken_off(error):
    def body():
        raise error

    return body


def test_after_memory_ran_out_smaller_stacks_are_recorded_again(cuda):
    with pytest.raises(torch.OutOfMemoryError):
        device_steps.recorded(
            device_steps.recorder_for("cuda"), broken_off(torch.OutOfMemoryError("too large"))
        )
    recorder = device_steps.recorder_for("cuda")
    assert recorder is not None
    assert device_steps.recorded(recorder, lambda: None) is not None
    assert cuda == ["emptied", "recorded"] * 2


def test_what_cannot_be_recorded_is_not_tried_twice(cuda):
    recorder = device_steps.recorder_for("cuda")
    assert device_steps.recorded(recorder, broken_off(RuntimeError("not permitted"))) is None
    assert device_steps.recorder_for("cuda") is None
