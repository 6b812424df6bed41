"""How convolutions see a stack: a few members at a time, those side by side as channels.

Between modules a stack is `(members * batch, channels, …)`, member after member. Inside, a *tile* of
members is `(batch, members of the tile * channels, …)`, images channels_last: a convolution of all
of them is then one grouped convolution, batch norm and pooling need no change, and a tile of one
member is the ordinary model on its rows.

A tile has as many members as keep its widest activation within `TILE_BYTES`. Small images so run
many members in one call, which saves dispatch and lets narrow channels fill the vector registers;
from about 28×28 on, calls are long enough alone and a tile is what stays in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from interplay.training.stacked.device.place import on_host

TILE_BYTES = 8 << 20


class Layout:
    """Which members the modules of one chain are at.

    Attributes:
        count: members of the present tile.
        first: the first of them.
        widest: most numbers that a convolution has given out since this was last set to 0.
    """

    def __init__(self) -> None:
        self.count = 0
        self.first = 0
        self.widest = 0
        self._at = 0
        self._size = 0
        self._parts: dict[int, tuple[Tensor, ...]] = {}

    @property
    def active(self) -> bool:
        return self.count > 0

    def share(self, tensor: Tensor) -> Tensor:
        """The tile's share of a parameter or buffer: (members, n, …) to (count * n, …), windows of
        images channels last.

        Buffers, which are contiguous, come as views, so that they can be written to.
        """
        if len(tensor) == 1:
            return tensor.squeeze(0)
        if self._size >= len(tensor):
            return _joined_members(tensor)
        # Split once for all tiles: its gradient is one concatenation, that of a slice as large as
        # the whole.
        if id(tensor) not in self._parts:
            self._parts[id(tensor)] = torch.split(tensor, self._size)
        return _joined_members(self._parts[id(tensor)][self._at])

    def run(self, body: Callable[[Tensor], Tensor], x: Tensor, members: int, size: int) -> Tensor:
        """`body` over tiles of `size` members: (members * batch, …) in and out."""
        batch = x.shape[0] // members
        outs = []
        self._size = size
        try:
            for at, rows in enumerate(torch.split(x, size * batch)):
                self._at, self.first, self.count = at, at * size, rows.shape[0] // batch
                out = body(side_by_side(rows, self.count))
                if members == 1:
                    return out
                outs.append(apart(out, self.count))
        finally:
            self.count = 0
            self._parts.clear()  # they hold on to the graph
        return joined(outs)


def _joined_members(tensor: Tensor) -> Tensor:
    if tensor.dim() == 5:
        return tensor.movedim(2, -1).flatten(0, 1).movedim(-1, 1)
    # One channel a member flattens to a view with gaps, over which torch's backward of batch
    # norm reads as if there were none: hence contiguous.
    return tensor.flatten(0, 1).contiguous()


def tile_size(members: int, bytes_of_one: int, device: torch.device) -> int:
    """Members of a tile: a function of shapes alone.

    Args:
        bytes_of_one: of one member's widest activation.
    """
    if not on_host(device):
        return members
    most = max(1, TILE_BYTES // max(1, bytes_of_one))
    tiles = -(-members // most)
    return -(-members // tiles)


def side_by_side(x: Tensor, members: int) -> Tensor:
    """(members * batch, channels, …) to (batch, members * channels, …), images channels_last."""
    image = x.dim() == 4
    if members > 1:
        own = divided(x, 0, members)
        if image:
            x = own.permute(1, 3, 4, 0, 2).flatten(3).permute(0, 3, 1, 2)
        else:
            x = own.transpose(0, 1).flatten(1, 2)
    # Not `contiguous`, which leaves the strides of one channel as they are, and with them the
    # slower kernels of all that follows.
    return x.to(memory_format=torch.channels_last) if image else x


def apart(x: Tensor, members: int) -> Tensor:
    """(batch, members * channels, …) to (members, batch, …, channels last in images), a view."""
    own = divided(x, 1, members).transpose(0, 1)
    return own.permute(0, 1, 3, 4, 2) if x.dim() == 4 else own


def joined(tiles: list[Tensor]) -> Tensor:
    """What `apart` gave, of all tiles, as (members * batch, channels, …)."""
    rows = (tiles[0] if len(tiles) == 1 else torch.cat(tiles)).flatten(0, 1)
    return rows.permute(0, 3, 1, 2) if rows.dim() == 4 else rows


def divided(x: Tensor, dim: int, parts: int) -> Tensor:
    """(…, parts * n, …) to (…, parts, n, …), a view; `unflatten` costs several times as much."""
    return x.view(*x.shape[:dim], parts, x.shape[dim] // parts, *x.shape[dim + 1 :])


def flat(x: Tensor) -> NDArray[Any]:
    """The numbers of images in the order channels last has them, (numbers,): their own memory where
    they lie so, else a copy."""
    numbers: NDArray[Any] = x.detach().numpy().transpose(0, 2, 3, 1).reshape(-1)
    return numbers
