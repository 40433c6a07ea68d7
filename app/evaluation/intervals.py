"""Intervals of what an exposure earns, and dates as answers have them."""

from datetime import UTC, datetime
from math import sqrt
from statistics import NormalDist

from app.store.protocol import Sums

CONFIDENCE = 0.95
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


def mean_of(sums: Sums) -> float | None:
    return round(sums.reward / sums.exposures, 6) if sums.exposures else None


def interval_of(sums: Sums) -> list[float] | None:
    """Return the interval of the mean reward, which is from 0 to 1; None without an exposure.

    As many pseudo-exposures as Agresti and Coull (1998) add, half of them with the reward 0 and half with 1, keep
    it honest with few exposures: it is never a point, and always contains the mean. It takes exposures to be
    independent, which those of one profile are not: read it as the narrowest that may be true.
    """
    if not sums.exposures:
        return None
    n = sums.exposures + Z * Z
    mean = (sums.reward + Z * Z / 2) / n
    spread = Z * sqrt(max(0.0, (sums.squares + Z * Z / 2) / n - mean * mean) / n)
    return [round(max(0.0, mean - spread), 6), round(min(1.0, mean + spread), 6)]


def iso(ms: int) -> str:
    """Return a time in UTC, to the second."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def iso_day(day: int) -> str:
    """Return the date of a day, which is counted from 1970."""
    return f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}"
