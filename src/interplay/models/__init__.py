"""Model families by name, a file each, made of `blocks`. Importing this does not import torch.

`factory` builds a model from a study's [model], a family's or the user's own; `network` is how
any of them is called.
"""

from __future__ import annotations

from dataclasses import dataclass

from interplay.kinds import Kind
from interplay.registry import Entry, Registry


@dataclass(frozen=True)
class Family(Entry):
    """A family of networks.

    Its builder takes the data's `DataSpec` first and its options as keywords, and returns an
    `nn.Module`; a forward pass maps (batch, *spec.shape) to (batch, spec.num_outputs).

    Attributes:
        accepts: the kinds of input it reads, the preferred first.
        version: raised when the same options come to mean another network or another training of
            it; part of a member's key.
        free: options that change no shape and no structure, in which the members of one stack
            may differ.
    """

    accepts: tuple[Kind, ...] = ()
    version: int = 1
    free: frozenset[str] = frozenset({"dropout"})


FAMILIES: Registry[Family] = Registry("model")
# As a family's version, of models that a user's own builder makes: raised when their training
# changes. All were raised when masks and batch orders became functions of their place.
BUILDER_VERSION = 1

FAMILIES.register(
    Family(
        "linear",
        "interplay.models.linear:linear",
        "fully connected layers (multilayer perceptron)",
        accepts=("flat",),
        version=2,
    )
)

FAMILIES.register(
    Family(
        "conv",
        "interplay.models.conv:conv",
        "convolutional layers: over images, or along the steps of sequences",
        accepts=("image", "sequence"),
        version=4,
    )
)

FAMILIES.register(
    Family(
        "recurrent",
        "interplay.models.recurrent:recurrent",
        "recurrent layers (GRU, LSTM, RNN) over sequences and text",
        accepts=("sequence", "tokens"),
        version=4,
    )
)

FAMILIES.register(
    Family(
        "mlp",
        "interplay.models.mlp:mlp",
        "fully connected layers by their widths, with an activation at the end (for regression)",
        accepts=("flat",),
    )
)
