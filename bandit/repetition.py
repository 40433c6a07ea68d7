"""One more pass over examples that were learned already."""

import numpy as np

from bandit.belief import Belief, Floats
from bandit.crossing import Crossing, What, Who
from bandit.logistic import LogisticLearner
from bandit.types import Context

FURTHEST = 9.0
"""Beyond so many logits an example says next to nothing of how large they are."""


class Settled(Crossing):
    """Knows all contexts from the beginning: to admit them again would count them twice."""

    def admit(self, context: Context) -> Who:
        """Take nothing in."""
        return self.who(context)


class Repetition(LogisticLearner):
    """Begins from the priors again, and takes the curve of each example from where the pass `before` ended.

    Whoever learns an example again as if it were new counts it twice, is too sure, and does worse on others. Here
    each counts once: as a measurement of the log-odds around what the pass before made of them. These are the
    rounds of iteratively reweighted least squares (McCullagh & Nelder 1989, section 2.5), each of them one pass
    over the examples in their order.
    """

    def __init__(self, before: LogisticLearner):
        crossing = before._crossing.state()  # noqa: SLF001  one of its own kind
        super().__init__(before.tuning, crossing=Settled.restore(crossing))
        self._before = before

    def _surprise(self, belief: Belief, _who: Who, _what: What, reward: float) -> tuple[Floats, Floats]:
        ended = np.clip(self._before._belief(_who, _what).mean, -FURTHEST, FURTHEST)  # noqa: SLF001  as above
        chance = 1 / (1 + np.exp(-ended))
        curvature = chance * (1 - chance)
        share = 1 + curvature * belief.variance
        return (reward - chance + curvature * (ended - belief.mean)) / share, curvature / share
