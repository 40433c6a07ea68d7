"""The shares of labels that the policy showed to viewers with each value, as sums that tell their doubt, too."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from app.catalogue.live import LiveTitle
from app.records import Decision
from bandit.types import Action

Floats = NDArray[np.float64]
BUCKETS = 64
"""Random groups of viewers, by a hash: sums for each of them tell how far the viewers differ, in flat memory."""
MOST_VALUES, MOST_DIMENSIONS = 40, 20
"""Values that come first, so that all sums together take at most 26 MB."""
MOST_LABELS = 60
MOST_COUNTED = 200
"""Viewers of a value that are counted one by one; beyond this number it is enough to know that there are many."""
MOST_KEPT = 1_000
"""Candidates of titles whose labels are remembered."""
MOST_TENS = 1_000.0
TASTE = "taste"
BY_POLICY = frozenset({"personalized", None})


@dataclass(slots=True)
class Sums:
    """Sums over some viewers: shares shown and by equal chance, shape (labels,), and by bucket.

    By bucket there are the decisions, shape (buckets,), and what the policy adds to equal chance, shape
    (buckets, labels).
    """

    shown: Floats
    by_chance: Floats
    added: Floats
    decisions: Floats
    viewers: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, labels: int) -> "Sums":
        return cls(np.zeros(labels), np.zeros(labels), np.zeros((BUCKETS, labels)), np.zeros(BUCKETS))

    def add(self, viewer: int, shown: Floats, by_chance: Floats) -> None:
        bucket = viewer % BUCKETS
        self.shown += shown
        self.by_chance += by_chance
        self.added[bucket] += shown - by_chance
        self.decisions[bucket] += 1
        if len(self.viewers) < MOST_COUNTED:
            self.viewers.add(viewer)


class ExposureSums:
    """Adds up decisions of the policy, by dimension and value of their viewers.

    A label is a tag, or an artwork's id. The share of a label in a decision is the probability that a picture with
    it is shown; by equal chance it is the part of the candidates that have it. A viewer without an account is new
    with each decision.
    """

    def __init__(self, labels: Mapping[str, frozenset[str]]):
        """Take the action ids of each label."""
        self.labels = list(labels)
        self._having = [labels[label] for label in self.labels]
        self.all = Sums.of(len(self.labels))
        self.by_value: dict[str, dict[str, Sums]] = {}
        self._kept: dict[tuple[Action, ...], Floats] = {}

    def add(self, decision: Decision, live_title: LiveTitle) -> None:
        if decision.pinned or decision.bot or decision.group not in BY_POLICY or len(decision.candidates) == 1:
            return
        has = self._matrix([live_title.actions[artwork] for artwork in decision.candidates])
        shown, by_chance = np.array(decision.probabilities) @ has, has.mean(axis=0)
        viewer = _number(decision)
        self.all.add(viewer, shown, by_chance)
        for dimension, value in _values(decision):
            if (sums := self._sums(dimension, value)) is not None:
                sums.add(viewer, shown, by_chance)

    def _sums(self, dimension: str, value: str) -> Sums | None:
        if dimension not in self.by_value and len(self.by_value) >= MOST_DIMENSIONS:
            return None
        values = self.by_value.setdefault(dimension, {})
        if value not in values and len(values) >= MOST_VALUES:
            return None
        if value not in values:
            values[value] = Sums.of(len(self.labels))
        return values[value]

    def _matrix(self, actions: Sequence[Action]) -> Floats:
        """Return which action has which label, shape (actions, labels), made once for the same actions."""
        key = tuple(actions)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            rows = [[float(action.id in having) for having in self._having] for action in actions]
            found = self._kept[key] = np.array(rows).reshape(len(actions), len(self.labels))
        return found


def tag_labels(live_titles: Iterator[LiveTitle], most: int = MOST_LABELS) -> dict[str, frozenset[str]]:
    """Return the tags that a choice decides about, those of most titles first, with the actions that have each."""
    titles, having = Counter[str](), dict[str, set[str]]()
    for live_title in live_titles:
        actions = list(live_title.actions.values())
        for tag in {tag for action in actions for tag in action.tags}:
            with_tag = {action.id for action in actions if tag in action.tags}
            if len(with_tag) < len(actions):
                titles[tag] += 1
                having.setdefault(tag, set()).update(with_tag)
    ranked = sorted(titles, key=lambda tag: (-titles[tag], tag))[:most]
    return {tag: frozenset(having[tag]) for tag in ranked}


def artwork_labels(live_title: LiveTitle) -> dict[str, frozenset[str]]:
    return {artwork: frozenset({action.id}) for artwork, action in live_title.actions.items()}


def _number(decision: Decision) -> int:
    mark = decision.profile.encode() if decision.profile else decision.nonce
    return int.from_bytes(blake2b(mark, digest_size=8).digest(), "big")


def _values(decision: Decision) -> Iterator[tuple[str, str]]:
    if decision.taste:
        yield TASTE, max(decision.taste, key=decision.taste.__getitem__)
    for name, value in {**decision.attributes, **decision.audit}.items():
        if (told := _value(value)) is not None:
            yield name, told


def _value(value: bool | float | str) -> str | None:  # noqa: FBT001  a value of an attribute
    """Return a value as viewers share it: numbers by tens."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if not -MOST_TENS < value < MOST_TENS:
        return None
    low = int(value // 10 * 10)
    return f"{low} to {low + 9}"
