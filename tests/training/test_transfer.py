"""What a network begins from: weights of an earlier training, its first stages frozen."""

import io
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from interplay.cli.printing import print_outcome
from interplay.data.dataset import DataSpec
from interplay.data.load import load_dataset
from interplay.errors import InterplayError, StudyError
from interplay.models import FAMILIES
from interplay.models.factory import build_model
from interplay.models.stages import head_of, stages
from interplay.study.study import Study
from interplay.training.global_generators import own_globals
from interplay.training.members import Member, row_of, section
from interplay.training.reference import train_member
from interplay.training.running import finish
from interplay.training.stacked.engine import start_stack
from interplay.training.stacked.stack import unstack
from interplay.training.tensors import make_parts
from interplay.tuning.bar import StudyProgress
from interplay.tuning.packs import pack_up
from interplay.tuning.plan import make_plan
from interplay.winner.export import export_model
from interplay.winner.load import load_model
from tests.models.learnt import KINDS, SMALL, SPECS, learnt
from tests.training.stacked.test_engine import assert_same, configure, parts_of
from tests.winner.making import data_of, handed


@pytest.mark.parametrize(("norm", "optimizer"), [("batch", "adamw"), ("layer", "sgd")])
@pytest.mark.parametrize("family", FAMILIES.names)
def test_both_engines_freeze_alike_and_frozen_weights_stay(family, norm, optimizer, tmp_path):
    kind = KINDS[family]
    options = {"name": family, **SMALL[family], "norm": norm, "dropout": 0.3}
    file = tmp_path / "w.safetensors"
    before = learnt(options, SPECS[kind])
    save_file(before.state_dict(), file)
    decay = {"name": optimizer, "weight_decay": 0.3, "lr": 1e-2}
    for frozen in range(3):
        more = {**options, "start": str(file), "frozen": frozen}
        config, data = configure(
            kind,
            "classification",
            family,
            model=more,
            optimizer=decay,
            training={"clip_norm": 0.5},
            scale="standard",
        )
        parts = parts_of(config, data, kind)
        other = {**config, "model.dropout": 0.1, "optimizer.lr": 3e-3}
        members = [Member(str(s), c, s, 3) for s, c in enumerate([config, other, config])]
        run = start_stack(members, [parts] * 3)
        while not run.done:
            run.advance()
        reference = [train_member(member, parts) for member in members]
        assert_same(run.rows, reference, 1e-8)
        assert len({row.parameters for row in run.rows}) == 1
        head = head_of(before)
        kept = {
            id(m) for stage in stages(before)[:frozen] for part in stage for m in part.modules()
        }
        names = [
            f"{path}.{name}" if path else name
            for path, module in before.named_modules()
            for held in (module.named_parameters, module.named_buffers)
            for name, _ in held(recurse=False)
            if id(module) in kept
        ]
        assert bool(names) == (frozen > 0)
        old = before.state_dict()
        for model in unstack(run.stacks[0]):
            state = model.state_dict()
            for name, value in old.items():
                if not value.is_floating_point():
                    continue
                same = torch.equal(state[name].float(), value)
                assert same == (name in names), (name, frozen)
        heads = [m.state_dict()[f"{head}.weight"] for m in unstack(run.stacks[0])]
        assert not torch.equal(heads[0], heads[1])  # begun anew, each seed's own


def halves(tmp_path):
    """The digits from 0 to 4 and from 5 to 9, as two datasets of five classes."""
    digits = load_dataset({"name": "digits"})
    for name, first in (("low", 0), ("high", 5)):
        rows = (digits.targets >= first) & (digits.targets < first + 5)
        x, y = digits.inputs[rows], digits.targets[rows] - first
        folder = tmp_path / name
        folder.mkdir()
        train = np.arange(len(y)) % 10 > 0
        if name == "high":
            train &= np.cumsum(train) <= 60  # few of them, so that what was learnt counts
        for part, held in (("train", train), ("val", np.arange(len(y)) % 10 == 0)):
            np.save(folder / f"X_{part}.npy", x[held])
            np.save(folder / f"Y_{part}.npy", y[held])


NET = {"name": "conv", "channels": [[4, 8]], "hidden_size": 32}
LAYERED = {**NET, "channels": [4, 8]}  # as a configuration has it
DIGITS = DataSpec("classification", "image", (1, 8, 8), 5)


def study_of(tmp_path, data, **changes):
    tables = {
        "name": "s",
        "epochs": 3,
        "seeds": 4,
        "data": {"name": "arrays", "path": data, "batch_size": 8},
        "optimizer": {"lr": 1e-2},
    }
    model = {**NET, **changes.pop("model", {})}
    return Study(folders=[tmp_path], **{**tables, "model": model, **changes})


def runs_of(plan):
    """Every stack of a plan, begun."""
    packs, failed = pack_up(plan, plan.members, workers=1)
    runs = []
    for pack in packs:
        assert pack.engine == "stacked"
        config = pack.members[0].config
        data = section(config, "data")
        parts = make_parts(plan.dataset(config), "image", data, fold=None, folds=None, device="cpu")
        runs.append(start_stack(pack.members, [parts] * len(pack.members), folders=plan.begun))
    return runs, failed


def write_weights(run, file):
    save_file(unstack(run.stacks[0])[0].state_dict(), file)


def test_digits_0_to_4_first_and_5_to_9_after(tmp_path):
    halves(tmp_path)
    (run,), _ = runs_of(make_plan(study_of(tmp_path, "low", epochs=10, seeds=1)))
    write_weights(run, tmp_path / "unlearnt.safetensors")
    finish(run)
    assert run.rows[0].curves["accuracy"][-1] > 0.95
    (tmp_path / "export").mkdir()
    write_weights(run, tmp_path / "export" / "model.safetensors")

    starts = ["none", "unlearnt.safetensors", "export"]
    plan = make_plan(study_of(tmp_path, "high", model={"start": starts, "frozen": [0, 3]}))
    runs, failed = runs_of(plan)
    assert {row.error for row in failed} == {
        "model.frozen = 3: nothing was learnt before that could be kept: there is no model.start; "
        "allowed: 0"
    }
    assert {(r.config["model.start"], r.config["model.frozen"]) for r in failed} == {(None, 3)}
    score = {}
    for row in [row for run in runs for row in finish(run)]:
        place = row.config["model.start"], row.config["model.frozen"]
        score.setdefault(place, []).append(row.curves["accuracy"][-1])
    mean = {place: np.mean(values) for place, values in score.items()}
    assert len(mean) == 5
    # In three epochs of 60 rows what was learnt of other digits helps, and read alone says a lot.
    assert mean["export", 0] > mean[None, 0] + 0.1
    assert mean["export", 3] > mean["unlearnt.safetensors", 3] + 0.2


def test_an_export_is_a_start_and_needs_none_itself(tmp_path):
    options = {"name": "conv", "channels": 4, "norm": "batch"}
    data = data_of("image")
    low = handed(data, **options)
    export_model(tmp_path / "low", low, onnx=False)
    high = handed(data, folders=(tmp_path,), start="low", frozen=1, **options)
    assert torch.equal(high.model.layers[0].block[0].weight, low.model.layers[0].block[0].weight)
    export_model(tmp_path / "high", high, onnx=False)
    shutil.rmtree(tmp_path / "low")
    loaded = load_model(tmp_path / "high")
    x = torch.from_numpy(data.inputs)
    with torch.no_grad():
        assert torch.equal(loaded(x, None), high.model(x))


def test_a_stack_has_room_for_frozen_weights_too(tmp_path):
    halves(tmp_path)
    torch.save(learnt(LAYERED, DIGITS).state_dict(), tmp_path / "w.pt")
    plan = make_plan(study_of(tmp_path, "low", model={"start": "w.pt", "frozen": [0, 3]}))
    pack_up(plan, plan.members, workers=1)
    whole = sum(p.numel() for p in learnt(LAYERED, DIGITS).parameters())
    assert [built.parameters for built in plan.tried.values()] == [whole, whole]


def test_the_weights_are_part_of_the_key_and_their_absence_of_none(tmp_path):
    halves(tmp_path)

    def keys(**model):
        return [m.key for m in make_plan(study_of(tmp_path, "low", model=model)).members]

    plain = keys()
    assert keys(start="none", frozen=0) == plain
    torch.save(learnt(LAYERED, DIGITS).state_dict(), tmp_path / "w.pt")
    first = keys(start="w.pt")
    torch.save(learnt(LAYERED, DIGITS, seed=8).state_dict(), tmp_path / "w.pt")
    second = keys(start="w.pt")
    third = keys(start="w.pt", frozen=1)
    assert len({*plain, *first, *second, *third}) == 16


def test_workers_train_from_what_the_study_began_with(tmp_path):
    """Weights are read once: what becomes of the file later changes no training."""
    import pickle

    halves(tmp_path)
    torch.save(learnt(LAYERED, DIGITS).state_dict(), tmp_path / "w.pt")
    plan = make_plan(study_of(tmp_path, "low", epochs=1, model={"start": "w.pt"}))
    (tmp_path / "w.pt").unlink()
    begun = pickle.loads(pickle.dumps(plan.begun))
    model = build_model(section(plan.members[0].config, "model"), DIGITS, begun)
    first = learnt(LAYERED, DIGITS).state_dict()
    assert torch.equal(
        model.state_dict()["layers.0.block.0.weight"], first["layers.0.block.0.weight"]
    )
    with pytest.raises(InterplayError, match="there is no file or folder with weights"):
        make_plan(study_of(tmp_path, "low", epochs=1, model={"start": "w.pt"}))


OWN = """
from torch import nn


def net(input_shape, num_outputs):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(),
        nn.Linear(144, 12), nn.BatchNorm1d(12, affine=False), nn.Tanh(), nn.Linear(12, num_outputs),
    )
"""


@pytest.mark.parametrize("frozen", [1, 2])
def test_a_network_of_ones_own_is_frozen_in_a_stack_too(frozen, tmp_path):
    (tmp_path / "own_frozen_net.py").write_text(OWN, encoding="utf-8")
    halves(tmp_path)
    built = {"builder": "own_frozen_net:net"}
    torch.save(learnt_own(built, tmp_path).state_dict(), tmp_path / "w.pt")
    study = study_of(tmp_path, "high", seeds=2)
    tables = {**study.tables, "model": {**built, "start": "w.pt", "frozen": frozen}}
    plan = make_plan(Study(folders=[tmp_path], **tables))
    (_,), failed = runs_of(plan)  # a stack, as `runs_of` asserts
    assert not failed
    config = plan.members[0].config
    parts = make_parts(
        plan.dataset(config),
        "image",
        section(config, "data"),
        fold=None,
        folds=None,
        device="cpu",
        dtype=torch.float64,
    )
    stacked = finish(start_stack(plan.members, [parts] * 2, folders=plan.begun))
    assert_same(stacked, [train_member(m, parts, folders=plan.begun) for m in plan.members], 1e-8)


def learnt_own(built, folder):
    with own_globals(7, "weights"):
        model = build_model(built, DIGITS, [folder])
    model(torch.rand(9, 1, 8, 8))  # statistics of its own
    return model


def test_where_no_start_is_best_it_is_called_none(tmp_path, quiet_run, capsys):
    halves(tmp_path)
    dead = {name: torch.zeros_like(w) for name, w in learnt(LAYERED, DIGITS).state_dict().items()}
    torch.save(dead, tmp_path / "dead.pt")
    study = study_of(tmp_path, "low", seeds=1, model={"start": ["dead.pt", "none"]})
    print_outcome(quiet_run(study))
    assert "at start=none\n" in capsys.readouterr().out
    bar = StudyProgress(2, "accuracy", "max", ("model.start",), stream=io.StringIO())
    curves = {"accuracy": [0.5]}
    config = {"model.start": None}
    bar.add([row_of(Member("k", config, 0, 1), "complete", engine="e", device="d", curves=curves)])
    assert bar.words().endswith("at start=none")


def test_freezing_what_was_never_learnt_is_a_mistake(tmp_path, make_study):
    with pytest.raises(StudyError, match=r"model\.frozen = 1: nothing was learnt before"):
        make_study(model={"frozen": [0, 1]})
    make_study(model={"frozen": 0})
    with pytest.raises(StudyError, match=r"model\.start = '': a name of weights, or none"):
        make_study(model={"start": ""})
    assert not any("begins anew" in note for note in make_study().notes)
    assert any("begins anew" in note for note in make_study(model={"start": "w.pt"}).notes)
    with pytest.raises(InterplayError, match="nothing was learnt before"):
        build_model({"name": "linear", "frozen": 1}, SPECS["flat"])


def test_a_builders_own_start_stays_its_own(tmp_path):
    (tmp_path / "has_start.py").write_text(
        "from torch import nn\n"
        "def net(num_outputs, start: float = 0.5, frozen: int = 2):\n"
        "    model = nn.Sequential(nn.Flatten(), nn.Linear(64, num_outputs))\n"
        "    nn.init.constant_(model[1].bias, start * frozen)\n"
        "    return model\n",
        encoding="utf-8",
    )
    tables = {"name": "s", "epochs": 1, "seeds": 1, "data": {"name": "digits"}}
    study = Study(
        folders=[tmp_path], **tables, model={"builder": "has_start:net", "start": [0.5, 2.0]}
    )
    plan = make_plan(study)
    built = [
        build_model(
            section(c, "model"), DataSpec("classification", "image", (1, 8, 8), 10), plan.begun
        )
        for c in plan.cells
    ]
    assert [float(model[1].bias.detach()[0]) for model in built] == [1.0, 4.0]
    assert "model.frozen" in study.keyed(plan.cells[0])
