"""gittins' contextual engine, given each picture's affinity as a feature like any other."""

from collections import deque
from collections.abc import Sequence
from importlib import import_module
from itertools import count
from typing import Any

from tests.bench.quality.case import Ahead, Features
from tests.bench.quality.policies.policy import Choice, affinity

BITS = 18
FOREVER = 10**9
"""A horizon that no decision outlives: each is told what it earned."""


class Gittins:
    """It names decisions itself, and is told of them in the order in which it made them."""

    def __init__(self, _: Ahead, seed: int):
        self._engine: Any = import_module("gittins")
        self._state = self._engine.create(bits=BITS, horizon=FOREVER)
        self._salt, self._now = f"{seed}", count()
        self._open: deque[str] = deque()

    def decide(self, context: Features, actions: Sequence[Features]) -> Choice:
        candidates = [(str(action["id"]), described(context, action)) for action in actions]
        record = self._engine.decide(self._state, context, candidates, next(self._now), self._salt)
        index: int = record.chosen
        self._open.append(record.decision_id)
        p = [0.0] * len(actions)
        p[index] = record.propensity  # it tells that of the chosen one alone
        return index, p

    def learn(
        self, context: Features, actions: Sequence[Features], index: int, probability: float, reward: float
    ) -> None:
        self._engine.learn(self._state, self._open.popleft(), reward, next(self._now))


def described(context: Features, action: Features) -> Features:
    features = {name: value for name, value in action.items() if name != "id"}
    liking = affinity(context, action)
    return features | {"affinity": liking, "liked": max(liking, 0.0)}
