"""Confidence sequences: intervals that hold at all times together, so that one may look as often as one likes.

Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2021), Time-uniform central limit theory and asymptotic confidence
sequences, arXiv 2103.06476. They are asymptotic: after few observations they promise nothing.
"""

from collections.abc import Sequence
from math import exp, inf, lgamma, log, sqrt
from typing import NamedTuple

ALPHA = 0.05
CONCENTRATION = 100.0
"""The weight of the expected shares in the sample-ratio test: differences of a few percent are found soonest."""
MOST, PRECISION = 1e15, 1e-3


class Interval(NamedTuple):
    low: float
    high: float


class Moments(NamedTuple):
    """The number of observations, their mean, and their variance."""

    n: int
    mean: float
    variance: float


def sequence(moments: Moments, *, tightest: float, alpha: float = ALPHA) -> Interval:
    """Return the interval at this moment for the mean of the observations (theorem 2.2).

    In the limit, the chance that any interval of the sequence misses the mean is at most `alpha`. After about
    `tightest` observations the interval is as tight as a choice can make it. Without observations it is infinite.
    """
    radius = _radius(moments.variance, moments.n, tightest, alpha) if moments.n else inf
    return Interval(moments.mean - radius, moments.mean + radius)


def needed(variance: float, effect: float, *, tightest: float, alpha: float = ALPHA) -> float:
    """Return after how many observations the interval around a mean of `effect` excludes 0; perhaps infinity."""
    if not effect:
        return inf
    low, high = 0.0, 1.0
    while _radius(variance, high, tightest, alpha) > abs(effect):
        low, high = high, 2 * high
        if high > MOST:
            return inf
    while high - low > max(1.0, PRECISION * high):
        middle = (low + high) / 2
        if _radius(variance, middle, tightest, alpha) > abs(effect):
            low = middle
        else:
            high = middle
    return high


def ratio(top: Interval, bottom: Interval) -> Interval:
    """Return the interval of top / bottom - 1. It holds if both do: a union bound, so give each half of alpha.

    Both numbers are at least 0. If the bottom may be 0, the ratio has no upper bound.
    """
    if bottom.high <= 0:
        return Interval(-1.0, inf)
    least = max(top.low, 0.0) / bottom.high - 1
    return Interval(least, max(top.high, 0.0) / bottom.low - 1 if bottom.low > 0 else inf)


def mismatch(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Return the p-value of counts that should come in these shares; it holds at all times together.

    It is the inverse of the Bayes factor against a Dirichlet prior around the shares (Lindon and Malek 2022,
    Anytime-valid inference for multinomial count data, section 2). No share is 0.
    """
    strengths = [CONCENTRATION * share for share in shares]
    evidence = lgamma(CONCENTRATION) - lgamma(CONCENTRATION + sum(counts))
    for count, strength, share in zip(counts, strengths, shares, strict=True):
        evidence += lgamma(strength + count) - lgamma(strength) - count * log(share)
    return min(1.0, exp(-evidence)) if evidence > 0 else 1.0


def _radius(variance: float, count: float, tightest: float, alpha: float) -> float:
    rho = _rho(tightest, alpha)
    spread = count * rho + 1
    return sqrt(variance * 2 * spread / (count * count * rho) * log(sqrt(spread) / alpha))


def _rho(tightest: float, alpha: float) -> float:
    """Return ρ², by which the interval is about tightest after so many observations (their appendix B.2)."""
    surprise = -2 * log(alpha)
    return (surprise + log(surprise + 1)) / tightest
