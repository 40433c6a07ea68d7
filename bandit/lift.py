"""The lift of an experiment: by how much one group of profiles earns more than another.

In the mean of a group with the share s, a profile of the group counts as R / s, where R is its winsorized total,
and any other profile as 0. This mean over all profiles is what they would earn if all were in the group (Horvitz
and Thompson 1952). Each profile is one observation, however active it is. Intervals hold at all times together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import NamedTuple

from bandit.confidence_sequences import ALPHA, Interval, Moments, mismatch, needed, ratio, sequence

LEAST_PROFILES, LEAST_POSITIVE = 100, 75
"""The profiles, and the profiles with a total above 0, that each group needs before anything is concluded.

Totals are 0 for most profiles and great for a few. With fewer profiles than this, intervals are too narrow.
"""
TIGHTEST = 50_000
"""The number of profiles after which intervals are about tightest."""
MISMATCH = 0.01
"""The p-value of a sample-ratio test below which profiles of some group are missing."""


class Sample(NamedTuple):
    """The profiles of one group, those with a total above 0, and the sums of the totals and of their squares."""

    profiles: int = 0
    positive: int = 0
    total: float = 0.0
    squares: float = 0.0


@dataclass(frozen=True, slots=True)
class Effect:
    """The mean total of a profile in the treated group, less that in the control, and their ratio less 1."""

    treated: float
    control: float
    difference: float
    interval: Interval
    ratio: float | None
    """None if the control earned nothing."""
    ratio_interval: Interval
    more: float
    """How many more profiles are needed, in all groups, until the interval excludes 0, if the difference stays."""

    @property
    def sign(self) -> int:
        """1 if the treated group earns more, -1 if it earns less, 0 if that is not known."""
        return int(self.interval.low > 0) - int(self.interval.high < 0)


def effect(
    samples: Mapping[str, Sample],
    shares: Mapping[str, float],
    *,
    over: str,
    treated: str = "personalized",
    alpha: float = ALPHA,
) -> Effect | None:
    """Return the effect with its intervals; None while there are too few profiles for a conclusion.

    `samples` are all groups of the experiment. Each of the two intervals is right with the chance 1 - alpha, but
    not both together.
    """
    if not enough(samples, over=over, treated=treated):
        return None
    count = sum(sample.profiles for sample in samples.values())
    top, bottom = (_moments(samples[group], shares[group], count) for group in (treated, over))
    difference = top.mean - bottom.mean
    # No profile is in both groups, so the mean of the products is 0.
    variance = top.variance + bottom.variance + 2 * top.mean * bottom.mean
    means = [sequence(moments, tightest=TIGHTEST, alpha=alpha / 2) for moments in (top, bottom)]
    return Effect(
        top.mean,
        bottom.mean,
        difference,
        sequence(Moments(count, difference, variance), tightest=TIGHTEST, alpha=alpha),
        top.mean / bottom.mean - 1 if bottom.mean else None,
        ratio(*means),
        max(0.0, needed(variance, difference, tightest=TIGHTEST, alpha=alpha) - count),
    )


def enough(samples: Mapping[str, Sample], *, over: str, treated: str = "personalized") -> bool:
    return all(
        sample.profiles >= LEAST_PROFILES and sample.positive >= LEAST_POSITIVE
        for sample in (samples.get(group, Sample()) for group in (treated, over))
    )


def missing(samples: Mapping[str, Sample], shares: Mapping[str, float], *, over: str) -> float:
    """Return how many more profiles a conclusion needs, in all groups; perhaps infinity."""
    count = sum(sample.profiles for sample in samples.values())
    return max(_missing(samples.get(group, Sample()), shares[group], count) for group in ("personalized", over))


def _missing(sample: Sample, share: float, count: int) -> float:
    profiles = LEAST_PROFILES / share
    if sample.positive < LEAST_POSITIVE:
        profiles = max(profiles, count * LEAST_POSITIVE / sample.positive if sample.positive else inf)
    return max(0.0, profiles - count)


def sample_ratio(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """Return the p-value of these counts of profiles by group, which holds at all times together."""
    groups: Sequence[str] = [group for group, share in shares.items() if share > 0]
    return mismatch([counts.get(group, 0) for group in groups], [shares[group] for group in groups])


def _moments(sample: Sample, share: float, count: int) -> Moments:
    mean = sample.total / share / count
    return Moments(count, mean, max(0.0, sample.squares / (share * share) / count - mean * mean))


def bounded(interval: Interval) -> list[float | None]:
    """Return the interval for an answer in JSON, which has no infinity."""
    return [bound if isfinite(bound) else None for bound in interval]
