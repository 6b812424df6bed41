"""The stages of a network, and which of it is left as it is where the first are frozen."""

import pytest
from torch import nn

from interplay.data.dataset import DataSpec
from interplay.errors import InterplayError
from interplay.models import FAMILIES
from interplay.models.factory import build_model
from interplay.models.stages import freeze, head_of, stages
from tests.models.learnt import KINDS, SMALL, SPECS


def test_every_family_is_here():
    assert set(SMALL) == set(KINDS) == set(FAMILIES.names)


def test_stages_of_families_and_of_ones_own():
    def count(name, **options):
        kind = options.pop("kind", KINDS[name])
        spec = SPECS[kind] if kind != "tokens" else DataSpec("classification", kind, (6,), 3, 11)
        return len(stages(build_model({"name": name, **SMALL[name], **options}, spec)))

    assert count("linear") == 2
    assert count("linear", num_layers=4, skip=True) == 4
    assert count("mlp", last_activation="sigmoid") == 2
    assert count("conv", block="residual") == 2
    assert count("conv", hidden_size=5) == 3
    assert count("conv", kind="sequence") == 2
    assert count("recurrent") == 2
    assert count("recurrent", readout="attention") == 3
    assert count("recurrent", kind="tokens") == 3

    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU())
            self.block = nn.TransformerEncoderLayer(4, 2)
            self.reader = nn.ModuleDict({"hidden": nn.Linear(2, 3), "last": nn.Linear(3, 4)})
            self.after = nn.Bilinear(2, 2, 2)

    model = Own()
    assert head_of(model) == "reader.last"
    assert [[type(m).__name__ for m in stage] for stage in stages(model)] == [
        ["Conv2d", "BatchNorm2d"],
        ["TransformerEncoderLayer"],
        ["Linear"],
    ]
    freeze(model, 1)
    assert type(model.body[1]).__name__ == "FrozenBatchNorm2d"
    assert not model.train().body[1].training
    assert model.body[2].training
    assert [p.requires_grad for p in model.body.parameters()] == [False] * 4
    with pytest.raises(InterplayError, match=r"frozen = 4: this network has 3 stages.*0 to 3"):
        freeze(Own(), 4)
    odd = nn.Sequential(
        nn.InstanceNorm1d(3, track_running_stats=True, affine=True), nn.Linear(3, 2)
    )
    with pytest.raises(InterplayError, match="InstanceNorm1d keeps statistics"):
        freeze(odd, 1)
    with pytest.raises(InterplayError, match="Conv2d has no linear layer"):
        head_of(nn.Conv2d(1, 2, 3))
