"""Ways to cut folds: scikit-learn's own, whole groups, repeats, and what none of them can do."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import model_selection as sk

from interplay.data.dataset import Dataset
from interplay.errors import DataError
from interplay.study.study import Study
from interplay.training.members import Member, section
from interplay.training.reference import train_member
from interplay.training.stacked.engine import train_stack
from interplay.training.tensors import make_parts
from interplay.tuning.plan import make_plan
from tests.examples import examples

G = np.random.default_rng(3)
Y, WHO = G.integers(0, 3, 60), G.integers(0, 9, 60)


def data(groups=False, task="classification", n=60):
    x = np.random.default_rng(1).normal(size=(n, 4))
    y = np.resize(Y, n) if task == "classification" else np.resize(Y, n) + 0.5
    return Dataset.from_arrays(x, y, task=task, groups=np.resize(WHO, n) if groups else None)


def splits(dataset, by, *, folds=4, repeats=1, seed=5, **options):
    return [
        dataset.split(seed, folds=folds, fold=fold, folds_by=by, **options)
        for fold in range(folds * repeats)
    ]


def repeated(splitter, dataset, repeats, seed):
    """By hand: one generator for all repeats, as RepeatedKFold has it."""
    state = np.random.RandomState(seed)
    for _ in range(repeats):
        one = splitter(4, shuffle=True, random_state=state)
        yield from one.split(dataset.inputs, dataset.targets, dataset.groups)


@pytest.mark.parametrize(
    ("by", "by_hand", "groups"),
    [
        ("kfold", lambda d, r, s: sk.KFold(4).split(d.inputs), False),
        (
            "shuffled",
            lambda d, r, s: sk.RepeatedKFold(n_splits=4, n_repeats=r, random_state=s).split(
                d.inputs
            ),
            False,
        ),
        (
            "stratified",
            lambda d, r, s: sk.RepeatedStratifiedKFold(
                n_splits=4, n_repeats=r, random_state=s
            ).split(d.inputs, d.targets),
            False,
        ),
        ("grouped", lambda d, r, s: repeated(sk.GroupKFold, d, r, s), True),
        ("stratified-grouped", lambda d, r, s: repeated(sk.StratifiedGroupKFold, d, r, s), True),
    ],
)
def test_folds_are_those_of_scikit_learn(by, by_hand, groups):
    own, repeats = data(), 1 if by == "kfold" else 3
    if groups:
        own = replace(own, groups=np.arange(60) % 20)
    expected = list(by_hand(own, repeats, 5))
    found = splits(own, by, repeats=repeats)
    assert len(found) == len(expected) == 4 * repeats
    for split, (train, valid) in zip(found, expected, strict=True):
        assert (split.train.tolist(), split.valid.tolist()) == (train.tolist(), valid.tolist())


def test_the_first_repeat_is_the_splitter_alone():
    whole = data()
    once = sk.StratifiedKFold(4, shuffle=True, random_state=5).split(whole.inputs, whole.targets)
    for split, (_, valid) in zip(splits(whole, "stratified"), once, strict=True):
        assert split.valid.tolist() == valid.tolist()


@examples(60)
@given(
    by=st.sampled_from(
        ["auto", "kfold", "shuffled", "stratified", "grouped", "stratified-grouped"]
    ),
    folds=st.integers(2, 5),
    repeats=st.integers(1, 3),
    seed=st.integers(0, 3),
    test=st.sampled_from([0.0, 0.2]),
    sizes=st.lists(st.integers(3, 9), min_size=8, max_size=12),
)
def test_each_repeat_validates_every_row_once_and_parts_no_group(
    by, folds, repeats, seed, test, sizes
):
    grouped = "grouped" in by
    groups = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    n = len(groups)
    own = Dataset.from_arrays(
        np.zeros((n, 2)), np.arange(n) % 2, groups=groups if grouped else None
    )
    repeats = 1 if by == "kfold" else repeats
    try:
        found = splits(own, by, folds=folds, repeats=repeats, seed=seed, test=test)
    except DataError:
        assume(False)  # groups are few, and some cut would come twice
    kept = found[0].test.tolist()
    for start in range(0, len(found), folds):
        validated = np.concatenate([split.valid for split in found[start : start + folds]])
        assert sorted([*validated, *kept]) == list(range(n))
    for split in found:
        assert split.test.tolist() == kept  # the last test's rows are in no repeat's training
        assert sorted([*split.train, *split.valid, *kept]) == list(range(n))
        if grouped:
            assert not set(groups[split.train]) & set(groups[split.valid])
            assert not set(groups[split.test]) & {*groups[split.train], *groups[split.valid]}
    valid = [tuple(split.valid) for split in found]
    cuts = {frozenset(valid[start : start + folds]) for start in range(0, len(found), folds)}
    assert len(cuts) == repeats


def test_stratified_folds_and_automatic_ones_are_even_over_the_classes_in_each_repeat():
    for by in ("auto", "stratified"):
        for split in splits(data(), by, repeats=3):
            counts = np.bincount(Y[split.valid], minlength=3)
            assert np.abs(counts - np.bincount(Y) / 4).max() <= 1


def test_splits_of_kept_runs_stay():
    """Rows are found by keys that do not say where their rows lay."""
    h = hashlib.sha256()
    zeros = np.zeros((60, 2))
    for own in (
        Dataset.from_arrays(zeros, Y),
        Dataset.from_arrays(zeros, Y, groups=WHO),
        Dataset.from_arrays(zeros, Y * 1.0),
    ):
        for seed in (0, 5):
            for folds, fold in [(None, None), *((4, fold) for fold in range(4))]:
                split = own.split(seed, 0.2, 0.1, folds, fold, 0.8)
                for part in (split.train, split.valid, split.test):
                    h.update(part.astype(np.int64).tobytes() + b"|")
    assert h.hexdigest()[:16] == "424f5855ad288dac"


# No two groups of one size: the largest go to the smallest folds in one way only.
UNEVEN = Dataset.from_arrays(
    np.zeros((45, 2)), np.arange(45) % 2, groups=np.repeat(np.arange(9), range(1, 10))
)
SERIES = replace(data(task="regression"), overlap=2)


@pytest.mark.parametrize(
    ("own", "by", "options", "told"),
    [
        (data(), "grouped", {}, "'grouped' and no groups; a table's are named by data.groups"),
        (data(True), "shuffled", {}, "'shuffled' would part its groups; allowed: auto, grouped"),
        (data(task="regression"), "stratified", {}, "is of classes, and this is regression"),
        (data(True), "auto", {"folds": 10}, "9 groups make no 10 folds; folds: at most 9"),
        (data(n=6), "auto", {"folds": 7}, "6 rows make no 7 folds; folds: at most 6"),
        (data(), "kfold", {"repeats": 2}, "repeat 2 cuts the same 4 folds.*allowed: repeats = 1,"),
        (UNEVEN, "auto", {"repeats": 2}, "repeat 2 cuts the same 4 folds.*than auto"),
        (UNEVEN, "stratified-grouped", {"folds": 2, "repeats": 9}, "cuts the same 2 folds"),
        (data(True), "grouped", {"folds": 9, "repeats": 2}, "repeat 2 cuts the same 9 folds"),
        (data(n=6), "auto", {"folds": 6, "repeats": 2}, "repeat 2 cuts the same 6 folds"),
        (data(), "shuffled", {"seed": 2**32}, "split_seed = 4294967296; .* 0 to 4294967295"),
        (data(n=6), "stratified", {"folds": 5}, "number of members in each class"),
        (SERIES, "shuffled", {}, "would put one moment into two parts; allowed: auto, kfold"),
        (SERIES, "auto", {"repeats": 2}, "stretches of time, which repeats would not cut"),
    ],
)
def test_folds_that_cannot_be_cut_so(own, by, options, told):
    with pytest.raises(DataError, match=told):
        splits(own, by, **options)


def test_scores_are_those_of_scikit_learns_folds_by_hand():
    """Both engines, scaled by the training rows alone, in two repeats."""
    own = data()
    study = Study(
        name="s", epochs=2, folds=3, repeats=2, model={"name": "linear"},
        data={"name": "digits", "folds_by": "stratified", "split_seed": 5, "scale": "standard"},
    )  # fmt: skip
    config = study.resolve(study.first_cells()[0] if study.first_cells() else study.cells()[0])
    options = section(config, "data")

    def parts(dataset, **folds):
        return make_parts(dataset, "flat", options, device="cpu", dtype=torch.float64, **folds)

    members = [Member(f"{s}{f}", config, s, 2, f, 3) for s in (0, 1) for f in study.folds]
    mine = {fold: parts(own, fold=fold, folds=3) for fold in study.folds}
    stacked = train_stack(members, [mine[member.fold] for member in members])
    by_hand = sk.RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=5)
    theirs = [
        parts(replace(own, fixed={"valid": valid}), fold=None, folds=None)
        for _, valid in by_hand.split(own.inputs, own.targets)
    ]
    for member, row in zip(members, stacked, strict=True):
        expected = train_member(member, theirs[member.fold])
        assert expected.error is None
        assert train_member(member, mine[member.fold]).curves == expected.curves
        for name, values in expected.curves.items():
            np.testing.assert_allclose(row.curves[name], values, rtol=1e-8)


def test_keys_of_kept_rows_stay_and_repeats_are_more_rows(make_study):
    def keys(**changes):
        return [member.key for member in make_plan(make_study(seeds=1, **changes)).members]

    before = keys(folds=3)
    assert keys(folds=3, data={"folds_by": "auto"}) == before
    assert not set(keys(folds=3, data={"folds_by": "shuffled"})) & set(before)
    more = keys(folds=3, repeats=2)
    assert len(set(more)) == len(more) == 2 * len(before)
    assert set(before) < set(more)
