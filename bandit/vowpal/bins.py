"""Numeric attributes, in bins by the values seen before."""

from bisect import bisect_right
from statistics import quantiles
from typing import Any

BINS = 8
GENERATIONS = (16, 64, 256)
"""The numbers of values at which the edges move; after the last they stay, so that a bin keeps its meaning."""


class Bins:
    """The quantile bins of one number.

    Raw numbers of unknown scale harm a first-order learner, and the scale is known only from the values. The edges
    are the octiles of the first values in the order of the log, and are therefore the same in serving and in every
    fold of that log. A bin's name contains its generation, so that weights learned under other edges are not used
    for it.
    """

    __slots__ = ("edges", "generation", "seen")

    def __init__(self, seen: list[float] | None = None, edges: list[float] | None = None, generation: int = 0):
        self.seen = seen or []
        self.edges = edges or []
        self.generation = generation

    def observe(self, value: float) -> bool:
        """Add a value, and tell whether that can change a name: it is the first, or the edges moved."""
        if self.generation == len(GENERATIONS):
            return False
        self.seen.append(value)
        if len(self.seen) >= GENERATIONS[self.generation]:
            self.edges = quantiles(self.seen, n=BINS, method="inclusive")
            self.generation += 1
            if self.generation == len(GENERATIONS):
                self.seen = []
            return True
        return len(self.seen) == 1

    def name(self, value: float) -> str:
        """Return the name of the value's bin, such as `g2b5`; before the first edges every value is `g0b0`."""
        return f"g{self.generation}b{bisect_right(self.edges, value)}"

    def feature(self, value: float) -> tuple[str, float]:
        return f"~{self.name(value)}", 1.0

    def state(self) -> dict[str, Any]:
        return {"seen": self.seen, "edges": self.edges, "generation": self.generation}
