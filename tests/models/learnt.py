"""Small networks of every family, as if they had learnt something."""

import torch

from interplay.data.dataset import DataSpec
from interplay.models.factory import build_model
from interplay.training.global_generators import own_globals

SMALL = {
    "linear": {"num_layers": 2, "hidden_size": 6},
    "conv": {"num_layers": 2, "channels": 4},
    "recurrent": {"num_layers": 2, "hidden_size": 5},
    "mlp": {"architecture": 2},
}
KINDS = {"linear": "flat", "conv": "image", "recurrent": "sequence", "mlp": "flat"}
SPECS = {
    "flat": DataSpec("classification", "flat", (7,), 4),
    "image": DataSpec("classification", "image", (2, 9, 7), 4),
    "sequence": DataSpec("classification", "sequence", (6, 3), 4),
}


def learnt(model, spec, seed=7):
    """A network of these options that is not as any other begins, statistics too."""
    with own_globals(seed, "weights"):
        built = build_model(model, spec)
        for tensor in built.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape) * 0.5 + 0.25)
    return built
