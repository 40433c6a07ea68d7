"""One more pass over examples that are learned already."""

from collections.abc import Sequence

from bandit.logistic.belief import Belief, chance_of
from bandit.logistic.crossing import Crossing, What, Who
from bandit.logistic.learner import LogisticLearner
from bandit.types import Context

FURTHEST = 9.0
"""The logits beyond which an example tells almost nothing about the size of the log-odds."""


class Settled(Crossing):
    """Knows all contexts from the beginning, because admitting them again would count them twice."""

    def admit(self, context: Context) -> Who:
        """Return the context's features, without admitting it."""
        return self.who(context)


class Repetition(LogisticLearner):
    """Begins from the priors again, and takes the curve of each example from the end of the pass `before`.

    Learning an example again as if it were new counts it twice: the learner is too sure, and does worse on others.
    Here each counts once, as a measurement of the log-odds around their value after the pass before. These are the
    rounds of iteratively reweighted least squares (McCullagh & Nelder 1989, section 2.5), each of them one pass
    over the examples in their order.
    """

    def __init__(self, before: LogisticLearner):
        crossing = before._crossing.state()  # noqa: SLF001  one of its own kind
        super().__init__(before.tuning, crossing=Settled.restore(crossing))
        self._before = before

    def _surprises(
        self, beliefs: Sequence[Belief], _who: Who, _what: What, reward: float
    ) -> list[tuple[float, float]]:
        before = self._before._beliefs(_who, _what)  # noqa: SLF001  as above
        return [_measured(belief, ended.mean, reward) for belief, ended in zip(beliefs, before, strict=True)]


def _measured(belief: Belief, ended: float, reward: float) -> tuple[float, float]:
    """Return the surprise of a measurement by the curve at the log-odds where the pass before `ended`."""
    ended = max(-FURTHEST, min(FURTHEST, ended))
    chance = chance_of(ended)
    curvature = chance * (1 - chance)
    share = 1 + curvature * belief.variance
    return (reward - chance + curvature * (ended - belief.mean)) / share, curvature / share
