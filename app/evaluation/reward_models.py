"""The reward models of the direct method and of doubly robust estimates."""

from collections.abc import Sequence
from typing import Protocol

from app.evaluation.replay import Ended, Shown
from app.learning.examples import context_of
from bandit.logistic.learner import LogisticLearner
from bandit.policy import UnlearnableExample
from bandit.tally import PSEUDO_DRAWS

HALVES = 2


class RewardModel(Protocol):
    def expected(self, shown: Shown) -> Sequence[float]:
        """Return the expected reward of each candidate artwork, in [0, 1]."""

    def tell(self, ended: Ended) -> None: ...


class PictureMeans:
    """The mean reward of each picture so far, shrunk to that of its title, and that to the mean of all.

    It is a hundred times quicker than a learner, and knows nothing of viewers.
    """

    def __init__(self) -> None:
        self._everything = _Mean()
        self._titles: dict[str, _Mean] = {}
        self._pictures: dict[tuple[str, str], _Mean] = {}

    def expected(self, shown: Shown) -> Sequence[float]:
        title = shown.decision.title
        usual = self._titles.get(title, _NONE).shrunk(self._everything.shrunk(0.0))
        return [self._pictures.get((title, each), _NONE).shrunk(usual) for each in shown.decision.candidates]

    def tell(self, ended: Ended) -> None:
        title, picture = ended.decision.title, (ended.decision.title, ended.decision.artwork)
        self._everything.add(ended.reward)
        self._titles.setdefault(title, _Mean()).add(ended.reward)
        self._pictures.setdefault(picture, _Mean()).add(ended.reward)


class Logistic:
    """The logistic learner's expectations, which depend on the viewer as well."""

    def __init__(self) -> None:
        self._learner = LogisticLearner()

    def expected(self, shown: Shown) -> Sequence[float]:
        actions = [shown.live_title.actions[artwork] for artwork in shown.decision.candidates]
        return self._learner.expected(context_of(shown.decision, actions), actions)

    def tell(self, ended: Ended) -> None:
        if ended.example:
            try:
                self._learner.learn(ended.example)
            except UnlearnableExample:
                return


class CrossFitted:
    """Two models, each of which expects the rewards of viewers that only the other one learned from.

    The two halves of the viewers are taken by cluster (Chernozhukov et al. 2018, Double/debiased machine learning,
    definition 3.1). A model knows earlier exposures only, as a service would.
    """

    def __init__(self, first: RewardModel, second: RewardModel):
        self._models = first, second

    def expected(self, shown: Shown, cluster: int) -> Sequence[float]:
        return self._models[cluster % HALVES].expected(shown)

    def tell(self, ended: Ended, cluster: int) -> None:
        self._models[1 - cluster % HALVES].tell(ended)


class _Mean:
    __slots__ = ("_count", "_sum")

    def __init__(self) -> None:
        self._count, self._sum = 0, 0.0

    def add(self, reward: float) -> None:
        self._count += 1
        self._sum += reward

    def shrunk(self, towards: float) -> float:
        """Return the mean with as many further draws of the value `towards` as the best single picture has."""
        return (self._sum + PSEUDO_DRAWS * towards) / (self._count + PSEUDO_DRAWS)


_NONE = _Mean()
