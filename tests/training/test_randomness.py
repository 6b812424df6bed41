"""Numbers as a function of their place: the formula, however it is computed, and its quality."""

import numpy as np
import pytest
import torch
from scipy import stats

from interplay.training import masks as making
from interplay.training.batches import BatchOrder, permutations
from interplay.training.masks import AT_ONCE, COMPILED, MOST, Masks
from interplay.training.randomness import key_of, keys_at, signed, tensor_words, words
from interplay.training.stacked.device import place
from interplay.training.stacked.loops.dropout import BLOCK, drop

WHOLE = 2**64 - 1


def word(key, step, w):
    """SplitMix64 in Python's own integers, as its authors write it."""
    x = key + step * 0xD1342543DE82EF95 + w * 0x9E3779B97F4A7C15 & WHOLE
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & WHOLE
    x = (x ^ x >> 27) * 0x94D049BB133111EB & WHOLE
    return x ^ x >> 31


def keeps(key, step, rate, position):
    number = word(key, step, position // 4) >> 16 * (position % 4) & 0xFFFF
    return (number ^ 0x8000) >= round(rate * 65536)


def factors(key, step, rate, n):
    return [keeps(key, step, rate, p) / (1 - rate) for p in range(n)]


def test_the_first_outputs_are_splitmixs_own():
    """The published ones of seed 1234567, whose generator steps before it puts out."""
    start = np.array([1234567 + 0x9E3779B97F4A7C15 & WHOLE], dtype=np.uint64)
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert words(start, 3)[0].tolist() == expected


@pytest.mark.parametrize("step", [0, 1, 2**40 + 3])
def test_words_are_the_formulas_in_numpy_and_in_torch(step):
    keys = np.array([key_of(seed, "test", 5) for seed in (0, 1, 2**70)], dtype=np.uint64)
    expected = [[word(int(key), step, w) for w in range(50)] for key in keys]
    assert words(keys_at(keys, step), 50).tolist() == expected
    starts = torch.tensor([signed(int(key)) for key in keys_at(keys, step)])
    assert tensor_words(starts, 50).numpy().view(np.uint64).tolist() == expected


@pytest.fixture(params=["numpy", "compiled"])
def way(request, monkeypatch):
    """By what the host makes masks, whatever their size and what is imported already."""
    monkeypatch.setattr(making, "COMPILER", "not imported")
    monkeypatch.setattr(making, "COMPILED", 0 if request.param == "compiled" else 1 << 60)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("n", [0, 1, 6, 1001, 8 * BLOCK + 5])
def test_masks_are_the_same_however_they_are_computed(n, dtype, monkeypatch):
    rates = [0.0, 0.3, 1.0]
    keys = [key_of(seed, "dropout", 1) for seed in range(3)]
    host, device, like = Masks(keys, rates), Masks(keys, rates), torch.zeros(1, dtype=dtype)
    for use in range(11 if n < 100 else 3):
        ours = host.next(n, like)
        with monkeypatch.context() as patch:
            patch.setattr(place, "HOST", ())
            assert torch.equal(ours, device.next(n, like))
        assert ours.dtype == dtype
        assert ours[0].eq(1).all()
        assert ours[2].eq(0).all()
        assert ours[1, -5:].ne(0).tolist() == [keeps(keys[1], use, 0.3, p) for p in range(n)][-5:]


@pytest.mark.parametrize("n", [10, COMPILED])
def test_what_a_use_has_given_stays_as_it_is(n):
    """The way back reads it, maybe after more uses."""
    masks, like = Masks([key_of(0, "dropout")], [0.5]), torch.zeros(1)
    given = [masks.next(n, like) for _ in range(3)]
    kept = [each.clone() for each in given]
    for _ in range(2 * MOST + 3):
        masks.next(n, like)
    assert all(torch.equal(one, other) for one, other in zip(given, kept, strict=True))


@pytest.mark.usefixtures("way")
def test_the_host_computes_ahead_what_it_would_compute_in_turn():
    keys, like = [key_of(0, "dropout"), key_of(1, "dropout")], torch.zeros(1)
    sizes = [100, 100, 100, 37, 100, 37, 37, 2 * AT_ONCE, 100, 100, 37]
    masks = Masks(keys, [0.2, 0.5])
    for use, n in enumerate(sizes):
        apart = Masks(keys, [0.2, 0.5])
        apart.step = use
        assert torch.equal(masks.next(n, like), apart.next(n, like))


def test_members_that_differ_in_the_rate_alone_share_numbers():
    keys, like = [key_of(0, "dropout")] * 2, torch.zeros(1)
    low, high = Masks(keys, [0.2, 0.6]).next(5000, like)
    assert ((low == 0) <= (high == 0)).all()
    shares = [(low == 0).double().mean().item(), (high == 0).double().mean().item()]
    assert shares == pytest.approx([0.2, 0.6], abs=0.03)


@pytest.mark.parametrize("channels", [1, 3, 8, 4 * BLOCK + 1])
def test_images_side_by_side_have_the_masks_of_each_member(channels):
    places = 700 if channels < 10 else 3
    keys = np.array([key_of(seed, "dropout") for seed in range(2)], dtype=np.uint64)
    masks = Masks([int(key) for key in keys], [0.25, 0.5])
    x = np.arange(1.0, places * 2 * channels + 1)
    out = np.empty_like(x)
    drop(x, keys, masks.thresholds, masks.scales.numpy(), channels, out)
    whole = masks.next(places * channels, torch.zeros(1, dtype=torch.float64))
    expected = (
        x.reshape(places, 2, channels) * whole.view(2, places, channels).permute(1, 0, 2).numpy()
    )
    np.testing.assert_allclose(out, expected.ravel())


def along(coordinate, n):
    """Words of n places that differ in one coordinate."""
    if coordinate == "seed":
        return np.array([word(key_of(seed, "dropout"), 0, 0) for seed in range(n)], dtype=np.uint64)
    if coordinate == "layer":
        return np.array([word(key_of(0, "dropout", i), 0, 0) for i in range(n)], dtype=np.uint64)
    key = np.array([key_of(0, "dropout")], dtype=np.uint64)
    if coordinate == "position":
        return words(keys_at(key, 0), n)[0]
    if coordinate == "step":
        return np.array([words(keys_at(key, step), 1)[0, 0] for step in range(n)])
    # as a small network reads them: 256 positions of a step, then the next step
    return np.concatenate([words(keys_at(key, step), 64)[0] for step in range(n // 64)])


COORDINATES = ["seed", "layer", "step", "position", "steps of positions"]
N = 1 << 13


def bits_of(values):
    return np.unpackbits(values.view(np.uint8).reshape(len(values), 8), axis=1)


@pytest.fixture(scope="module", params=COORDINATES)
def sample(request):
    return along(request.param, N)


def fair(count, n):
    """Whether counts of n throws of a coin are: the largest of some dozens within 4.5 deviations."""
    return np.abs((count - n / 2) / np.sqrt(n / 4)).max() < 4.5


def test_every_bit_is_as_often_one_as_zero(sample):
    assert fair(bits_of(sample).sum(0), N)


@pytest.mark.parametrize("lag", [1, 2, 3, 7])
def test_neighbours_share_no_bit_more_often_than_not(sample, lag):
    """Also avalanche: a coordinate that grows by 1 turns each bit in half of all cases."""
    changed = bits_of(sample[lag:] ^ sample[:-lag])
    assert fair(changed.sum(0), N - lag)
    turned = np.bincount(changed.sum(1), minlength=65)
    likely = stats.binom.pmf(np.arange(65), 64, 0.5) * (N - lag)
    middle = likely > 5
    pooled = [np.append(each[middle], each[~middle].sum()) for each in (turned, likely)]
    assert stats.chisquare(*pooled).pvalue > 1e-4


def test_no_two_bits_of_a_word_go_together(sample):
    bits = bits_of(sample).astype(float) - 0.5
    together = (bits.T @ bits)[np.triu_indices(64, 1)] / np.sqrt(N / 16)
    assert np.abs(together).max() < 5  # of 2016


def test_numbers_are_uniform_alone_and_in_pairs(sample):
    numbers = sample.view(np.uint16)
    high = numbers >> 8
    assert stats.chisquare(np.bincount(high, minlength=256)).pvalue > 1e-4
    for lag in (1, 4):  # of a word, and the same place of the next word
        pairs = (numbers[:-lag] >> 12) * 16 + (numbers[lag:] >> 12)
        assert stats.chisquare(np.bincount(pairs, minlength=256)).pvalue > 1e-4
        triples = (numbers[: -2 * lag] >> 13) * 64 + (numbers[lag:-lag] >> 13) * 8
        triples = triples + (numbers[2 * lag :] >> 13)
        assert stats.chisquare(np.bincount(triples, minlength=512)).pvalue > 1e-4
    ranks = np.corrcoef(numbers[:-1].astype(float), numbers[1:].astype(float))[0, 1]
    assert abs(ranks) < 5 / np.sqrt(len(numbers))


def test_gaps_between_birthdays_are_as_often_alike_as_by_chance(sample):
    """Marsaglia's: of m birthdays in a year of 2**32 days about m**3 / 2**34 gaps are repeated."""
    for half in sample.view(np.uint32).reshape(-1, 2).T:
        repeated = 0
        for some in half.reshape(-1, 2048):
            gaps = np.sort(np.diff(np.sort(some)))
            repeated += int((np.diff(gaps) == 0).sum())
        expected = len(half) / 2048 * 2048**3 / 2**34
        assert stats.poisson.cdf(repeated, expected) > 1e-5
        assert stats.poisson.sf(repeated - 1, expected) > 1e-5


def test_lines_of_bits_have_the_ranks_of_chance(sample):
    """32 × 32 matrices over two elements: a share of .2888 has full rank, .5776 one less."""
    ranks = np.zeros(3)
    rows = sample.view(np.uint32).reshape(-1, 32)[:400]
    for matrix in rows:
        basis = []
        for row in (int(r) for r in matrix):
            for b in basis:
                row = min(row, row ^ b)
            if row:
                basis.append(row)
        ranks[min(2, 32 - len(basis))] += 1
    assert stats.chisquare(ranks, np.array([0.2888, 0.5776, 0.1336]) * len(rows)).pvalue > 1e-4


@pytest.mark.parametrize("n", [1, 2, 3, 64, 65, 1437])
def test_an_order_has_every_row_once_and_is_the_same_again(n):
    key = key_of(3, "batches")
    orders = permutations(key, 0, 4, n)
    for order in orders:
        assert np.array_equal(np.sort(order), np.arange(n))
    assert np.array_equal(permutations(key, 2, 1, n)[0], orders[2])
    if n > 3:
        assert not np.array_equal(orders[0], orders[1])


def test_every_row_comes_first_as_often_and_all_orders_are_as_likely():
    key = key_of(0, "batches")
    orders = permutations(key, 0, 6000, 4)
    _, counts = np.unique(orders @ [64, 16, 4, 1], return_counts=True)
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > 1e-4
    places = permutations(key, 0, 2000, 40)
    table = np.array([np.bincount(column, minlength=40) for column in places.T])
    assert stats.chi2.sf(((table - 50) ** 2 / 50).sum(), 39 * 39) > 1e-4


def test_an_epochs_order_needs_none_before_it_and_is_of_its_seed():
    one, other = BatchOrder(0, 200, 16), BatchOrder(1, 200, 16)
    last = one.epoch(7)
    assert np.array_equal(last, BatchOrder(0, 200, 16).epoch(7))
    for epoch in (6, 8, 60, 5):
        assert np.array_equal(one.epoch(epoch), BatchOrder(0, 200, 16).epoch(epoch))
    assert not np.array_equal(last, one.epoch(6))
    assert not np.array_equal(last, other.epoch(7))
