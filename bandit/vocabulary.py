"""The attribute keys and values that a learner knows, bounded in number."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Protocol

from bandit.encoding import word
from bandit.frequent import Frequent
from bandit.hearsay import Hearsay
from bandit.types import Attributes, Witness

KEYS = 64
OTHER = "~other"
REMEMBERED = 1024
"""Viewers whose features are remembered; most differ in few attributes from others."""
VALUES = 1024
"""The most words of each key. The table of weights has a fixed size: more words would displace useful ones."""


class Measure(Protocol):
    def observe(self, value: float) -> bool:
        """Add a value, and tell whether that can change a feature."""

    def feature(self, value: float) -> tuple[str, float]:
        """Return the suffix of the attribute's name, and the amount of that feature."""

    def state(self) -> dict[str, Any]: ...


class Vocabulary:
    """Turns attributes into features, and admits keys and values as they are learned.

    A word is admitted once enough viewers have used it; until then it has no effect, and a learner has no weight
    for it. The first keys that come have a place; of a key's values the most frequent are known. An unknown value
    is the key's `other`; an unknown key has no effect. The state changes in `admit` alone, which the learner calls
    in the order of the log.
    """

    def __init__(
        self,
        measure: Callable[..., Measure],
        words: dict[str, Frequent] | None = None,
        numbers: dict[str, Measure] | None = None,
        hearsay: Hearsay | None = None,
    ):
        self._measure = measure
        self._words = words or {}
        self._numbers = numbers or {}
        self._hearsay = Hearsay() if hearsay is None else hearsay  # an empty one is false, and has its salt
        self.changes = 0
        """The version of the vocabulary: while it is the same, equal attributes have equal features."""
        self._remembered: dict[tuple[tuple[str, str | float], ...], list[tuple[str, float]]] = {}
        self._remembered_at = 0

    def admit(self, attributes: Attributes, witness: Witness | None = None) -> None:
        for key, value in attributes.items():
            if isinstance(value, str):
                self._admit_word(key, value, witness)
            elif key in self._numbers or len(self._numbers) < KEYS:
                self.changes += self._numbers.setdefault(key, self._measure()).observe(value)

    def _admit_word(self, key: str, value: str, witness: Witness | None) -> None:
        values = self._words.get(key)
        if values is None and len(self._words) >= KEYS:
            return
        if (
            witness
            and not (values and values.has_counter(value))
            and not self._hearsay.confirms((key, value), witness)
        ):
            return
        if values is None:
            values = self._words[key] = Frequent(VALUES)
        self.changes += values.observe(value)

    def forget(self, profile: int) -> None:
        """Forget the words of a profile that are not known yet."""
        self._hearsay.forget(profile)

    def features(self, attributes: Attributes) -> Sequence[tuple[str, float]]:
        """Return the features, remembered for equal attributes while the vocabulary is the same."""
        if self._remembered_at != self.changes or len(self._remembered) >= REMEMBERED:
            self._remembered.clear()
            self._remembered_at = self.changes
        key = tuple(attributes.items())
        found = self._remembered.get(key)
        if found is None:
            found = [f for key_, value in key if (f := self._feature(key_, value))]
            self._remembered[key] = found
        return found

    def _feature(self, key: str, value: str | float) -> tuple[str, float] | None:
        if isinstance(value, str):
            values = self._words.get(key)
            if values is None:
                return None
            if values.knows(value):
                return _word_feature(key, value), 1.0
            return (_word_feature(key, None), 1.0) if values.full() else None
        measure = self._numbers.get(key)
        if measure is None:
            return None
        suffix, amount = measure.feature(value)
        return word(key) + suffix, amount

    def state(self) -> dict[str, Any]:
        return {
            "words": {key: values.state() for key, values in self._words.items()},
            "numbers": {key: bins.state() for key, bins in self._numbers.items()},
            "hearsay": self._hearsay.state(),
        }

    @classmethod
    def restore(cls, state: dict[str, Any], measure: Callable[..., Measure]) -> "Vocabulary":
        words = {key: Frequent(VALUES, values) for key, values in state["words"].items()}
        numbers = {key: measure(**numbers) for key, numbers in state["numbers"].items()}
        hearsay = Hearsay.restore(state["hearsay"]) if "hearsay" in state else None
        return cls(measure, words, numbers, hearsay)


@lru_cache(maxsize=1 << 16)
def _word_feature(key: str, value: str | None) -> str:
    return f"{word(key)}={OTHER if value is None else word(value)}"


def is_other(feature: str) -> bool:
    """Whether a feature is the one of all unknown values of a key."""
    return feature.endswith(f"={OTHER}")
