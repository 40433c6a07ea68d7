"""mabwiser's LinTS: linear Thompson sampling, a model for each arm, over a vector of the context."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np

from tests.bench.quality.case import Ahead, Features
from tests.bench.quality.movielens import Floats
from tests.bench.quality.policies.policy import Choice, Unsuited

ALPHA = 0.1
MOST_ARMS = 200


@dataclass(slots=True)
class Words:
    """The columns of a vector, and the arms of each bandit."""

    columns: dict[str, int] = field(default_factory=lambda: {"1": 0})
    arms: dict[object, dict[object, None]] = field(default_factory=dict)


class LinTS:
    """Numbers are columns as they are, a word is a column of its own, the title is none.

    Arms are what pictures are known by in all titles; where there is no such thing, each title has a bandit of its
    own for its pictures, which is the same and faster, for arms share nothing.
    """

    def __init__(self, ahead: Ahead, seed: int):
        library = import_module("mabwiser.mab")
        self._words, self._key = _words(ahead), ahead.arm_key
        if max(map(len, self._words.arms.values())) > MOST_ARMS:
            raise Unsuited(
                f"It would need a model for each of more than {MOST_ARMS} pictures, with few clicks each."
            )
        policy = library.LearningPolicy.LinTS(alpha=ALPHA)
        self._bandits: dict[object, Any] = {
            of: library.MAB(list(arms), policy, seed=seed) for of, arms in self._words.arms.items()
        }
        self._fitted: set[object] = set()
        self._random = np.random.default_rng(seed)

    def decide(self, context: Features, actions: Sequence[Features]) -> Choice:
        of = bandit_of(context, self._key)
        if of not in self._fitted:
            return int(self._random.integers(len(actions))), None
        expected = self._bandits[of].predict_expectations(self._row(context))
        scores = np.array([expected[action[self._key]] for action in actions])
        return int(np.argmax(scores + self._random.random(len(actions)) * 1e-9)), None

    def learn(
        self, context: Features, actions: Sequence[Features], index: int, probability: float, reward: float
    ) -> None:
        of = bandit_of(context, self._key)
        bandit = self._bandits[of]
        fit = bandit.partial_fit if of in self._fitted else bandit.fit
        fit([actions[index][self._key]], [reward], self._row(context))
        self._fitted.add(of)

    def _row(self, context: Features) -> Floats:
        row = np.zeros((1, len(self._words.columns)))
        row[0, 0] = 1
        for name, value in context.items():
            if name != "title":
                row[0, self._words.columns[column(name, value)]] = 1 if isinstance(value, str) else value
        return row


def column(name: str, value: str | float) -> str:
    return f"{name}={value}" if isinstance(value, str) else name


def bandit_of(context: Features, key: str) -> object:
    return context.get("title") if key == "id" else None


def _words(ahead: Ahead) -> Words:
    words = Words()
    for context, actions, _ in ahead:
        for name, value in context.items():
            if name != "title":
                words.columns.setdefault(column(name, value), len(words.columns))
        arms = words.arms.setdefault(bandit_of(context, ahead.arm_key), {})
        arms.update(dict.fromkeys(action[ahead.arm_key] for action in actions))
    return words
