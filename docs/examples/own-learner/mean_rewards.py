"""A learner: it prefers pictures with a high mean reward among viewers who share a word, such as a country."""

import json
from collections.abc import Sequence
from math import exp
from zlib import crc32

from bandit.types import Action, Context, Example

CELLS = 1 << 16
EXPECTED = 0.1
"""The reward that a picture without examples is expected to earn."""


class MeanRewards:
    def __init__(self, sharpness: float = 20.0, patience: float = 10.0) -> None:
        """Take how strongly it prefers the best picture, and after how many examples it trusts a mean."""
        self.sharpness, self.patience = sharpness, patience
        self.cells: dict[int, tuple[int, float]] = {}

    def probabilities(self, context: Context, actions: Sequence[Action]) -> list[float]:
        scores = [self._score(context, action) for action in actions]
        weights = [exp(self.sharpness * (score - max(scores))) for score in scores]
        return [weight / sum(weights) for weight in weights]

    def learn(self, example: Example) -> float:
        action = example.actions[example.chosen]
        expected = self._score(example.context, action)
        for cell in _cells(example.context, action):
            examples, rewards = self.cells.get(cell, (0, 0.0))
            self.cells[cell] = (examples + 1, rewards + example.reward)
        return expected

    def snapshot(self) -> bytes:
        cells = [[cell, *self.cells[cell]] for cell in sorted(self.cells)]
        return json.dumps([self.sharpness, self.patience, cells]).encode()

    @classmethod
    def restore(cls, snapshot: bytes) -> "MeanRewards":
        sharpness, patience, cells = json.loads(snapshot)
        learner = cls(sharpness, patience)
        learner.cells = {cell: (examples, rewards) for cell, examples, rewards in cells}
        return learner

    def _score(self, context: Context, action: Action) -> float:
        counted = [self.cells.get(cell, (0, 0.0)) for cell in _cells(context, action)]
        means = [(rewards + EXPECTED * self.patience) / (n + self.patience) for n, rewards in counted]
        return sum(means) / len(means)


def _cells(context: Context, action: Action) -> list[int]:
    """Return a number for the picture, and one for it with each word; no word itself is kept."""
    words = [f"{name}={value}" for name, value in context.attributes.items() if isinstance(value, str)]
    return [crc32(f"{action.id} {word}".encode()) % CELLS for word in ["", *sorted(words)]]
