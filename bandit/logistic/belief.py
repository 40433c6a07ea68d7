"""The belief about one action for one viewer, and its change by an example."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandit.elementary import exp, log

Floats = NDArray[np.float64]
SURE = 1e-6
"""The least probability of a belief; the greatest is 1 minus this."""
_FURTHEST = log((1 - SURE) / SURE)


@dataclass(slots=True)
class Effects:
    """Independent effects of f features, by each of m priors: means and variances of shape (m, f).

    The initial variances are `priors`. The precision gained since is `known`, in units of the prior's precision.
    The amounts of the features, of shape (f,), are `amounts`.
    """

    means: Floats
    known: Floats
    priors: Floats
    amounts: Floats
    _sure: Floats = field(init=False)
    _reach: Floats = field(init=False)
    """How far each moves with the log-odds, and its part of their variance; (2m, f)."""

    def __post_init__(self) -> None:
        m = len(self.means)
        self._sure = 1 + self.known
        self._reach = np.empty((2 * m, len(self.amounts)))
        gains, shares = self._reach[:m], self._reach[m:]
        np.divide(self.priors, self._sure, out=gains)
        gains *= self.amounts
        np.multiply(gains, self.amounts, out=shares)

    def mean(self) -> list[float]:
        mean: list[float] = np.add.reduce(self.means * self.amounts, axis=1).tolist()
        return mean

    def variance(self) -> list[float]:
        variance: list[float] = np.add.reduce(self._reach[len(self.means) :], axis=1).tolist()
        return variance

    def moved(self, pull: Sequence[float], curve: Sequence[float], most_known: float) -> Floats:
        """Return means and precisions after an example, shape (2m, f)."""
        m = len(pull)
        moved: Floats = self._reach * np.array([[*pull, *curve]]).T
        moved[:m] += self.means
        known = moved[m:]
        np.subtract(1, known, out=known)
        np.divide(self._sure, known, out=known)
        known -= 1
        np.minimum(known, most_known, out=known)
        return moved


class Affinity(NamedTuple):
    """How much a viewer likes the tags of an action, and how much the kindred tags suggest."""

    own: float
    kindred: float


@dataclass(slots=True)
class Slopes:
    """The weights of affinities, by one prior: two means, and the covariances between them.

    Such a small calculation is faster written out than in a library.
    """

    own: float
    kindred: float
    own_own: float
    own_kindred: float
    kindred_kindred: float

    def mean(self, affinity: Affinity) -> float:
        return self.own * affinity.own + self.kindred * affinity.kindred

    def gains(self, affinity: Affinity) -> Affinity:
        own, kindred = affinity
        return Affinity(
            self.own_own * own + self.own_kindred * kindred,
            self.own_kindred * own + self.kindred_kindred * kindred,
        )

    def variance(self, affinity: Affinity) -> float:
        gains = self.gains(affinity)
        return gains.own * affinity.own + gains.kindred * affinity.kindred

    def move(self, affinity: Affinity, pull: float, curve: float) -> None:
        own, kindred = self.gains(affinity)
        self.own += own * pull
        self.kindred += kindred * pull
        self.own_own -= own * own * curve
        self.own_kindred -= own * kindred * curve
        self.kindred_kindred -= kindred * kindred * curve


class Belief(NamedTuple):
    """The log-odds of a reward as a normal distribution, and the resulting probability, by one prior."""

    mean: float
    variance: float
    chance: float

    @classmethod
    def of(cls, mean: float, variance: float) -> "Belief":
        """Return the belief; variance draws the probability, a logistic of the mean, to 1/2 (MacKay 1992)."""
        return cls(mean, variance, chance_of(mean / sqrt(1 + pi / 8 * variance)))

    def surprise(self, reward: float) -> tuple[float, float]:
        """Return how far a reward moves the effects, and how much it narrows them, per unit of variance."""
        curvature = self.chance * (1 - self.chance)
        share = 1 + curvature * self.variance
        return (reward - self.chance) / share, curvature / share


def chance_of(logit: float) -> float:
    return 1 / (1 + exp(-max(-_FURTHEST, min(_FURTHEST, logit))))
