"""A stack against its members' own modules, in float64."""

import copy

import torch

from interplay.training.dropout import seed_dropout
from interplay.training.stacked.flat import Flat
from interplay.training.stacked.stack import stack, unstack


def members_of(make, members=3, seed=0):
    """`members` models with weights (and statistics) of their own, float64."""
    torch.manual_seed(seed)
    models = [seed_dropout(make().double(), member) for member in range(members)]
    with torch.no_grad():
        for model in models:
            for norm in model.modules():
                if getattr(norm, "affine", False):
                    norm.weight.uniform_(-1, 1)
                    norm.bias.uniform_(-1, 1)
    return models


def assert_same(models, x, *, lengths=None, mode="train", steps=2, flat=True):
    """A stack of copies gives what `models` give: outputs, gradients, statistics."""
    stacked = stack(copy.deepcopy(models))
    taught = [p for p in stacked.parameters() if p.requires_grad]
    if flat and taught:  # parameters with strides of their own
        Flat([stacked])
    stacked.train(mode == "train")
    for step in range(steps):
        rows = x
        if x.is_floating_point():
            rows = (x.double() * (1 + step)).requires_grad_()
        more = () if lengths is None else (lengths,)
        got = stacked(rows, *more)
        weight = torch.randn_like(got)
        sources = [*taught, *([rows] if rows.requires_grad else [])]
        got_grads = torch.autograd.grad((got * weight).sum(), sources)
        wanted = []
        for i, model in enumerate(models):
            model.train(mode == "train")
            own = slice(i * len(x) // len(models), (i + 1) * len(x) // len(models))
            out = model(rows[own], *(part[own] for part in more))
            wanted.append(out)
            model.zero_grad()
            (out * weight[own]).sum().backward()
        torch.testing.assert_close(got, torch.cat(wanted), rtol=1e-10, atol=1e-10)
        if rows.requires_grad:
            torch.testing.assert_close(got_grads[-1], rows.grad, rtol=1e-10, atol=1e-10)
        by_id = {id(p): g for p, g in zip(sources, got_grads, strict=True)}
        compared = 0
        for path, twin in stacked.leaves.items():
            for name, parameter in twin.named_parameters():
                each = torch.stack([m.get_submodule(path).get_parameter(name).grad for m in models])
                torch.testing.assert_close(by_id[id(parameter)], each, rtol=1e-10, atol=1e-10)
                compared += 1
        assert compared == len(taught) == len(list(models[0].parameters()))
    for one, model in zip(unstack(stacked), models, strict=True):
        assert type(one) is type(model)
        state = model.state_dict()
        for name, value in one.state_dict().items():
            if "num_batches" not in name:
                torch.testing.assert_close(value, state[name], rtol=1e-10, atol=1e-10, msg=name)
    return stacked
