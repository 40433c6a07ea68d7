"""The difference of reward between two policies on the same decisions, with an interval one may look at any time.

One policy drew the picture, so its probabilities are the propensities p, and the other would have used c. The
pictures have expected rewards q, and picture A was drawn and earned r. The doubly robust difference is

    Σ (c - p) · q + (c[A] / p[A] - 1) · (r - q[A])

It is unbiased for any q that does not depend on this draw (Dudík, Langford & Li 2011, Doubly robust policy
evaluation and learning). With q = 0 it is that of inverse propensity scoring.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bandit.confidence_sequences import ALPHA, Interval, Moments, sequence

BUCKETS = 1024
"""The number of sums. All decisions of one viewer are in one of them, so memory does not grow with viewers."""
ENOUGH = 100
"""Buckets that must have a decision before there is an interval. The sequence is asymptotic."""
TIGHTEST = 5_000.0
"""Decisions after which the interval is about as tight as it can be."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference on one decision, and the least and greatest that another draw and reward would have given."""

    value: float
    least: float
    greatest: float


class Score(NamedTuple):
    """The known part of a difference, before the reward is known."""

    whole: float
    """Σ (c - p) · q."""
    more: float
    """c[A] / p[A] - 1."""
    expected: float
    """q[A]."""
    least: float
    greatest: float

    def with_reward(self, reward: float) -> Difference:
        return Difference(self.whole + self.more * (reward - self.expected), self.least, self.greatest)


def score(
    propensities: Sequence[float], targets: Sequence[float], expected: Sequence[float], chosen: int
) -> Score:
    """Return by how much the policy of `targets` earns more than that of `propensities`, up to the reward.

    The reward will be in [0, 1], and no propensity is 0.
    """
    whole, possible = 0.0, [0.0]
    for p, c, q in zip(propensities, targets, expected, strict=True):
        whole += (c - p) * q
        more = c / p - 1
        possible += (more * (0 - q), more * (1 - q))
    more = targets[chosen] / propensities[chosen] - 1
    return Score(whole, more, expected[chosen], whole + min(possible), whole + max(possible))


@dataclass(slots=True)
class PairedDifference:
    """The mean difference of a decision so far.

    The interval counts the viewers of a bucket as one, so the decisions of one viewer may depend on each other.
    At each end it also counts a decision that nobody saw: the worst, or the best, that was possible so far.
    Without it the interval would be too narrow until the pictures that are rarely drawn were drawn.
    """

    sums: list[float] = field(default_factory=lambda: [0.0] * BUCKETS)
    counts: list[int] = field(default_factory=lambda: [0] * BUCKETS)
    least: float = 0.0
    greatest: float = 0.0

    def add(self, viewer: int, found: Difference) -> None:
        bucket = viewer % BUCKETS
        self.sums[bucket] += found.value
        self.counts[bucket] += 1
        self.least = min(self.least, found.least)
        self.greatest = max(self.greatest, found.greatest)

    @property
    def decisions(self) -> int:
        return sum(self.counts)

    @property
    def buckets(self) -> int:
        """The number of buckets that have a decision, and thus the least possible number of viewers."""
        return sum(count > 0 for count in self.counts)

    @property
    def mean(self) -> float | None:
        decisions = self.decisions
        return sum(self.sums) / decisions if decisions else None

    def interval(self, alpha: float = ALPHA) -> Interval | None:
        """Return the interval at this moment; None as long as too few viewers came."""
        if self.buckets < ENOUGH:
            return None
        return Interval(self._with(self.least, alpha).low, self._with(self.greatest, alpha).high)

    def _with(self, unseen: float, alpha: float) -> Interval:
        n = self.decisions + 1
        mean = (sum(self.sums) + unseen) / n
        pulls = [each - count * mean for each, count in zip(self.sums, self.counts, strict=True)]
        squares = sum(pull * pull for pull in pulls) + (unseen - mean) ** 2
        return sequence(Moments(n, mean, squares / n), tightest=TIGHTEST, alpha=alpha)
