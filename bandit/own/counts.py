"""The examples that an own learner learned and lost, in the head of its snapshots."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bandit.sealing import unseal


class Counts(NamedTuple):
    """The examples that a class learned, and those that were lost because it failed in `learn`."""

    learned: int = 0
    lost: int = 0


def counts_of(snapshot: bytes) -> Counts:
    """Return the counts of an own learner's snapshot. Raises `UnusableSnapshot`."""
    return counts_in(unseal(snapshot)[0])


def counts_in(head: Mapping[str, Any]) -> Counts:
    return Counts(**head.get("examples", {}))
