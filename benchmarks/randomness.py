"""Our random numbers through batteries of tests: p-values and what they say.

    python benchmarks/randomness.py [TEST ...]            # ours, and dieharder's where it is installed
    python benchmarks/randomness.py --bytes ORDER [SEED]  # the numbers on stdout, without end

The second is for any battery that reads a stream, say `| dieharder -g 200 -a` (an hour) or
`| RNG_test stdin64` of PractRand. An ORDER says which coordinates of a place turn fastest:

- positions: one long tensor
- steps: one word of each step
- small: a tensor of 1,024 positions each step, as a small network uses them
- members: the same of 64 seeds, side by side
- layers: the same of 64 layers, side by side

Ours go over a gigabyte of each order. Each TEST is a number of `dieharder -l`; without, they are those
whose results are kept here. As in dieharder WEAK is what one p-value of a hundred is by chance, FAILED
one of five hundred thousand; what is not PASSED is run again with two other seeds.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from machine import write
from numpy.typing import NDArray
from scipy import stats

from interplay.training.randomness import STEP, WORD, U, key_of, keys_at, keys_from, words

HERE = Path(__file__).parent
BLOCK = 1 << 16  # words at once
GIGABYTE = 1 << 27  # words
LAGS = range(1, 65)
DIEHARDER = (0, 205)  # birthdays, bytes

Words = NDArray[np.uint64]


def positions(seed: int) -> Iterator[Words]:
    at = _keys([(seed, 0)])
    while True:
        yield words(at, BLOCK)
        at = at + U(WORD * BLOCK % 2**64)


def steps(seed: int) -> Iterator[Words]:
    at = keys_from(_keys([(seed, 0)]), 0, BLOCK)[:, 0]
    while True:
        yield words(at, 1)
        at = at + U(STEP * BLOCK % 2**64)


def small(seed: int) -> Iterator[Words]:
    key = _keys([(seed, 0)])
    for step in count(0, 256):
        yield words(keys_from(key, step, 256)[:, 0], 256)


def members(seed: int) -> Iterator[Words]:
    return _side_by_side(_keys([(64 * seed + i, 0) for i in range(64)]))


def layers(seed: int) -> Iterator[Words]:
    return _side_by_side(_keys([(seed, i) for i in range(64)]))


def _side_by_side(keys: Words) -> Iterator[Words]:
    for step in count():
        yield words(keys_at(keys, step), 256)


def _keys(places: list[tuple[int, int]]) -> Words:
    return np.array([key_of(seed, "dropout", layer) for seed, layer in places], dtype=U)


# Each yields blocks of (places, words).
ORDERS: dict[str, Callable[[int], Iterator[Words]]] = {
    order.__name__: order for order in (positions, steps, small, members, layers)
}


class Tally:
    """How often words have each byte at each of their 8, and each number of ones."""

    def __init__(self) -> None:
        self.bytes = np.zeros((8, 256), dtype=np.int64)
        self.ones = np.zeros(65, dtype=np.int64)

    def add(self, block: Words) -> None:
        values = np.ascontiguousarray(block).view(np.uint8).reshape(-1, 8)
        for place, counts in enumerate(self.bytes):
            counts += np.bincount(values[:, place], minlength=256)
        self.ones += np.bincount(np.bitwise_count(block).ravel(), minlength=65)

    def p_values(self) -> dict[str, float]:
        """Of each bit's frequency, of the bytes', and of the ones a word."""
        n = int(self.ones.sum())
        has_bit = np.arange(256)[:, None] >> np.arange(8) & 1
        of_bits = _chi(self.bytes @ has_bit, n / 2, n / 4)
        expected = stats.binom.pmf(np.arange(65), 64, 0.5) * n
        often = expected > 10
        seen, likely = (
            np.append(each[often], each[~often].sum()) for each in (self.ones, expected)
        )
        return {
            "frequency of each bit": float(stats.chi2.sf(of_bits, 64)),
            "bytes": float(stats.chi2.sf(_chi(self.bytes, n / 256, n / 256), 8 * 255)),
            "ones of a word": float(stats.chi2.sf(_chi(seen, likely, likely), len(seen) - 1)),
        }


def _chi(seen: NDArray[Any], expected: Any, variance: Any) -> float:
    return float(((seen - expected) ** 2 / variance).sum())


def ours(order: str, seed: int) -> dict[str, float]:
    """The p-values of a gigabyte."""
    alone, neighbours = Tally(), Tally()
    turned, pairs = np.zeros(len(LAGS), dtype=np.int64), np.zeros(len(LAGS), dtype=np.int64)
    for block in ORDERS[order](seed):
        alone.add(block)
        if len(block) > 1:
            neighbours.add(block[1:] ^ block[:-1])
        flat = block.ravel()
        for at, lag in enumerate(LAGS):
            turned[at] += np.bitwise_count(flat[lag:] ^ flat[:-lag]).sum(dtype=np.int64)
            pairs[at] += 64 * (len(flat) - lag)
        if alone.ones.sum() >= GIGABYTE:
            break
    found = alone.p_values()
    found["correlation at lags 1 to 64"] = float(
        stats.chi2.sf(_chi(turned, pairs / 2, pairs / 4), len(LAGS))
    )
    if neighbours.ones.any():
        of_both = neighbours.p_values().items()
        found |= {f"{test}, neighbouring places xor": p for test, p in of_both}
    return found


def dieharder(order: str, seed: int, number: int) -> dict[str, float]:
    """The p-values of one of its tests, which may have several."""
    asked = [sys.executable, __file__, "--bytes", order, str(seed)]
    with subprocess.Popen(asked, stdout=subprocess.PIPE) as numbers:
        told = subprocess.run(
            ["dieharder", "-g", "200", "-d", str(number)],
            stdin=numbers.stdout,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert numbers.stdout is not None
        numbers.stdout.close()
    lines = [[part.strip() for part in line.split("|")] for line in told.splitlines()]
    # name, size, samples a p-value, p-values, p-value of those, assessment
    found = [line for line in lines if len(line) == 6 and line[1].isdigit()]
    # Some have several lines of one name.
    return {
        f"{name} of {size}, {nth}": float(p)
        for nth, (name, size, _, _, p, _) in enumerate(found, 1)
    }


def verdict(p: float) -> str:
    least = min(p, 1 - p)
    return "FAILED" if least < 1e-6 else "WEAK" if least < 0.005 else "PASSED"


def rows_of(
    battery: str, order: str, test: Callable[[str, int], dict[str, float]]
) -> list[dict[str, Any]]:
    """What a test says of seed 0, and of two more where that is not PASSED."""
    rows: list[dict[str, Any]] = []
    doubtful: set[str] = set()
    for seed in (0, 1, 2):
        for name, p in test(order, seed).items():
            if seed > 0 and name not in doubtful:
                continue
            row = {"battery": battery, "order": order, "test": name, "seed": seed}
            rows.append({**row, "p": f"{p:.8f}", "verdict": verdict(p)})
            print(*rows[-1].values(), flush=True)
            if verdict(p) != "PASSED":
                doubtful.add(name)
        if not doubtful:
            break
    return rows


def main(numbers: Sequence[int]) -> None:
    rows = [row for order in ORDERS for row in rows_of("ours", order, ours)]
    if shutil.which("dieharder"):
        for number in numbers:
            for order in ORDERS:
                rows += rows_of("dieharder", order, partial(dieharder, number=number))
    else:
        print("dieharder is not installed: ours alone")
    write(HERE / "randomness.csv", rows)


def stream(order: str, seed: int = 0) -> None:
    """The words of an order as bytes, lowest first; the reader ends it."""
    try:
        for block in ORDERS[order](seed):
            sys.stdout.buffer.write(block.astype("<u8").tobytes())
    except BrokenPipeError:
        sys.stderr.close()  # the reader has had enough


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bytes"]:
        stream(sys.argv[2], *map(int, sys.argv[3:]))
    else:
        main([int(number) for number in sys.argv[1:]] or DIEHARDER)
