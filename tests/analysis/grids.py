"""Tables for the tests of the interaction analysis."""

import numpy as np
import pandas as pd

from interplay.analysis.interaction import InteractionTest

WARPBREAKS = (
    "26 30 54 25 70 52 51 26 67 18 21 29 17 12 18 35 30 36 36 21 24 18 10 43 28 15 26 "
    "27 14 29 19 29 31 41 20 44 42 26 19 16 39 28 21 39 29 20 21 24 17 13 15 15 16 28"
)
TOOTH_GROWTH = (
    "4.2 11.5 7.3 5.8 6.4 10 11.2 11.2 5.2 7 16.5 16.5 15.2 17.3 22.5 17.3 13.6 14.5 18.8 15.5 "
    "23.6 18.5 33.9 25.5 26.4 32.5 26.7 21.5 23.3 29.5 15.2 21.5 17.6 9.7 14.5 10 8.2 9.4 16.5 9.7 "
    "19.7 23.3 23.6 26.4 20 25.2 25.8 21.2 14.5 27.3 25.5 26.4 22.4 24.5 24.8 30.9 26.4 27.3 29.4 23"
)


def warpbreaks():
    """R's warpbreaks (Tippett 1950): 2 wools × 3 tensions × 9 looms."""
    values = [float(word) for word in WARPBREAKS.split()]
    rows = [(v, "AB"[i // 27], "LMH"[i // 9 % 3]) for i, v in enumerate(values)]
    return pd.DataFrame(rows, columns=["breaks", "wool", "tension"])


def tooth_growth():
    """R's ToothGrowth (Crampton 1947): 2 supplements × 3 doses × 10 animals."""
    values = [float(word) for word in TOOTH_GROWTH.split()]
    doses = (0.5, 1.0, 2.0)
    rows = [(v, ("VC", "OJ")[i // 30], doses[i // 10 % 3]) for i, v in enumerate(values)]
    return pd.DataFrame(rows, columns=["len", "supp", "dose"])


def grid(mean, seeds=5, noise=1.0, seed_sd=0.5, rng=0):
    """A full grid with common seeds: columns x, y, seed, m; `mean` has shape (y, x)."""
    generator = np.random.default_rng(rng)
    mean = np.asarray(mean, dtype=float)
    ys, xs = mean.shape
    of_seed = seed_sd * generator.normal(size=seeds)
    rows = [
        (x, y, s, mean[y, x] + of_seed[s] + noise * generator.normal())
        for x in range(xs)
        for y in range(ys)
        for s in range(seeds)
    ]
    return pd.DataFrame(rows, columns=["x", "y", "seed", "m"])


def analyse(frame, **options):
    """The analysis of m over x and y, with the seeds that the table has."""
    seed = "seed" if "seed" in frame else None
    return InteractionTest(**{"x": "x", "y": "y", "metric": "m", "seed": seed, **options})(frame)


def codes(found):
    """Codes of the warnings."""
    return {caution.code for caution in found.cautions}
