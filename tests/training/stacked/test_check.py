"""Which models of users' own are stacked, and that those train as the reference engine trains them."""

import pytest
import torch

from interplay.data.dataset import DataSpec
from interplay.models.factory import build_model
from interplay.study.study import Study
from interplay.training.members import Member, section
from interplay.training.reference import train_member
from interplay.training.stacked.check import why_not
from interplay.training.stacked.engine import train_stack
from interplay.training.stacked.twin import NotStackableError
from interplay.tuning.packs import make_groups
from interplay.tuning.plan import make_plan
from interplay.tuning.preflight import preflight
from tests.training.stacked.test_engine import assert_same, parts_of, small_data

SPEC = DataSpec("classification", "flat", (7,), 4)
MODULE = """
import random
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, weight_norm

class Net(nn.Module):
    def __init__(self, how, inputs, outputs):
        super().__init__()
        self.how = how
        self.body = nn.Sequential(nn.Linear(inputs, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 6))
        self.drop, self.head = nn.Dropout(0.3), nn.Linear(6, outputs)
        if how == "reads an unregistered tensor":
            self.offset = torch.randn(6)
        if how == "settings by chance":
            self.slope = random.random()
        if how == "counts":
            self.register_buffer("seen", torch.zeros(()))
        if how == "positions":
            self.register_buffer("places", torch.arange(6) / 6, persistent=False)
        if how == "buffer by chance":
            self.register_buffer("places", torch.randn(6))
    def forward(self, x):
        if self.how == "mixes":
            x = x - x.mean(0)
        if self.how == "draws":
            x = F.dropout(x, 0.5, self.training)
        if self.how == "draws in evaluation" and not self.training:
            x = x + torch.randn_like(x)
        if self.how == "in no_grad":
            with torch.no_grad():
                h = self.body(x)
        else:
            h = self.body(x)
        if self.how == "mixes backward" and h.requires_grad:
            h.register_hook(lambda grad: grad / grad.norm())
        if self.how == "gradient reversed" and h.requires_grad:
            h.register_hook(lambda grad: -grad)
        if self.how == "reads an unregistered tensor":
            h = h + self.offset
        if self.how == "settings by chance":
            h = h * self.slope
        if self.how == "counts":
            self.seen += 1
        if self.how == "positions":
            h = h + self.places
        return self.head(self.drop(h))

class Held(Net):  # the usual way to fine-tune: the body's statistics stay as they are
    def train(self, mode=True):
        super().train(mode)
        self.body[1].eval()
        return self

class HeldByType(Net):
    def train(self, mode=True):
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.eval()
        return self

class FrozenLate(Net):
    def train(self, mode=True):
        super().train(mode)
        self.body.requires_grad_(False)
        return self

class Counted(Net):
    calls = 0
    def forward(self, x):
        self.calls += 1
        return super().forward(x)

class Later(Net):
    def __init__(self, *given):
        super().__init__(*given)
        self.epochs = []  # no plain value
        self.body.requires_grad_(self.how != "freed later")
    def train(self, mode=True):
        super().train(mode)
        self.epochs += [1] * mode
        if len(self.epochs) > 3 and self.how == "rate set later":
            self.drop.p = 0.9
        if len(self.epochs) > 3 and self.how != "rate set later":
            self.body.requires_grad_(self.how == "freed later")
        return self

LATER = ("freed later", "frozen later", "rate set later")

def make(how="plain", freeze=False, inputs=7, outputs=4):
    kinds = {"held": Held, "held by type": HeldByType, "frozen late": FrozenLate}
    kinds |= {"counted": Counted, **dict.fromkeys(LATER, Later)}
    net = kinds.get(how, Net)(how, inputs, outputs)
    if freeze or how == "frozen":
        net.body.requires_grad_(False)
    if how == "frozen by chance":
        net.body.requires_grad_(random.random() < 0.05)
    if how == "frozen bias":
        net.body[3].bias.requires_grad_(False)
    if how == "all frozen":
        net.requires_grad_(False)
    if how == "hooked parameter":
        net.body[0].weight.register_hook(lambda grad: grad * 0)
    if how == "hooked after":
        net.body[0].weight.register_post_accumulate_grad_hook(lambda p: None)
    if how == "forward hook":
        net.body.register_forward_hook(lambda module, given, out: out * 2)
    if how == "forward pre-hook":
        net.body.register_forward_pre_hook(lambda module, given: None)
    if how == "backward hook":
        net.body[3].register_full_backward_hook(lambda module, of_input, of_output: None)
    if how == "tied":
        net.body[3].weight = net.extra = nn.Parameter(torch.randn(6, 6))
    if how == "tied storage":
        net.extra = nn.Linear(6, 6)
        net.extra.weight = nn.Parameter(net.body[3].weight.data)
    if how == "own train":
        net.train = lambda mode=True: net
    if how == "own forward":
        net.body[3].forward = lambda x: x
    if how == "parametrized":
        parametrizations.orthogonal(net.body[3])
    if how == "weight norm":
        weight_norm(net.body[3])
    if how == "lazy":
        net.head = nn.LazyLinear(4)
    return net
"""
STACKS = ["plain", "frozen", "frozen bias", "held", "gradient reversed", "positions"]
REFUSED = {
    "mixes": "other numbers",
    "draws": "other numbers",
    "draws in evaluation": "in evaluation",
    "mixes backward": "backward pass gives body.",
    "in no_grad": "the loss does not depend on",
    "all frozen": "no parameters to train",
    "frozen by chance": "frozen in some members only",
    "frozen late": "trains other parameters",
    "held by type": "other numbers",
    "hooked parameter": "body.0.weight has hooks on its gradient",
    "hooked after": "body.0.weight has hooks on its gradient",
    "forward hook": "body (Sequential) has hooks",
    "forward pre-hook": "body (Sequential) has hooks",
    "backward hook": "body.3 (Linear) has hooks",
    "tied": "a parameter that is shared",
    "tied storage": "a parameter that is shared",
    "own train": "has a train of its own",
    "own forward": "body.3 (Linear) has a forward of its own",
    "parametrized": "body.3 (ParametrizedLinear) has parametrizations",
    "weight norm": "has hooks",
    "lazy": "has no shape",
    "reads an unregistered tensor": "other numbers",
    "settings by chance": "slope differs between members",
    "counts": "its forward changes seen",
    "buffer by chance": "places, a buffer, differs between members",
    "counted": "it changes calls while it trains",
}
LATER = {
    "freed later": "frozen or freed while it trains",
    "frozen later": "frozen or freed while it trains",
    "rate set later": "rate is set while it trains",
}


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(1)
    (tmp_path / "tried.py").write_text(MODULE)
    return tmp_path


def check(folder, **options):
    return why_not({"builder": "tried:make", **options}, SPEC, torch.randn(8, 7), [folder])


def study_of(folder, optimizer=(), **model):
    return Study(
        name="s",
        epochs=4,
        data={"name": "digits", "view": "flat", "batch_size": 9},
        model={"builder": "tried:make", **model},
        optimizer={"name": "sgd", "lr": 0.1, "momentum": 0.9, **dict(optimizer)},
        training={"clip_norm": 0.5},
        folders=[folder],
    )


@pytest.mark.parametrize("how", STACKS)
def test_what_stacks_trains_as_on_the_reference_engine(how, folder):
    assert check(folder, how=how) is None
    # Decay above all: an optimiser leaves alone what has no gradient.
    study = study_of(folder, {"weight_decay": 0.1}, how=how)
    config = study.resolve({k: d.grid()[0] for k, d in study.space.domains.items()})
    parts = parts_of(config, small_data("flat", "classification"), "flat")
    members = [Member(str(seed), config, seed, 4) for seed in (0, 1, 2)]
    stacked = train_stack(members, [parts] * 3, folders=[folder])
    reference = [train_member(member, parts, folders=[folder]) for member in members]
    assert_same(stacked, reference, 1e-9)
    model = build_model(section(config, "model"), SPEC, [folder])
    assert stacked[0].parameters == sum(p.numel() for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize("how", REFUSED)
def test_what_would_train_otherwise_is_refused_with_the_reason(how, folder):
    assert REFUSED[how] in (check(folder, how=how) or "it stacks")


@pytest.mark.parametrize("how", LATER)
def test_what_changes_only_later_ends_the_stack_and_trains_alone(how, folder):
    assert check(folder, how=how) is None  # a step does not show it
    study = study_of(folder, how=how)
    config = study.resolve({k: d.grid()[0] for k, d in study.space.domains.items()})
    parts = parts_of(config, small_data("flat", "classification"), "flat")
    members = [Member(str(seed), config, seed, 4) for seed in (0, 1)]
    with pytest.raises(NotStackableError, match=LATER[how]):
        train_stack(members, [parts] * 2, folders=[folder])
    assert train_member(members[0], parts, folders=[folder]).status == "complete"


@pytest.mark.parametrize("rows", [2, 3])
def test_few_rows_are_enough_to_tell(rows, folder):
    def refused(how):
        options = {"builder": "tried:make", "how": how}
        return why_not(options, SPEC, torch.randn(rows, 7), [folder])

    assert [refused(how) is None for how in ("plain", "mixes", "draws")] == [True, False, False]


def test_freezing_as_an_axis_is_two_shapes_that_both_stack(folder):
    plan = make_plan(study_of(folder, inputs=64, outputs=10, freeze=[True, False]))
    found = preflight(plan.cells, plan.datasets, plan.study.folders)
    built = dict(zip(map(id, plan.cells), found, strict=True))
    groups = make_groups(plan, plan.members, lambda config: built[id(config)])
    assert [group.engine for group in groups] == ["stacked"] * 2
    frozen, free = found
    assert frozen.parameters == free.parameters  # which a stack has to hold
