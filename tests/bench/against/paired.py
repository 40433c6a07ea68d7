"""Two sides measured in pairs: the median of the paired ratios, with its 95 % interval."""

from collections.abc import Sequence
from math import comb
from statistics import median

import msgspec

CONFIDENCE = 0.95
LEAST_PAIRS = 6
"""With fewer, not even the extremes hold the median with that confidence."""


class Measured(msgspec.Struct, frozen=True):
    """What one side did in one round, or in several slices of it."""

    requests: int
    seconds: float
    processor: float
    """Seconds of processor time of the worker, its own and the kernel's for it."""
    failed: int = 0

    def __add__(self, other: "Measured") -> "Measured":
        return Measured(
            self.requests + other.requests,
            self.seconds + other.seconds,
            self.processor + other.processor,
            self.failed + other.failed,
        )

    @property
    def microseconds(self) -> float:
        """Processor time for a request."""
        return self.processor / self.requests * 1e6

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class Ratio(msgspec.Struct, frozen=True):
    """The median of paired ratios; with 95 % confidence the true median lies from `low` to `high`."""

    median: float
    low: float
    high: float

    def reaches(self, bound: float) -> bool:
        """Say whether the interval reaches down to the bound: the data don't show that it is exceeded."""
        return self.low <= bound

    def __str__(self) -> str:
        return f"{self.median:.3f} ({self.low:.3f} to {self.high:.3f})"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Compare pair by pair. The interval is that of the order statistics: it assumes no distribution."""
    ratios = sorted(mine / other for mine, other in zip(ours, theirs, strict=True))
    rank = outer_rank(len(ratios))
    return Ratio(median(ratios), ratios[rank], ratios[-1 - rank])


def outer_rank(pairs: int) -> int:
    """Return how many of the lowest, and of the highest, lie outside the interval of the median.

    The median is below the k + 1 lowest only if at most k of so many tosses of a coin are heads.
    """
    if pairs < LEAST_PAIRS:
        raise ValueError(f"{pairs} pairs say too little; measure at least {LEAST_PAIRS} rounds.")
    rank, tail = 0, 0.5**pairs
    while (tail := tail + comb(pairs, rank + 1) * 0.5**pairs) <= (1 - CONFIDENCE) / 2:
        rank += 1
    return rank
