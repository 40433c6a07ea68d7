"""The weights of the priors in their average."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bandit.addition import added
from bandit.elementary import exp, log, log1p
from bandit.logistic.prior import HEAD_START

REMEMBERED = 0.999
"""The part of a prior's score that is kept with each example."""


class Averages:
    """Dynamic model averaging (Raftery, Kárný & Ettler 2010, section 3) over the priors, in their order."""

    def __init__(self, logs: Sequence[float] = HEAD_START):
        self.logs = list(logs)
        self._by_column: NDArray[np.float32] | None
        self._weigh()

    def score(self, chance: Sequence[float], reward: float) -> None:
        """Update the weights by the probability that each prior gave to the observed reward."""
        happened = [_log_likelihood(p, reward) for p in chance]
        self.logs = [REMEMBERED * kept + new for kept, new in zip(self.logs, happened, strict=True)]
        self._weigh()

    def of(self, each: Sequence[float]) -> float:
        return added([weight * value for weight, value in zip(self.weights, each, strict=True)])

    def by_column(self) -> NDArray[np.float32]:
        """Return the weights by the table's columns; those of precisions are 0: a mean does not use them."""
        if self._by_column is None:
            self._by_column = np.array([*self.weights, *[0.0] * len(self.weights)], np.float32)
        return self._by_column

    def _weigh(self) -> None:
        most = max(self.logs)
        shares = [1.0 if each == most else exp(each - most) for each in self.logs]
        total = added(shares)
        self.weights = [share / total for share in shares]
        self._by_column = None


def _log_likelihood(chance: float, reward: float) -> float:
    if reward in {0, 1}:  # nearly every reward, so that one logarithm is enough
        return log(chance) if reward else log1p(-chance)
    return reward * log(chance) + (1 - reward) * log1p(-chance)
