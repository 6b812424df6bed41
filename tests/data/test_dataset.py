"""The dataset protocol: splits, views, digests, what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.data import DATASETS
from interplay.data.dataset import Dataset
from interplay.data.load import load_dataset
from interplay.errors import DataError


@pytest.fixture(scope="module")
def digits():
    return load_dataset({"name": "digits"})


def labelled(n, classes, seed=0):
    generator = np.random.default_rng(seed)
    y = np.concatenate([np.arange(classes), generator.integers(classes, size=n - classes)])
    return Dataset.from_arrays(generator.normal(size=(n, 3)), y)


@settings(max_examples=60, deadline=None)
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
    assert replace(digits, fixed={"valid": np.array([1])}).digest != digits.digest


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
    ],
)
def test_refused(make, says):
    with pytest.raises(DataError, match=says):
        make()


@pytest.mark.parametrize(
    "name", [e.name for e in DATASETS if not e.path.startswith("interplay.data.mads")]
)
def test_every_registered_dataset_that_needs_no_download_loads(name):
    entry = DATASETS.get(name)
    if any(option.required for option in entry.options.by_name.values()):
        pytest.skip("needs a path; its own test loads it")
    data = load_dataset({"name": name})
    assert data.task == entry.task
    assert len(data.inputs) == int(entry.size.replace(",", ""))
    data.split()


def test_own_loader(tmp_path):
    (tmp_path / "own_data.py").write_text(
        "import numpy as np\n"
        "def pair(n=20): return np.zeros((n, 3)), np.arange(n) % 2\n"
        "def two(): return pair(12), pair(4)\n"
        "def bad(): return 3\n"
        "def broken(): raise RuntimeError('no disk')\n"
    )

    def load(name, **options):
        return load_dataset({"builder": f"own_data:{name}", "batch_size": 8, **options}, [tmp_path])

    assert load("pair", n=30).inputs.shape == (30, 3)
    assert load("two").split(0).valid.tolist() == [12, 13, 14, 15]
    with pytest.raises(DataError, match="returned int"):
        load("bad")
    with pytest.raises(DataError, match="RuntimeError: no disk"):
        load("broken")
