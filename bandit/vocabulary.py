"""The attribute keys and values that a learner knows, bounded in number."""

from typing import Any

from bandit.encoding import word
from bandit.numbers import Bins
from bandit.types import Attributes

KEYS = 64
VALUES = 1024
"""For each key. The weights are a table of fixed size: words without end would crowd out those that matter."""


class Vocabulary:
    """Turns attributes into features, and admits keys and values as they are learned, first come first served.

    A value that is not known, or came too late, is the key's `other`; a key that is not known says nothing.
    The state changes in `admit` alone, which the learner calls in the order of the log.
    """

    def __init__(self, words: dict[str, dict[str, str]] | None = None, numbers: dict[str, Bins] | None = None):
        self._words = words or {}  # by key and value, the feature
        self._numbers = numbers or {}
        self.changes = 0
        """While it stands, the same attributes are the same features."""

    def admit(self, attributes: Attributes) -> None:
        for key, value in attributes.items():
            if isinstance(value, str):
                known = self._words.get(key)
                if known is None and len(self._words) < KEYS:
                    known = self._words[key] = {}
                if known is not None and value not in known and len(known) < VALUES:
                    known[value] = _feature(key, value)
                    self.changes += 1
            elif key in self._numbers or len(self._numbers) < KEYS:
                self.changes += self._numbers.setdefault(key, Bins()).observe(value)

    def features(self, attributes: Attributes) -> str:
        """Return the attributes as features, separated by spaces."""
        return " ".join([f for key, value in attributes.items() if (f := self._feature(key, value))])

    def _feature(self, key: str, value: str | float) -> str | None:
        if isinstance(value, str):
            known = self._words.get(key)
            return None if known is None else known.get(value) or f"{word(key)}=~other"
        bins = self._numbers.get(key)
        return None if bins is None else f"{word(key)}~{bins.name(value)}"

    def state(self) -> dict[str, Any]:
        return {
            "words": {key: list(values) for key, values in self._words.items()},
            "numbers": {key: bins.state() for key, bins in self._numbers.items()},
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "Vocabulary":
        words = {key: {value: _feature(key, value) for value in values} for key, values in state["words"].items()}
        return cls(words, {key: Bins(**bins) for key, bins in state["numbers"].items()})


def _feature(key: str, value: str) -> str:
    return f"{word(key)}={word(value)}"
