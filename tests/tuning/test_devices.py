"""What a study trains on, on machines of all kinds; and how much of the data a worker keeps."""

import pytest
import torch

from interplay.errors import InterplayError
from interplay.study.study import Study
from interplay.training.schedules import SCHEDULES
from interplay.tuning import devices
from interplay.tuning.describe import describe
from interplay.tuning.devices import device_of, find_device, resources_of, workers_of
from interplay.tuning.packs import Pack
from interplay.tuning.plan import make_plan
from interplay.tuning.search.book import CellBook
from interplay.tuning.worker import Context, PackTrainable, Target


@pytest.fixture
def machine(monkeypatch):
    """Says which devices there are."""

    def make(cuda=0, mps=False, cores=16):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(devices, "gpus", lambda: cuda)
        monkeypatch.setattr(devices, "cores", lambda: cores)

    return make


@pytest.fixture
def of_function(tmp_path):
    (tmp_path / "any_function.py").write_text("def train(seed, x):\n    return {'value': x}\n")

    def make(**resources):
        return Study(
            name="own",
            folders=[tmp_path],
            trial={"function": "any_function:train", "x": [1, 2]},
            search={"metric": "value", "mode": "max"},
            resources=resources,
        )

    return make


@pytest.mark.parametrize(
    ("there", "device"),
    [
        ({"cuda": 2}, "cuda"),
        ({"mps": True}, "cpu"),
        ({}, "cpu"),
        ({"cuda": 1, "mps": True}, "cuda"),
    ],
)
def test_auto_takes_cuda_and_never_an_apple_gpu(machine, make_study, there, device):
    machine(**there)
    assert find_device("auto") == device
    assert device_of(make_study()) == device


def test_a_device_asked_for_is_taken_or_refused(machine):
    machine(mps=True)
    assert find_device("mps") == "mps"
    with pytest.raises(InterplayError, match="it has mps, cpu"):
        find_device("cuda")


def test_a_users_function_takes_cores_and_no_gpu_unless_asked(machine, make_study, of_function):
    machine(cuda=1)
    network, function, asked = make_study(), of_function(), of_function(device="cuda")
    assert [workers_of(s) for s in (network, function, asked)] == [1, 16, 1]
    assert [device_of(s) for s in (network, function, asked)] == ["cuda", "cpu", "cuda"]
    assert "gpu" not in resources_of(function, device_of(function), 16)
    assert resources_of(asked, device_of(asked), 1)["gpu"] == 1.0


def test_a_guided_cells_stack_has_the_size_that_its_device_bears(machine, make_study, monkeypatch):
    study = make_study(
        seeds=40,
        model={"hidden_size": [4, 8], "num_layers": 1, "dropout": 0.0},
        search={"method": "bayes", "trials": 2},
    )
    monkeypatch.setattr("interplay.training.stacked.sharing.CPU_MOST", 8)
    cell = {n: d.middle() for n, d in study.space.domains.items()}
    sizes = {}
    for there in ({}, {"cuda": 1}):
        machine(**there)
        book = CellBook(make_plan(study), set(), {}, lambda rows: None, device_of(study))
        packs = book.begin(cell)["packs"]
        sizes[device_of(study)] = [len(pack["members"]) for pack in packs]
    assert sizes == {"cpu": [8] * 5, "cuda": [40]}


def test_a_worker_keeps_two_parts_and_what_its_pack_needs(make_study):
    study = make_study(
        seeds=2,
        folds=3,
        data={"split_seed": [0, 1, 2, 3]},
        model={"hidden_size": 4, "dropout": 0.0},
    )
    plan = make_plan(study)
    by_split = {}
    for member in plan.members:
        by_split.setdefault(member.config["data.split_seed"], []).append(member)
    worker = object.__new__(PackTrainable)
    target = Target("accuracy", "max", "mean")
    packs = [Pack(tuple(members), "stacked") for members in by_split.values()]
    context = Context(packs, plan.datasets, study.folders, "cpu", 1, target)
    worker.setup({"pack": 0}, context=context)
    for members in by_split.values():
        parts = worker._parts(members)
        # One object a fold, however few are kept: a stack tells folds apart by it.
        assert len({id(part) for part in parts}) == 3
        assert len(worker.parts) == 3
    one, two, three, four = (members[0] for members in by_split.values())
    (first,) = worker._parts([one])
    (second,) = worker._parts([two])
    assert len(worker.parts) == 2
    assert worker._parts([one])[0] is first
    worker._parts([three])
    assert worker._parts([one])[0] is first
    assert worker._parts([two])[0] is not second
    worker._parts([four])
    assert len(worker.parts) == 2


def test_a_run_says_which_schedules_have_a_horizon(make_study):
    names = [schedule.name for schedule in SCHEDULES if schedule.horizon]
    assert describe(make_plan(make_study()))["schedule_horizon"] == names
