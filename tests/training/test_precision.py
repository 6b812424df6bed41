"""Mixed precision: both engines alike, rounded and yet near float32; members of one stack share it."""

import numpy as np
import pytest
import torch

from interplay.training.stacked.sharing import shape_key
from tests.models.tables import cases
from tests.training.stacked.test_engine import both, configure, parts_of


@pytest.mark.parametrize(("family", "kind"), cases())
def test_bf16_is_near_float32_in_both_engines(family, kind):
    losses = {}
    for precision in ("float32", "bf16"):
        config, data = configure(kind, "classification", family, training={"precision": precision})
        parts = parts_of(config, data, kind, torch.float32)
        stacked, reference = both([config, config], [0, 1], parts, epochs=2)
        assert [row.engine for row in stacked] == ["stacked"] * 2
        for engine, rows in (("stacked", stacked), ("reference", reference)):
            assert [row.status for row in rows] == ["complete"] * 2, rows[0].error
            losses[precision, engine] = np.array([row.curves["valid_loss"] for row in rows])
    for engine in ("stacked", "reference"):
        exact, rounded = losses["float32", engine], losses["bf16", engine]
        np.testing.assert_allclose(rounded, exact, rtol=0.05)
        assert (np.abs(rounded - exact) > 0).any()
    np.testing.assert_allclose(losses["bf16", "stacked"], losses["bf16", "reference"], rtol=0.05)


def test_tf32_is_allowed_for_the_training_that_asks_and_for_no_other():
    for precision, allowed in (("tf32", True), ("float32", False)):
        config, data = configure(
            "flat", "classification", "linear", training={"precision": precision}
        )
        for train in (0, 1):  # by either engine
            torch.backends.cuda.matmul.allow_tf32 = not allowed
            torch.backends.cudnn.allow_tf32 = not allowed
            parts = parts_of(config, data, "flat", torch.float32)
            from interplay.training.members import Member
            from interplay.training.reference import train_member
            from interplay.training.stacked.engine import train_stack

            member = Member("0", config, 0, 1)
            row = train_stack([member], [parts])[0] if train else train_member(member, parts)
            assert row.status == "complete"
            assert torch.backends.cuda.matmul.allow_tf32 is allowed
            assert torch.backends.cudnn.allow_tf32 is allowed


def test_members_of_unlike_precision_do_not_stack():
    keys = set()
    for precision in ("float32", "tf32", "bf16"):
        config, _ = configure("flat", "classification", "linear", training={"precision": precision})
        keys.add(shape_key(config, 1, 8, 5))
    assert len(keys) == 3
