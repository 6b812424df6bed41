"""Several metrics of one training as one: `harmonic(accuracy, 1/valid_loss)`.

As darts-segmentation combines them (`scoring.py`): within a training, before anything is averaged
over trainings; one that is better low enters as 1 / value; a training of which a metric is not
finite, or 0, is unstable and has no combined value, so that its cell cannot be the best.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Rule = Literal["harmonic", "arithmetic", "geometric", "min"]
"""What several metrics come to; min is the worst of them."""
RULES: tuple[Rule, ...] = get_args(Rule)
NAME = re.compile(rf"({'|'.join(RULES)})\((.+, .+)\)", re.DOTALL)
INVERSE = "1/"


@dataclass(frozen=True)
class Combination:
    """A rule, and the metrics that it combines.

    Attributes:
        parts: each metric with whether it is better low, and so enters as 1 / value.
    """

    rule: Rule
    parts: tuple[tuple[str, bool], ...]

    @property
    def name(self) -> str:
        """As a column is called, which `combination_of` reads again."""
        parts = (f"{INVERSE if lower else ''}{metric}" for metric, lower in self.parts)
        return f"{self.rule}({', '.join(parts)})"

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(metric for metric, _ in self.parts)

    def value(self, values: Sequence[npt.ArrayLike]) -> npt.NDArray[np.float64]:
        """What these values of the parts come to, of one shape; nan where unstable.

        Negative values have no harmonic or geometric mean: nan too.
        """
        import numpy as np

        given = np.stack([np.asarray(value, dtype=np.float64) for value in values])
        stable = (np.isfinite(given) & (given != 0)).all(axis=0)
        inverse = np.array([lower for _, lower in self.parts]).reshape(-1, *[1] * (given.ndim - 1))
        with np.errstate(all="ignore"):
            each = np.where(inverse, 1 / given, given)
            if self.rule in ("harmonic", "geometric"):
                stable &= (each > 0).all(axis=0)
            if self.rule == "harmonic":
                found = len(each) / (1 / each).sum(axis=0)
            elif self.rule == "geometric":
                found = np.exp(np.log(each).mean(axis=0))
            else:
                found = each.mean(axis=0) if self.rule == "arithmetic" else each.min(axis=0)
        return np.where(stable, found, np.nan)


def combination_of(name: str) -> Combination | None:
    """The combination that a name means; None where it is that of one metric."""
    found = NAME.fullmatch(name)
    if found is None:
        return None
    rule = next(rule for rule in RULES if rule == found[1])
    parts = [part.strip() for part in found[2].split(", ")]
    return Combination(rule, tuple((p.removeprefix(INVERSE), p.startswith(INVERSE)) for p in parts))


def curve_of(curves: Mapping[str, Sequence[float]] | None, metric: str) -> list[float] | None:
    """A metric epoch by epoch, also one that combines others; None where there is none."""
    curves = curves or {}
    combined = combination_of(metric)
    if metric in curves or combined is None:
        return None if metric not in curves else list(curves[metric])
    if not all(part in curves for part in combined.metrics):
        return None
    own: list[Any] = [curves[part] for part in combined.metrics]
    length = min(map(len, own))
    return [float(value) for value in combined.value([part[:length] for part in own])]
