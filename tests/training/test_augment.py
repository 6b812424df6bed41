"""Training images changed at random: the same in both engines, whatever the pack; no other rows."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import affine_transform

from interplay.data.common import AUGMENT
from interplay.training.augment import BITS, Augment
from interplay.training.members import Member, section
from interplay.training.randomness import key_of, keys_at, words
from interplay.training.reference import train_member
from interplay.training.stacked.engine import train_stack
from interplay.training.stacked.sharing import shape_key
from interplay.tuning.plan import make_plan
from interplay.tuning.preflight import preflight
from tests.training.stacked.test_engine import assert_same, configure, parts_of, small_data

ALL = {"augment_flip": True, "augment_crop": 2, "augment_rotate": 20.0}
NONE = {"augment_flip": False, "augment_crop": 0, "augment_rotate": 0.0}


def of_images(family, kind, **data):
    config, _ = configure(kind, "classification", family, model={"dropout": 0.2}, **data)
    return config, small_data("image", "classification")


@pytest.mark.parametrize(
    ("family", "kind", "options"),
    [
        ("conv", "image", ALL),
        ("linear", "flat", {"augment_flip": True}),
        ("linear", "flat", {"augment_crop": 3}),
        ("recurrent", "sequence", {"augment_rotate": 90.0, "augment_crop": 1}),
    ],
)
def test_both_engines_see_the_same_images(family, kind, options):
    config, data = of_images(family, kind, scale="standard", **options)
    parts = {fold: parts_of(config, data, kind, fold=fold, folds=3) for fold in range(3)}
    members = [Member(f"{s}{f}", config, s, 2, f, 3) for s in (0, 1) for f in range(3)]
    own = [parts[m.fold] for m in members]
    stacked = train_stack(members, own)
    assert_same(stacked, [train_member(m, p) for m, p in zip(members, own, strict=True)], 1e-8)
    # Whoever trains beside it.
    (alone,) = train_stack(members[4:5], own[4:5])
    assert_same([alone], stacked[4:5], 1e-8)
    plain = replace(members[4], config={**config, **{f"data.{k}": NONE[k] for k in NONE}})
    (unchanged,) = train_stack([plain], own[4:5])
    assert unchanged.curves["train_loss"] != alone.curves["train_loss"]
    assert shape_key(config, 2, 9, 2) != shape_key(plain.config, 2, 9, 2)


@pytest.mark.parametrize("train", [train_member, lambda m, p: train_stack([m], [p])[0]])
def test_rows_that_validate_stay_as_they_are(train):
    losses = []
    for options in (NONE, ALL):
        config, data = of_images("linear", "flat", **options)
        config = {**config, "optimizer.lr": 1e-30}  # nothing is learnt
        row = train(Member("k", config, 0, 3), parts_of(config, data, "flat"))
        losses.append(row.curves)
    before, after = losses
    assert before["valid_loss"] == after["valid_loss"]
    assert before["train_loss"] != after["train_loss"]


def augment_of(seeds=(0,), offsets=(0,), kind="image", **options):
    config, data = of_images("conv", "image")
    parts = parts_of(config, data, kind)
    return Augment(seeds, {**NONE, **options}, parts, offsets), parts


def test_an_image_is_a_function_of_seed_epoch_and_row():
    augment, parts = augment_of(seeds=(0, 5), offsets=(0, 100), **ALL)
    images = parts.train.inputs
    rows = torch.arange(4, 12)
    taken = images[rows]

    def seen(epoch, order, member):
        augment.begin(epoch)
        own = slice(member, member + 1)
        return augment(taken[order], rows[order] + 100 * member, own)

    order = torch.tensor([3, 0, 7, 7, 1])
    first = seen(2, torch.arange(8), 0)
    assert torch.equal(seen(2, order, 0), first[order])
    other = seen(3, torch.arange(8), 0)
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))
    second = seen(2, torch.arange(8), 1)
    assert not any(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    # Side by side, as a stack has them.
    augment.begin(2)
    both = augment(torch.cat([taken, taken]), torch.cat([rows, rows + 100]), slice(0, 2))
    torch.testing.assert_close(both, torch.cat([first, second]), rtol=0, atol=1e-12)
    alone, _ = augment_of(seeds=(5,), **ALL)
    alone.begin(2)
    torch.testing.assert_close(alone(taken, rows), second, rtol=0, atol=1e-12)


def test_images_are_what_the_numbers_say():
    augment, parts = augment_of(seeds=(3,), **ALL)
    images, rows = parts.train.inputs, torch.arange(len(parts.train))
    augment.begin(4)
    got = augment(images, rows).numpy()
    start = keys_at(np.array([key_of(3, "augment")], dtype=np.uint64), 4)
    drawn = (words(start, 4 * len(rows))[0].reshape(-1, 4) >> np.uint64(64 - BITS)).astype(int)
    shares = drawn / 2**BITS
    assert 0.2 < (shares[:, 0] < 0.5).mean() < 0.8
    for image, (flip, down, right, turn), found in zip(images.numpy(), shares, got, strict=True):
        whole = image[:, :, ::-1] if flip >= 0.5 else image
        dy, dx = int(down * 5) - 2, int(right * 5) - 2
        wide = np.pad(whole, ((0, 0), (2, 2), (2, 2)))
        height, width = whole.shape[1:]
        whole = wide[:, 2 + dy : 2 + dy + height, 2 + dx : 2 + dx + width]
        angle = math.radians(20) * (2 * turn - 1)
        cos, sin = math.cos(angle), math.sin(angle)
        matrix = np.array([[cos, sin], [-sin, cos]])  # of (y, x)
        middle = np.array([(height - 1) / 2, (width - 1) / 2])
        wanted = [
            affine_transform(
                channel, matrix, middle - matrix @ middle, order=1, mode="grid-constant"
            )
            for channel in whole
        ]
        np.testing.assert_allclose(found, wanted, atol=1e-10)


@pytest.mark.parametrize("kind", ["flat", "sequence"])
def test_images_read_otherwise_are_changed_as_images(kind):
    augment, parts = augment_of(**ALL)
    as_read, other = augment_of(kind=kind, **ALL)
    rows = torch.arange(6)
    changed = as_read(other.train.inputs[:6], rows)
    data = small_data("image", "classification")
    wanted = replace(
        data, inputs=np.tile(augment(parts.train.inputs[:6], rows).numpy(), (6, 1, 1, 1))
    )
    torch.testing.assert_close(changed, torch.from_numpy(wanted.view(kind)[:6]))


def test_only_images_are_changed_and_moved_within_sight(make_study):
    study = make_study(data={"augment_crop": [0, 7, 8]}, model={"hidden_size": 4, "dropout": 0.0})
    plan = make_plan(study)
    reasons = [b.reason for b in preflight(plan.cells, plan.datasets, study.folders)]
    assert reasons[:2] == [None, None]
    assert reasons[2] == (
        "data.augment_crop = 8 moves images out of sight that are 8 pixels high or wide; "
        "allowed: 0 to 7"
    )
    _, flat = configure("flat", "classification", "linear")
    for name in AUGMENT:
        asked = make_study(data={name: ALL[name]})
        plan = make_plan(asked)
        datasets = dict.fromkeys(plan.datasets, flat)
        reason = preflight(plan.cells[:1], datasets, asked.folders)[0].reason
        assert (
            f"data.{name} = {ALL[name]} changes images, and dataset 'data' has flat inputs"
            in reason
        )


def test_images_left_alone_are_as_before(make_study):
    study = make_study(data=NONE)
    assert not any(f"data.{name}" in study.keyed(study.cells()[0]) for name in AUGMENT)
    config = study.cells()[0]
    _, data = of_images("linear", "flat")
    parts = parts_of(config, data, "flat")
    assert Augment.asked([0], section(config, "data"), parts) is None
