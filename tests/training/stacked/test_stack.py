"""`stack` and `unstack`, and the check that a user's own forward allows it."""

import torch
from torch import nn

import interplay.training.stacked.twins  # noqa: F401  (registers them)
from interplay.data.dataset import DataSpec
from interplay.training.stacked.check import why_not
from interplay.training.stacked.stack import Flat, stack, unstack


def make_models(n=3):
    torch.manual_seed(0)
    shared = [nn.Linear(6, 6) for _ in range(n)]
    return [
        nn.Sequential(
            nn.Linear(5, 6), nn.BatchNorm1d(6), nn.ReLU(), s, nn.LayerNorm(6), s, nn.Linear(6, 2)
        )
        for s in shared
    ]


def test_round_trip_after_training_a_little():
    models, x = make_models(), torch.randn(3 * 4, 5)
    stacked = stack(models)
    flat = Flat([stacked])
    # A module used twice is one module, with one row of parameters.
    assert flat.size == sum(p.numel() for p in models[0].parameters())
    stacked(x)
    flat.values.add_(0.1)
    stacked.eval()
    together = stacked(x)
    apart = torch.cat(
        [m.eval()(part) for m, part in zip(unstack(stacked), x.chunk(3), strict=True)]
    )
    torch.testing.assert_close(together, apart)
    assert not torch.allclose(models[0].eval()(x[:4]), apart[:4])  # the originals are left alone


def test_gradients_are_each_members_own():
    models, x = make_models(), torch.randn(3 * 4, 5)
    stacked = stack(models)
    flat = Flat([stacked])
    flat.backward(stacked(x).square().sum())
    for i, model in enumerate(models):
        model(x[4 * i : 4 * i + 4]).square().sum().backward()
        own = torch.cat([p.grad.flatten() for p in model.parameters()])
        torch.testing.assert_close(flat.grads[i].sort().values, own.sort().values)


MODULE = """
import torch
from torch import nn
from torch.nn import functional as F
class Net(nn.Module):
    def __init__(self, how):
        super().__init__()
        self.how, self.layers = how, nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))
    def forward(self, x):
        if self.how == "mixes":
            x = x - x.mean(0)
        if self.how == "draws":
            x = F.dropout(x, 0.5, self.training)
        return self.layers(x)
def make(how):
    return Net(how)
"""


def test_a_users_forward_is_tried_not_trusted(tmp_path):
    (tmp_path / "tried.py").write_text(MODULE)
    x = torch.randn(2, 5)
    spec = DataSpec("classification", "flat", (5,), 3)

    def check(how):
        return why_not({"builder": "tried:make", "how": how}, spec, x, [tmp_path])

    assert check("plain") is None
    assert "other numbers" in check("mixes")
    assert "other numbers" in check("draws")
