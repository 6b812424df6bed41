"""The dataset protocol: splits, views, digests, what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplay.data import DATASETS
from interplay.data.dataset import Dataset
from interplay.data.load import COMMON, load_dataset
from interplay.errors import DataError
from tests.examples import examples


@pytest.fixture(scope="module")
def digits():
    return load_dataset({"name": "digits"})


def labelled(n, classes, seed=0):
    generator = np.random.default_rng(seed)
    y = np.concatenate([np.arange(classes), generator.integers(classes, size=n - classes)])
    return Dataset.from_arrays(generator.normal(size=(n, 3)), y)


@examples(60)
@given(
    n=st.integers(20, 300),
    classes=st.integers(2, 5),
    valid=st.floats(0.1, 0.5),
    test=st.sampled_from([0.0, 0.1, 0.3]),
    seed=st.integers(0, 5),
)
def test_a_split_is_a_partition_of_the_asked_sizes_even_over_classes(n, classes, valid, test, seed):
    data = labelled(n, classes)
    split = data.split(seed, valid, test)
    together = np.concatenate([split.train, split.valid, split.test])
    assert sorted(together) == list(range(n))
    assert abs(len(split.valid) - valid * n) <= 1
    assert abs(len(split.test) - test * n) <= 1
    for c in range(classes):
        share = (data.targets == c).sum() * valid
        assert abs((data.targets[split.valid] == c).sum() - share) <= 2
    again = data.split(seed, valid, test)
    assert np.array_equal(split.valid, again.valid)


def test_another_seed_is_another_split(digits):
    assert not np.array_equal(digits.split(0).valid, digits.split(1).valid)


def test_folds_validate_every_row_once(digits):
    parts = [digits.split(0, folds=5, fold=k) for k in range(5)]
    assert sorted(np.concatenate([p.valid for p in parts])) == list(range(1797))
    for part in parts:
        assert not set(part.train) & set(part.valid)


@given(
    sizes=st.lists(st.integers(1, 12), min_size=3, max_size=9),
    valid=st.floats(0.05, 0.6),
    test=st.sampled_from([0.0, 0.2]),
    folds=st.sampled_from([None, 2, 3]),
    seed=st.integers(0, 3),
)
@examples(60)
def test_groups_stay_in_one_part(sizes, valid, test, folds, seed):
    groups = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)) * 1000, sizes))
    n = len(groups)
    data = Dataset.from_arrays(np.zeros((n, 2)), np.arange(n) % 2, groups=groups.astype(str))
    test = 0.0 if folds else test
    validated = []
    for fold in range(folds) if folds else [None]:
        try:
            split = data.split(seed, valid, test, folds, fold)
        except DataError:
            assert test  # which took all groups but one, and one must train
            continue
        parts = [set(groups[rows]) for rows in (split.train, split.valid, split.test)]
        assert sum(map(len, parts)) == len(sizes)
        assert sorted(np.concatenate([split.train, split.valid, split.test])) == list(range(n))
        validated += list(split.valid)
        if not folds and not test:
            assert abs(len(split.valid) - valid * n) <= max(sizes)
    if folds:
        assert sorted(validated) == list(range(n))


def test_which_groups_validate_is_by_chance_whatever_their_classes():
    """Groups of one class each: cut off in the order of classes, validation would be class 0."""
    groups = np.repeat(np.arange(10), 5)
    data = Dataset.from_arrays(np.zeros((50, 2)), groups // 5, groups=groups)
    seen = {group for seed in range(30) for group in groups[data.split(seed).valid]}
    assert seen == set(range(10))
    assert np.array_equal(data.split(4).valid, data.split(4).valid)


def test_prescribed_parts_stay(digits):
    data = Dataset.from_arrays(np.zeros((10, 2)), np.arange(10) % 2)
    from dataclasses import replace

    split = replace(data, fixed={"test": np.array([8, 9])}).split(0, valid=0.5)
    assert list(split.test) == [8, 9]
    assert len(split.valid) == 5
    assert replace(data, fixed={"valid": np.array([0, 1])}).split(3).valid.tolist() == [0, 1]


def test_digits_views(digits):
    assert digits.views == {"image": (1, 8, 8), "flat": (64,), "sequence": (8, 8)}
    image, rows, flat = (digits.view(k)[5] for k in ("image", "sequence", "flat"))
    assert np.array_equal(image[0], rows)
    assert np.array_equal(image.ravel(), flat)
    with pytest.raises(DataError, match="comes as image, flat, sequence"):
        digits.spec("tokens")


def test_colour_rows_keep_their_columns_together():
    x = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    data = Dataset.from_arrays(x, np.array([0, 1]))
    rows = data.view("sequence")
    assert rows.shape == (2, 4, 15)
    assert np.array_equal(rows[1, 2], x[1, :, 2, :].ravel())


def test_the_digest_sees_every_value(digits):
    assert digits.digest == load_dataset({"name": "digits"}).digest
    changed = digits.inputs.copy()
    changed[700, 0, 3, 3] += 1e-3
    from dataclasses import replace

    assert replace(digits, inputs=changed).digest != digits.digest
    assert replace(digits, targets=np.roll(digits.targets, 1)).digest != digits.digest
    one = np.array([1])
    assert replace(digits, fixed={"valid": one}).digest != digits.digest
    assert (
        replace(digits, fixed={"valid": one}).digest != replace(digits, fixed={"test": one}).digest
    )
    two, three = (
        {"valid": rows, "test": others} for rows, others in ((one, one + 1), (one + 1, one))
    )
    assert replace(digits, fixed=two).digest != replace(digits, fixed=three).digest
    who = np.arange(len(digits.inputs)) % 7
    assert replace(digits, groups=who).digest != digits.digest
    assert (
        replace(digits, groups=who).digest != replace(digits, lengths=None, groups=who[::-1]).digest
    )


def test_digests_of_kept_runs_stay():
    """Rows are found by them."""
    x, y = np.arange(12.0).reshape(6, 2), np.arange(6) % 2
    assert Dataset.from_arrays(x, y).digest == "da97614d8be8c8de"


def steps(flat=False, **more):
    """Four sequences of five steps."""
    return Dataset.from_arrays(np.zeros((4, 5) if flat else (4, 5, 2)), np.arange(4) % 2, **more)


def part(**fixed):
    from dataclasses import replace

    return replace(steps(), fixed={name: np.array(rows) for name, rows in fixed.items()})


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Dataset.from_arrays(np.zeros((3, 2)), np.zeros(4, int)), "3 inputs but 4 targets"),
        (lambda: Dataset.from_arrays(np.full((3, 2), np.nan), np.zeros(3, int)), "not finite"),
        (lambda: Dataset.from_arrays(np.zeros(3), np.zeros(3, int)), "no known kind"),
        (lambda: Dataset.from_arrays(np.zeros((0, 2)), np.zeros(0, int)), "0 inputs"),
        (
            lambda: Dataset.from_arrays(np.zeros((3, 2)), np.array([-1, 0, 1])),
            "class numbers -1 to 1",
        ),
        (lambda: Dataset.from_arrays(np.zeros((1, 2)), np.zeros(1, int)).split(), "no valid part"),
        (lambda: steps(lengths=[9, 1, 1, 1]), "from 1 to the 5 steps .* these are 1 to 9"),
        (lambda: steps(lengths=[0, 1, 1, 1]), "from 1 to the 5 steps .* these are 0 to 1"),
        (lambda: steps(lengths=[9, 1]), r"lengths are one whole number a row, 4 .* shape \(2,\)"),
        (lambda: steps(lengths=[1] * 4, kind="flat", flat=True), "flat inputs have no lengths"),
        (lambda: steps(groups=[1, 2]), r"groups are one whole number a row, 4 .* shape \(2,\)"),
        (lambda: part(valid=[0, 4]), "rows of part 'valid' are from 0 to 3"),
        (lambda: part(valid=[-1]), "rows of part 'valid' are from 0 to 3"),
        (lambda: part(valid=[0, 0]), "'valid' are given twice"),
        (lambda: part(valid=[0, 1], test=[1, 2]), "'test' are given twice"),
        (lambda: part(val=[0]), "is valid or test, not 'val'"),
        (lambda: part(valid=[0, 1, 2, 3]).split(test=0.2), "4 rows leave no train part"),
        (lambda: part(valid=[0, 1, 2, 3]).split(), "4 rows leave no train part"),
        (lambda: steps(groups=list("aabb")).split(folds=3, fold=0), "2 groups make no 3 folds"),
        (lambda: steps(groups=list("aaaa")).split(), "no valid part"),
    ],
)
def test_refused(make, says):
    with pytest.raises(DataError, match=says):
        make()


def needs_files(entry):
    """Downloaded, or the user's own: loaded in tests of their own."""
    required = any(option.required for option in entry.options.by_name.values())
    return entry.download is not None or required


@pytest.mark.parametrize("entry", DATASETS, ids=lambda entry: entry.name)
def test_every_registered_dataset_says_what_its_options_are(entry):
    options = entry.options.by_name
    assert all(option.doc and option.allowed for option in options.values())
    assert not set(options) & COMMON


@pytest.mark.parametrize(
    "entry", [e for e in DATASETS if not needs_files(e)], ids=lambda entry: entry.name
)
def test_every_registered_dataset_that_needs_no_download_loads(entry):
    data = load_dataset({"name": entry.name})
    assert data.task == entry.task
    assert len(data.inputs) == int(entry.size.replace(",", ""))
    assert entry.shape.startswith(data.kind)
    data.split()


@examples(60)
@given(
    n=st.integers(40, 300),
    classes=st.integers(2, 6),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 5),
)
def test_a_subset_keeps_classes_and_their_shares(n, classes, fraction, seed):
    data = labelled(n, classes)
    whole, part = data.split(seed, 0.3, 0.1), data.split(seed, 0.3, 0.1, subset=fraction)
    assert np.array_equal(whole.test, part.test)
    for name in ("train", "valid"):
        rows, kept = getattr(whole, name), getattr(part, name)
        assert set(kept) <= set(rows)
        assert kept.tolist() == sorted(kept)
        for c in np.unique(data.targets[rows]):
            share = (data.targets[rows] == c).sum() * fraction
            assert abs((data.targets[kept] == c).sum() - max(1, share)) <= 0.5 + 1e-9
    smaller = data.split(seed, 0.3, 0.1, subset=fraction / 2)
    assert set(smaller.train) <= set(part.train)
    assert np.array_equal(data.split(seed, 0.3, 0.1, subset=1.0).train, whole.train)


def test_a_subset_of_regression_prescribed_parts_and_folds(digits):
    from dataclasses import replace

    values = Dataset.from_arrays(np.zeros((100, 2)), np.linspace(0, 1, 100))
    split = values.split(0, subset=0.1)
    assert (len(split.train), len(split.valid)) == (8, 2)
    assert len(values.split(0, subset=0.001).valid) == 1
    assert values.split(1, subset=0.1).train.tolist() != split.train.tolist()
    prescribed = replace(values, fixed={"valid": np.arange(80, 100)})
    fixed, other = prescribed.split(0, subset=0.5), prescribed.split(1, subset=0.5)
    assert fixed.train.tolist() != other.train.tolist()
    assert fixed.valid.tolist() != other.valid.tolist()
    assert (len(fixed.train), len(fixed.valid), fixed.valid.min() >= 80) == (40, 10, True)
    fold = digits.split(0, folds=5, fold=1, subset=0.1)
    assert set(fold.valid) <= set(digits.split(0, folds=5, fold=1).valid)
    assert len(fold.valid) == pytest.approx(36, abs=5)


def test_rows_that_overlap(digits):
    from dataclasses import replace

    rows = replace(Dataset.from_arrays(np.zeros((50, 2)), np.linspace(0, 1, 50)), overlap=3)
    split = rows.split(0, 0.2, 0.1)
    # 50 rows: test 45-49, a gap of 3, validation 32-41, a gap of 3, training 0-28.
    assert split.test.tolist() == list(range(45, 50))
    assert split.valid.tolist() == list(range(32, 42))
    assert split.train.tolist() == list(range(29))
    middle = rows.split(0, folds=5, fold=2)
    assert middle.valid.tolist() == list(range(20, 30))
    assert middle.train.tolist() == [*range(17), *range(33, 50)]
    assert rows.digest != replace(rows, overlap=2).digest
    with pytest.raises(DataError, match="leave no train part"):
        replace(rows, overlap=45).split(0)
    with pytest.raises(DataError, match="prescribed parts and overlapping"):
        replace(rows, fixed={"valid": np.array([1])})


def test_own_loader(tmp_path, capsys):
    (tmp_path / "own_data.py").write_text(
        "import numpy as np\n"
        "def pair(n=20): return np.zeros((n, 3)), np.arange(n) % 2\n"
        "def two(): return pair(12), pair(4)\n"
        "def bad(): return 3\n"
        "def broken(): raise RuntimeError('no disk')\n"
        "def loud(): print('reading'); return pair()\n"
        "print('imported')\n"
    )

    def load(name, **options):
        return load_dataset({"builder": f"own_data:{name}", "batch_size": 8, **options}, [tmp_path])

    assert load("pair", n=30).inputs.shape == (30, 3)
    assert load("two").split(0).valid.tolist() == [12, 13, 14, 15]
    with pytest.raises(DataError, match="returned int"):
        load("bad")
    with pytest.raises(DataError, match="RuntimeError: no disk"):
        load("broken")
    load("loud")
    printed = capsys.readouterr()
    assert "imported" in printed.err
    assert "reading" in printed.err
    assert not printed.out  # a verb's answer comes there


X, TOKENS = np.zeros((4, 2), np.float32), np.array([[0, 1], [2, 3]] * 2)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"targets": np.zeros(4, np.float32)}, r"targets of regression have shape \(4, 1\), these"),
        ({"targets": np.zeros((4, 2), np.float32)}, r"these \(4, 2\)"),
        ({"task": "classification", "targets": np.zeros((4, 1), np.int64)}, r"have shape \(4,\)"),
        ({"task": "classification", "targets": np.zeros(4)}, "whole numbers, not float64"),
        ({"kind": "tokens", "inputs": TOKENS - 1, "vocabulary": 4}, "these are -1 to 2"),
        (
            {"kind": "tokens", "inputs": TOKENS, "vocabulary": 3},
            "vocabulary of 3; these are 0 to 3",
        ),
        ({"kind": "tokens", "inputs": X, "vocabulary": 3}, "tokens are whole numbers"),
    ],
    ids=str,
)
def test_rows_that_would_train_something_else_are_refused(changes, says):
    """(n) targets beside (n, 1) outputs are a table of differences to torch, and no error."""
    whole = {"task": "regression", "kind": "flat", "inputs": X, "num_outputs": 1}
    whole |= {"targets": np.zeros((4, 1), np.float32), **changes}
    with pytest.raises(DataError, match=says):
        Dataset(name="d", **whole)


def test_a_loader_whose_arrays_are_none_is_a_message(tmp_path):
    (tmp_path / "odd_arrays.py").write_text(
        "import torch\n"
        "def load():\n"
        "    return torch.zeros(4, 2, requires_grad=True), torch.zeros(4)\n"
    )
    with pytest.raises(DataError, match="odd_arrays:load: Can't call numpy"):
        load_dataset({"builder": "odd_arrays:load"}, [tmp_path])
