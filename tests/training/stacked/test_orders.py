"""A device computes the order of rows that the host computes."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from interplay.training.batches import BatchOrder
from interplay.training.stacked.orders import DeviceOrders, HostOrders
from tests.examples import examples


@examples(60)
@given(
    rows=st.integers(2, 150),
    fewer=st.lists(st.integers(0, 1), min_size=1, max_size=5),
    batch=st.integers(1, 40),
    ragged=st.booleans(),
    bucket=st.booleans(),
    seed=st.integers(0, 2**20),
    epoch=st.integers(0, 2**20),
)
def test_of_members_whose_folds_differ_by_a_row(rows, fewer, batch, ragged, bucket, seed, epoch):
    batch = min(batch, rows - 1)
    sizes = [rows - less for less in fewer]
    if len({size // batch for size in sizes}) > 1:
        sizes = [rows] * len(sizes)
    starts = {size: sum({s for s in sizes if s < size}) for size in sizes}
    generator = np.random.default_rng(seed)
    lengths = generator.integers(1, 9, sum(set(sizes)))  # many alike
    orders = [
        BatchOrder(
            seed + i,
            size,
            batch,
            lengths[starts[size] : starts[size] + size] if ragged else None,
            bucket=bucket and ragged,
        )
        for i, size in enumerate(sizes)
    ]
    offsets = [starts[size] for size in sizes]
    there = DeviceOrders(orders, offsets, torch.from_numpy(lengths) if ragged else None, "cpu")
    here = HostOrders(orders, offsets)
    for number in (epoch, 0, epoch + 1):
        torch.testing.assert_close(there.epoch(number), here.epoch(number), rtol=0, atol=0)
