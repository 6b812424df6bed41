"""What the entry of an optimiser or a schedule says decides which engine trains, before it does."""

import pytest

from interplay.data.load import load_dataset
from interplay.errors import InterplayError
from interplay.registry import Registry
from interplay.study.study import Study
from interplay.training.members import section
from interplay.training.optimizers import OPTIMIZERS, Optimizer
from interplay.training.reference import train_member
from interplay.training.schedules import SCHEDULES, Schedule
from interplay.training.tensors import make_parts
from interplay.tuning.packs import pack_up
from interplay.tuning.plan import make_plan


@pytest.mark.parametrize("registry", [OPTIMIZERS, SCHEDULES], ids=lambda r: r.what)
def test_what_the_package_brings_has_a_stacked_form(registry):
    for entry in registry:
        assert isinstance(entry.stacked_form, type), entry.name
        assert set(getattr(entry, "shared", ())) <= set(entry.options.by_name), entry.name


def warmup(optimizer, epochs, /, *, by: float = 2.0):
    from torch.optim.lr_scheduler import LambdaLR

    return LambdaLR(optimizer, lambda epoch: by**epoch)


def lion(params, /, *, lr: float = 1e-2, weight_decay: float = 0.0):
    from torch.optim import SGD

    return SGD(params, lr=lr, weight_decay=weight_decay)


@pytest.fixture
def of_ones_own(monkeypatch):
    """A schedule and an optimiser as somebody may add them: without a stacked form."""
    for registry, entry in (
        (SCHEDULES, Schedule("warmup", f"{__name__}:warmup", "doubles")),
        (OPTIMIZERS, Optimizer("lion", f"{__name__}:lion", "another")),
    ):
        assert isinstance(registry, Registry)
        monkeypatch.setitem(registry._entries, entry.name, entry)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"schedule": {"name": ["none", "warmup"]}}, "schedule 'warmup' has no stacked form"),
        ({"optimizer": {"name": ["adam", "lion"]}}, "optimizer 'lion' has no stacked form"),
    ],
)
def test_what_has_no_stacked_form_trains_on_the_reference_engine(
    of_ones_own, make_study, changes, says
):
    plan = make_plan(make_study(model={"hidden_size": 4, "dropout": 0.0}, **changes))
    packs, failed = pack_up(plan, plan.members, workers=1)
    assert not failed
    by_engine = {pack.engine: pack for pack in packs}
    assert sorted(by_engine) == ["reference", "stacked"]
    assert says in by_engine["reference"].note
    assert by_engine["stacked"].note is None
    section_, names = next(iter(changes.items()))
    for member in by_engine["reference"].members:
        assert member.config[f"{section_}.name"] == names["name"][1]

    asked = make_study(engine="stacked", model={"hidden_size": 4, "dropout": 0.0}, **changes)
    plan = make_plan(asked)
    with pytest.raises(InterplayError, match=says):
        pack_up(plan, plan.members, workers=1)
    asked = make_study(engine="reference", model={"hidden_size": 4, "dropout": 0.0}, **changes)
    plan = make_plan(asked)
    assert {pack.note for pack in pack_up(plan, plan.members, workers=1)[0]} == {None}


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"name": "sgd", "nesterov": True, "momentum": [0.0, 0.9]}, {"optimizer.momentum": 0.0}),
        (
            {"name": "sgd", "nesterov": True, "momentum": 0.9, "dampening": [0.0, 0.5]},
            {"optimizer.dampening": 0.5},
        ),
    ],
)
@pytest.mark.parametrize("engine", ["auto", "reference", "stacked"])
def test_torch_says_which_options_do_not_go_together_for_both_engines(
    make_study, options, wrong, engine
):
    study = make_study(
        engine=engine, seeds=1, model={"hidden_size": 4, "dropout": 0.0}, optimizer=options
    )
    plan = make_plan(study)
    packs, failed = pack_up(plan, plan.members, workers=1)
    assert [row.config.items() >= wrong.items() for row in failed] == [True]
    assert [m.config.items() >= wrong.items() for p in packs for m in p.members] == [False]
    member = next(m for m in plan.members if m.key == failed[0].key)
    dataset = load_dataset({"name": "digits"})
    data = section(member.config, "data")
    parts = make_parts(dataset, "flat", data, fold=None, folds=None, device="cpu")
    assert failed[0].error == train_member(member, parts).error
    assert "Nesterov" in failed[0].error


def test_options_that_never_go_together_are_the_studys_mistake(make_study):
    plan = make_plan(make_study(optimizer={"name": "sgd", "nesterov": True}))
    with pytest.raises(InterplayError, match=r"no cell of this study can be trained.*Nesterov"):
        pack_up(plan, plan.members, workers=1)


def test_options_are_checked_without_torchs_compiler():
    import subprocess
    import sys

    script = (
        "import sys\nfrom interplay.training.optimizers import OPTIMIZERS\n"
        "for entry in OPTIMIZERS:\n    assert entry.refusal({}) is None, entry.name\n"
        "assert OPTIMIZERS.get('sgd').refusal({'nesterov': True})\n"
        "assert 'torch._dynamo' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_unstackable_models_say_so_in_their_rows(tmp_path):
    (tmp_path / "scaled_net.py").write_text(
        "import torch\nfrom torch import nn\n"
        "class Scaled(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n"
        "        self.scale = nn.Parameter(torch.ones(1))\n        self.layer = nn.Linear(64, 10)\n"
        "    def forward(self, x):\n        return self.layer(x.flatten(1)) * self.scale\n"
        "def net():\n    return Scaled()\n"
    )
    study = Study(
        name="own",
        epochs=1,
        seeds=2,
        folders=[tmp_path],
        data={"name": "digits"},
        model={"builder": "scaled_net:net"},
    )
    plan = make_plan(study)
    packs, _ = pack_up(plan, plan.members, workers=1)
    assert {pack.engine for pack in packs} == {"reference"}
    assert all("Scaled" in pack.note for pack in packs)
