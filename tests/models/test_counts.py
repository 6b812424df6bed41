"""Parameter counts of known configurations, each written out by hand."""

import pytest

from interplay.data.dataset import DataSpec
from interplay.models.factory import count_parameters
from tests.models.tables import build

DIGITS = DataSpec("classification", "flat", (64,), 10)
IMAGE = DataSpec("classification", "image", (3, 8, 8), 10)
STEPS = DataSpec("classification", "sequence", (21, 3), 20)
WORDS = DataSpec("classification", "tokens", (50,), 2, vocabulary=1000)

LINEAR = [
    (dict(num_layers=1, hidden_size=32), 64 * 32 + 32 + 32 * 10 + 10),
    (dict(num_layers=2, hidden_size=[8, 4]), (64 * 8 + 8) + (8 * 4 + 4) + (4 * 10 + 10)),
    # A norm has two numbers a unit, and takes the bias away.
    (dict(num_layers=1, hidden_size=8, norm="batch"), 64 * 8 + 2 * 8 + 8 * 10 + 10),
    (dict(num_layers=3, hidden_size=8, norm="layer", skip=True, dropout=0.3),
     (64 * 8 + 16) + 2 * (8 * 8 + 16) + (8 * 10 + 10)),
]  # fmt: skip

HEAD = 16 * 10 + 10  # of 16 features
CONV = [
    # Two 3×3 convolutions with batch norm, 8×8 → 4×4 → 2×2, all positions read.
    (dict(channels=16), (3 * 16 * 9 + 32) + (16 * 16 * 9 + 32) + (16 * 2 * 2 * 10 + 10)),
    (dict(channels=16, norm="none"), (3 * 16 * 9 + 16) + (16 * 16 * 9 + 16) + (64 * 10 + 10)),
    (dict(channels=[4, 16], norm="none", global_pool=True, kernel_size=5),
     (3 * 4 * 25 + 4) + (4 * 16 * 25 + 16) + HEAD),
    (dict(channels=4, doubling=True, num_layers=3, norm="none", global_pool=True),
     (3 * 4 * 9 + 4) + (4 * 8 * 9 + 8) + (8 * 16 * 9 + 16) + HEAD),
    (dict(channels=4, doubling=True, num_layers=3, pool_every=2, norm="none", global_pool=True),
     (3 * 4 * 9 + 4) + (4 * 4 * 9 + 4) + (4 * 8 * 9 + 8) + (8 * 10 + 10)),
    # Never halved: 8×8 positions of 16 channels.
    (dict(channels=16, num_layers=1, pool_every=0, norm="none"),
     (3 * 16 * 9 + 16) + (16 * 64 * 10 + 10)),
    # A 2×2 convolution in steps of two for every halving.
    (dict(channels=16, num_layers=1, pooling="stride", norm="none", global_pool=True),
     (3 * 16 * 9 + 16) + (16 * 16 * 4 + 16) + HEAD),
    (dict(channels=16, num_layers=1, pooling="stride", norm="layer", global_pool=True),
     (3 * 16 * 9 + 32) + (16 * 16 * 4 + 32) + HEAD),
    # Squeeze to a quarter and back.
    (dict(channels=16, num_layers=1, squeeze_excite=True, norm="none", global_pool=True),
     (3 * 16 * 9 + 16) + (16 * 4 + 4) + (4 * 16 + 16) + HEAD),
    # Two convolutions a block; the first has a 1×1 shortcut from 3 to 16, the second none.
    (dict(channels=16, block="residual", global_pool=True),
     (3 * 16 * 9 + 32) + (16 * 16 * 9 + 32) + (3 * 16 + 32) + 2 * (16 * 16 * 9 + 32) + HEAD),
    (dict(channels=16, num_layers=1, block="residual", norm="none", squeeze_excite=True, global_pool=True),
     (3 * 16 * 9 + 16) + (16 * 16 * 9 + 16) + 3 * 16 + (16 * 4 + 4) + (4 * 16 + 16) + HEAD),
    # Four branches of 4: 1×1; 1×1, 3×3; 1×1, 5×5; pool, 1×1.
    (dict(channels=16, num_layers=1, block="inception", norm="none", global_pool=True),
     4 * (3 * 4 + 4) + (4 * 4 * 9 + 4) + (4 * 4 * 25 + 4) + HEAD),
    # Branches of 2, 2, 1, 1.
    (dict(channels=6, num_layers=1, block="inception", norm="none", global_pool=True),
     (3 * 2 + 2) * 2 + (3 * 1 + 1) * 2 + (2 * 2 * 9 + 2) + (1 * 1 * 25 + 1) + (6 * 10 + 10)),
    # A hidden layer of 5 units before the output.
    (dict(channels=16, num_layers=1, norm="batch", global_pool=True, hidden_size=5),
     (3 * 16 * 9 + 32) + (16 * 5 + 10) + (5 * 10 + 10)),
]  # fmt: skip

CONV_STEPS = [
    # 21 steps → 11 → 6.
    (dict(channels=16, norm="none"), (3 * 16 * 3 + 16) + (16 * 16 * 3 + 16) + (16 * 6 * 20 + 20)),
    (dict(channels=16, norm="layer", global_pool=True, kernel_size=4),
     (3 * 16 * 4 + 32) + (16 * 16 * 4 + 32) + (16 * 20 + 20)),
]  # fmt: skip

# Torch's cells have two biases a gate; a GRU has three gates, an LSTM four, a plain cell one.
RECURRENT = [
    (dict(num_layers=1, hidden_size=16), 3 * (3 * 16 + 16 * 16 + 2 * 16) + (16 * 20 + 20)),
    (dict(cell="lstm", num_layers=2, hidden_size=16),
     4 * (3 * 16 + 16 * 16 + 2 * 16) + 4 * (16 * 16 + 16 * 16 + 2 * 16) + (16 * 20 + 20)),
    (dict(cell="rnn", num_layers=2, hidden_size=[16, 8]),
     (3 * 16 + 16 * 16 + 2 * 16) + (16 * 8 + 8 * 8 + 2 * 8) + (8 * 20 + 20)),
    # Both directions: the second layer and the output read 32 numbers.
    (dict(num_layers=2, hidden_size=16, bidirectional=True, skip=True, dropout=0.5),
     2 * 3 * (3 * 16 + 16 * 16 + 2 * 16) + 2 * 3 * (32 * 16 + 16 * 16 + 2 * 16) + (32 * 20 + 20)),
    (dict(num_layers=1, hidden_size=16, norm="layer", readout="attention"),
     3 * (3 * 16 + 16 * 16 + 2 * 16) + 2 * 16 + (16 * 16 + 16 + 16) + (16 * 20 + 20)),
]  # fmt: skip

RECURRENT_WORDS = [
    (dict(num_layers=1, hidden_size=16, embedding_dim=8, readout="mean"),
     1000 * 8 + 3 * (8 * 16 + 16 * 16 + 2 * 16) + (16 * 2 + 2)),
]  # fmt: skip

CASES = [
    *[("linear", DIGITS, *case) for case in LINEAR],
    *[("conv", IMAGE, *case) for case in CONV],
    *[("conv", STEPS, *case) for case in CONV_STEPS],
    *[("recurrent", STEPS, *case) for case in RECURRENT],
    *[("recurrent", WORDS, *case) for case in RECURRENT_WORDS],
]


@pytest.mark.parametrize(("family", "spec", "options", "expected"), CASES)
def test_the_count_by_hand(family, spec, options, expected):
    assert count_parameters(build(family, spec, options)) == expected
