"""What is believed of one action for one viewer, and what an example changes in that."""

from dataclasses import dataclass, field
from math import pi

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SURE = 1e-6
"""Nothing is held for less likely than this, nor for likelier than all but this."""


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
    gains: Floats = field(init=False)
    """How far an effect goes along when the log-odds are moved."""

    def __post_init__(self) -> None:
        self.gains = self.priors / (1 + self.known) * self.amounts

    def mean(self) -> Floats:
        mean: Floats = np.add.reduce(self.means * self.amounts, axis=1)
        return mean

    def variance(self) -> Floats:
        variance: Floats = np.add.reduce(self.gains * self.amounts, axis=1)
        return variance

    def moved(self, pull: Floats, curve: Floats, most_known: float) -> Floats:
        """Return means and precisions after an example, shape (2m, f)."""
        left = 1 - self.gains * self.amounts * curve[:, None]
        known = np.minimum((1 + self.known) / left - 1, most_known)
        return np.concatenate([self.means + self.gains * pull[:, None], known])


@dataclass(slots=True)
class Slopes:
    """The effects of k numbers that every action has, by each of m priors, with their covariances.

    `means` has shape (m, k), `covariances` (m, k, k). The numbers go together, so variances alone would not do.
    """

    means: Floats
    covariances: Floats

    def move(self, amounts: Floats, pull: Floats, curve: Floats) -> None:
        gains = self.covariances @ amounts
        self.means = self.means + gains * pull[:, None]
        shrinking = gains[:, :, None] * (gains * curve[:, None])[:, None, :]
        self.covariances = self.covariances - shrinking


@dataclass(frozen=True, slots=True)
class Belief:
    """The log-odds of a reward as normals, and the chance that follows; all of shape (m,), by each prior."""

    mean: Floats
    variance: Floats
    chance: Floats

    @classmethod
    def of(cls, effects: Effects, slopes: Slopes, liking: Floats | None) -> "Belief":
        """Sum all effects up; variance draws the chance, a logistic of the mean, to 1/2 (MacKay 1992)."""
        mean, variance = effects.mean(), effects.variance()
        if liking is not None:
            mean += slopes.means @ liking
            variance += slopes.covariances @ liking @ liking
        chance = 1 / (1 + np.exp(-mean / np.sqrt(1 + pi / 8 * variance)))
        return cls(mean, variance, np.minimum(np.maximum(chance, SURE), 1 - SURE))

    def surprise(self, reward: float) -> tuple[Floats, Floats]:
        """Return how far a reward pulls the effects, and how much it narrows them, by unit of variance."""
        curvature = self.chance * (1 - self.chance)
        share = 1 + curvature * self.variance
        return (reward - self.chance) / share, curvature / share
