"""Those that know nothing of the viewer."""

from collections.abc import Sequence

import numpy as np

from tests.bench.quality.case import Ahead, Features
from tests.bench.quality.policies.policy import Choice


class Random:
    def __init__(self, _: Ahead, seed: int):
        self._random = np.random.default_rng(seed)

    def decide(self, context: Features, actions: Sequence[Features]) -> Choice:
        return int(self._random.integers(len(actions))), [1 / len(actions)] * len(actions)

    def learn(
        self, context: Features, actions: Sequence[Features], index: int, probability: float, reward: float
    ) -> None:
        """Learn nothing."""


class Thompson:
    """Thompson sampling from a beta distribution of each click rate (Chapelle & Li 2011, algorithm 2)."""

    def __init__(self, _: Ahead, seed: int):
        self._random = np.random.default_rng(seed)
        self._seen: dict[object, tuple[float, float]] = {}

    def decide(self, context: Features, actions: Sequence[Features]) -> Choice:
        seen = np.array([self._seen.get(action["id"], (1.0, 1.0)) for action in actions])
        return int(np.argmax(self._random.beta(seen[:, 0], seen[:, 1]))), None

    def learn(
        self, context: Features, actions: Sequence[Features], index: int, probability: float, reward: float
    ) -> None:
        clicked, passed = self._seen.get(actions[index]["id"], (1.0, 1.0))
        self._seen[actions[index]["id"]] = clicked + reward, passed + 1 - reward
