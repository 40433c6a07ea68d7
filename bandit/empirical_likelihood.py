"""Confidence intervals by empirical likelihood, which follow the skew of the data.

Owen (2001), Empirical Likelihood, chapters 2 and 3; for off-policy values Karampatziakis, Langford and Mineiro
(Empirical Likelihood for Contextual Bandits, NeurIPS 2020). A value is in the interval if there are weights for
the clusters under which it is the mean, and which are not much less likely than equal weights.
"""

from collections.abc import Callable
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEVEL = 0.95
NEWTON_STEPS, HALVINGS, SETTLED = 50, 30, 1e-8
STEPS, PRECISION = 60, 1e-4
"""A bound is found to within this share of its distance from the estimate."""


def upper_bound(tops: Floats, bottoms: Floats, *, clusters: float) -> float:
    """Return the upper bound of the interval of Σ tops / Σ bottoms, or infinity.

    Both arrays have one number for each cluster, shape (n,), and no bottom is negative. `clusters` is the number
    of clusters that count: fewer make the interval wider, as with Student's t.
    """
    most = student(clusters - 1)

    def excess(value: float) -> float:
        return sqrt(max(unlikeliness(tops - value * bottoms), 0.0)) - most

    value = float(tops.sum() / bottoms.sum())
    error = sqrt(float(((tops - value * bottoms) ** 2).sum())) / float(bottoms.sum())
    return _crossing(excess, value, most * error) if error else value


def lower_bound(tops: Floats, bottoms: Floats, *, clusters: float) -> float:
    """Return the lower bound, as `upper_bound` does."""
    return -upper_bound(-tops, bottoms, clusters=clusters)


def unlikeliness(deviations: Floats) -> float:
    """Return -2 log of the greatest likelihood ratio under which the mean of `deviations` is 0.

    Owen's continuation of the logarithm keeps the number finite where no weights exist (Owen 2001, section 3.14).
    """
    scale = float(np.abs(deviations).max())
    if scale == 0.0:
        return 0.0
    each = deviations / scale
    return 2.0 * float(_log(1.0 + _multiplier(each) * each).sum())


def student(freedom: float) -> float:
    """Return the two-sided 95 % quantile of Student's t, by the expansion of Cornish and Fisher."""
    z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    f = max(freedom, 1.0)
    return z + (z**3 + z) / (4 * f) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * f**2)


def _multiplier(each: Floats) -> float:
    """Return the Lagrange multiplier of the weights, by Newton's method; a step too long is halved.

    Sums, and no dot products: for so many numbers BLAS starts threads, which cost more than they save.
    """
    now = height = 0.0
    for _ in range(NEWTON_STEPS):
        first, second = _slopes(1.0 + now * each)
        step = float((first * each).sum()) / float((second * each * each).sum())
        for _ in range(HALVINGS):
            next_height = float(_log(1.0 + (now + step) * each).sum())
            if next_height >= height:
                break
            step /= 2
        gained = next_height - height
        now, height = now + step, next_height
        if gained <= SETTLED * (1.0 + abs(height)):
            break
    return now


def _log(z: Floats) -> Floats:
    """Return log z; below 1/n its continuation by a parabola."""
    short, over = _parts(z)
    return np.log(short) + over - over * over / 2


def _slopes(z: Floats) -> tuple[Floats, Floats]:
    """Return the first derivative of `_log`, and the second one with its sign changed."""
    short, over = _parts(z)
    return (1.0 - over) / short, 1.0 / (short * short)


def _parts(z: Floats) -> tuple[Floats, Floats]:
    low = 1.0 / len(z)
    return np.maximum(z, low), np.minimum(z / low, 1.0) - 1.0


def _crossing(excess: Callable[[float], float], inside: float, step: float) -> float:
    """Return the value above `inside` at which `excess` is no longer negative.

    Growing steps find a value beyond it, and then the Illinois method finds the value between the two.
    """
    near, at_near = inside, excess(inside)
    for _ in range(STEPS):
        far = near + step
        if (at_far := excess(far)) >= 0:
            return _between(excess, (near, at_near), (far, at_far), PRECISION * (far - inside))
        near, at_near, step = far, at_far, 2 * step
    return float("inf")


def _between(
    excess: Callable[[float], float], low: tuple[float, float], high: tuple[float, float], precision: float
) -> float:
    (near, at_near), (far, at_far), kept = low, high, 0
    for _ in range(STEPS):
        if far - near <= precision:
            break
        rise = at_far - at_near  # 0 if both are too small to differ
        middle = (near * at_far - far * at_near) / rise if rise else (near + far) / 2
        at_middle = excess(middle)
        if at_middle >= 0:
            far, at_far, at_near, kept = middle, at_middle, at_near / 2 if kept > 0 else at_near, 1
        else:
            near, at_near, at_far, kept = middle, at_middle, at_far / 2 if kept < 0 else at_far, -1
    return far
