"""What is believed of one action for one viewer, and what an example changes in that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log, pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SURE = 1e-6
"""Nothing is held for less likely than this, nor for likelier than all but this."""
_FURTHEST = log((1 - SURE) / SURE)


@dataclass(slots=True)
class Effects:
    """Independent effects of f features, by each of m priors: means and variances of shape (m, f).

    `priors` are the variances before anything was seen, `known` by how many times the prior's precision an
    effect is known since, and `amounts`, of shape (f,), how much there is of each feature.
    """

    means: Floats
    known: Floats
    priors: Floats
    amounts: Floats
    _sure: Floats = field(init=False)
    _reach: Floats = field(init=False)
    """How far each goes along when the log-odds are moved, and what each adds to their variance; (2m, f)."""

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
    """How much a viewer likes the tags of an action, and what is kindred to them."""

    own: float
    kindred: float


@dataclass(slots=True)
class Slopes:
    """What affinities are worth, by one prior: two means, and their covariances, for the two go together.

    So few numbers are faster written out than handed over to a library.
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
    """The log-odds of a reward as a normal, and the chance that follows, by one prior."""

    mean: float
    variance: float
    chance: float

    @classmethod
    def of(cls, mean: float, variance: float) -> "Belief":
        """Variance draws the chance, a logistic of the mean, to 1/2 (MacKay 1992)."""
        return cls(mean, variance, chance_of(mean / sqrt(1 + pi / 8 * variance)))

    def surprise(self, reward: float) -> tuple[float, float]:
        """Return how far a reward pulls the effects, and how much it narrows them, by unit of variance."""
        curvature = self.chance * (1 - self.chance)
        share = 1 + curvature * self.variance
        return (reward - self.chance) / share, curvature / share


def chance_of(logit: float) -> float:
    return 1 / (1 + exp(-max(-_FURTHEST, min(_FURTHEST, logit))))
