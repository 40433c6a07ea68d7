"""Numeric attributes as scores, relative to the values seen before."""

from collections.abc import Sequence
from math import sqrt
from typing import Any

WIDEST = 3.0
SETTLED = 16
"""Values that are remembered one by one, until mean and spread are settled."""
GREATEST = 1e100
"""The square of a greater number is not finite."""


class Scale:
    """The distance of a number from the mean of all that were seen, in standard deviations, within ±3.

    Mean and spread are updated by each value (Welford 1962), in the order of the log, and are therefore the same
    in serving and in every fold of that log. One absurd value, a time in milliseconds among some in seconds, would
    make all others equal. Values outside ±3 therefore count as ±3, and the outermost eighths of the first values
    count as their neighbours (winsorized; Tukey 1962).
    """

    __slots__ = ("early", "mean", "seen", "squares")

    def __init__(self, seen: int = 0, mean: float = 0.0, squares: float = 0.0, early: Sequence[float] = ()):
        self.seen, self.mean, self.squares, self.early = seen, mean, squares, list(early)

    def observe(self, value: float) -> bool:
        """Add a value; every one moves the scores, so the result is always true."""
        value = max(-GREATEST, min(GREATEST, value))
        if self.seen < SETTLED:
            self._settle(value)
        else:
            self._take(self.mean + self.score(value) * self._deviation() if self.squares else value)
        return True

    def score(self, value: float) -> float:
        deviation = self._deviation()  # of numbers hardly apart it is 0, when their squares are not
        if deviation <= 0:
            return 0.0
        return max(-WIDEST, min(WIDEST, (value - self.mean) / deviation))

    def feature(self, value: float) -> tuple[str, float]:
        """Return the suffix of the attribute's name, and the amount of that feature."""
        return "", self.score(value)

    def state(self) -> dict[str, Any]:
        return {"seen": self.seen, "mean": self.mean, "squares": self.squares, "early": self.early}

    def _settle(self, value: float) -> None:
        self.early.append(value)
        self.seen, self.mean, self.squares = 0, 0.0, 0.0
        for each in _winsorized(self.early):
            self._take(each)
        if self.seen == SETTLED:
            self.early = []

    def _take(self, value: float) -> None:
        self.seen += 1
        off = value - self.mean
        self.mean += off / self.seen
        self.squares += off * (value - self.mean)

    def _deviation(self) -> float:
        return sqrt(self.squares / self.seen) if self.seen else 0.0


def _winsorized(values: Sequence[float]) -> list[float]:
    """Return the values; those of the outermost eighths are replaced by their neighbours."""
    n = len(values)
    cut = n // 8
    inner = sorted(values)[cut : n - cut]
    return [max(inner[0], min(inner[-1], value)) for value in values]
