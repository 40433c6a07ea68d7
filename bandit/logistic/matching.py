"""Probability matching: the probability of each action is that of being the best."""

from collections.abc import Sequence
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
NODES = 16
MOST = 16
"""The most actions that are compared, those that may do best, because the work grows with the square."""
TOGETHER = 1 << 16
"""The most comparisons in one array: more do not fit into the fast memory of a core."""
NOTHING = np.float32(1e-6)
_QUANTILES = np.array([[NormalDist().inv_cdf((node + 0.5) / NODES)] for node in range(NODES)], np.float32)
_BENT = np.float32(0.044715)
_STEEP = np.float32(0.7978845608028654)
"""√(2/π)"""


def matched(means: Floats, deviations: Floats) -> list[float]:
    """Return `all_matched` of one decision."""
    return all_matched([(means, deviations)])[0]


def all_matched(decisions: Sequence[tuple[Floats, Floats]]) -> list[list[float]]:
    """Return for each decision, and each of its n actions, the probability that its value is the greatest.

    A decision has the means and the standard deviations of its actions' values, both of shape (n,). The values
    count as independent normals. Thompson sampling draws from this distribution (Thompson 1933; Chapelle & Li
    2011, algorithm 1). Here it is computed rather than sampled, so that it can be logged. It is the mean, over the
    quantiles of one value, of the probability that all others are less, divided by the sum.

    Decisions with equally many actions are computed together, because a call of numpy costs more than the work for
    one of them. Each result is to the last bit what it is alone.
    """
    found: list[list[float]] = [[]] * len(decisions)
    by_size: dict[int, list[int]] = {}
    for place, (means, deviations) in enumerate(decisions):
        if len(means) > MOST:
            found[place] = _among_promising(means, deviations)
        else:
            by_size.setdefault(len(means), []).append(place)
    for n, places in by_size.items():
        most = max(1, TOGETHER // (n * n * NODES))
        for start in range(0, len(places), most):
            some = places[start : start + most]
            for place, probabilities in zip(some, _together([decisions[each] for each in some]), strict=True):
                found[place] = probabilities
    return found


def _together(decisions: Sequence[tuple[Floats, Floats]]) -> list[list[float]]:
    """Compare the actions of k decisions with n actions each."""
    means = np.array([each for each, _ in decisions], np.float32)  # twice as fast, and precise enough
    spread = np.array([each for _, each in decisions], np.float32)
    spread += NOTHING
    k, n = means.shape
    values = spread[:, None] * _QUANTILES
    values += means[:, None]  # for each node each action
    apart = values.reshape(k, 1, NODES * n) - means[:, :, None]  # from each of the others
    apart /= spread[:, :, None]
    bent = apart * apart
    bent *= _STEEP * _BENT
    bent += _STEEP
    bent *= apart
    below = np.tanh(bent, out=bent)
    below += 1  # twice the chance (Page 1977)
    below.reshape(k, -1)[:, _themselves(n)] = 1.0
    wins = np.add.reduce(np.multiply.reduce(below, axis=1).reshape(k, NODES, n), axis=1).tolist()
    return [[win / total for win in each] for each in wins for total in [sum(each)]]


@cache
def _themselves(n: int) -> NDArray[np.intp]:
    """Return where each of n actions would be compared with itself, at each node, in the flat array."""
    actions, nodes = np.arange(n)[:, None], np.arange(NODES)
    places: NDArray[np.intp] = (actions * n * NODES + nodes * n + actions).ravel()
    return places


def _among_promising(means: Floats, deviations: Floats) -> list[float]:
    promising = np.argsort(-(means + 2 * deviations), kind="stable")[:MOST]
    probabilities = [0.0] * len(means)
    for action, p in zip(promising.tolist(), matched(means[promising], deviations[promising]), strict=True):
        probabilities[action] = p
    return probabilities
