"""Attention and encoder layers of a stack, against torch's own and the reference engine."""

import pytest
import torch
from torch import nn

from interplay.study.study import Study
from interplay.training.members import Member
from interplay.training.reference import train_member
from interplay.training.stacked.check import why_not
from interplay.training.stacked.engine import train_stack
from interplay.training.stacked.leaves.attention import StackedEncoderLayer
from interplay.training.stacked.stack import stack
from interplay.training.stacked.twin import NotStackableError
from tests.training.stacked.apart import assert_same, members_of
from tests.training.stacked.test_engine import assert_same as assert_same_rows
from tests.training.stacked.test_engine import parts_of, small_data

MODULE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, inputs, dropout, inner, **options):
        super().__init__()
        layer = nn.TransformerEncoderLayer(inputs, 1, 6, dropout=inner, **options)
        layer.self_attn.dropout = dropout
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(inputs, 4)
        self.first = options.get("batch_first", False)
    def forward(self, x):
        out = self.encoder(x) if self.first else self.encoder(x.transpose(0, 1)).transpose(0, 1)
        return self.head(out.mean(1))

def make(spec, dropout=0.0, inner=0.3, batch_first=True, norm_first=False):
    return Net(spec.shape[1], dropout, inner, batch_first=batch_first, norm_first=norm_first)
"""


class Layer(nn.Module):
    """A layer in a user's model, which is what decides where the batch is."""

    def __init__(self, **options):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(6, 2, 8, **options)
        self.layer.self_attn.dropout = 0.0
        self.turned = not options.get("batch_first", False)

    def forward(self, x):
        padding = torch.zeros(x.shape[:2], dtype=torch.bool)
        padding[::2, -1] = True
        x = x.transpose(0, 1) if self.turned else x
        out = self.layer(x, src_key_padding_mask=padding)
        return out.transpose(0, 1) if self.turned else out


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize(
    "options",
    [
        {"batch_first": True},
        {"norm_first": True},
        {"batch_first": True, "norm_first": True, "activation": "gelu", "bias": False},
        {"activation": nn.GELU()},
    ],
    ids=str,
)
def test_an_encoder_layer_is_torchs(options, mode):
    models = members_of(lambda: Layer(**options))
    stacked = assert_same(models, torch.randn(12, 5, 6), mode=mode, steps=3)
    assert isinstance(stacked.model.layer, StackedEncoderLayer)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "encoder.py").write_text(MODULE)
    return tmp_path


@pytest.mark.parametrize("batch_first", [True, False])
def test_an_encoder_trains_as_on_the_reference_engine(batch_first, folder):
    model = {"builder": "encoder:make", "batch_first": batch_first}
    study = Study(
        name="s",
        epochs=4,
        data={"name": "digits", "view": "sequence", "batch_size": 9},
        model={**model, "norm_first": batch_first},
        folders=[folder],
    )
    config = study.resolve({k: d.grid()[0] for k, d in study.space.domains.items()})
    data = small_data("sequence", "classification")
    parts = parts_of(config, data, "sequence")
    spec = data.spec("sequence")
    assert why_not(model, spec, torch.randn(8, *spec.shape), [folder]) is None
    members = [Member(str(seed), config, seed, 4) for seed in (0, 1)]
    stacked = train_stack(members, [parts] * 2, folders=[folder])
    reference = [train_member(member, parts, folders=[folder]) for member in members]
    assert_same_rows(stacked, reference, 1e-9)


def test_dropout_inside_attention_is_refused_by_name(folder):
    spec = small_data("sequence", "classification").spec("sequence")
    options = {"builder": "encoder:make", "dropout": 0.1}
    x = torch.randn(8, *spec.shape)
    assert "dropout inside attention" in why_not(options, spec, x, [folder])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"add_bias_kv": True}, "add_bias_kv"),
        ({"add_zero_attn": True}, "add_zero_attn"),
        ({"dropout": 0.1}, "dropout inside attention"),
    ],
    ids=str,
)
def test_attention_that_does_not_stack_says_why(options, says):
    with pytest.raises(NotStackableError, match=says):
        stack([nn.MultiheadAttention(6, 2, **options) for _ in range(2)])


def test_heads_that_differ_do_not_stack():
    with pytest.raises(NotStackableError, match="not alike"):
        stack([nn.MultiheadAttention(6, heads) for heads in (1, 2)])


def test_a_mask_of_each_row_and_head():
    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.leaf = nn.MultiheadAttention(6, 2, batch_first=True)

        def forward(self, x):
            masks = x.detach().sum(2, keepdim=True).expand(-1, -1, 5).repeat_interleave(2, 0)
            return self.leaf(x, x, x, attn_mask=masks, need_weights=False)[0]

    assert_same(members_of(Masked), torch.randn(12, 5, 6))
