"""`stack` and `unstack`."""

import torch
from torch import nn

from interplay.training.stacked.flat import Flat
from interplay.training.stacked.stack import stack, unstack


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
