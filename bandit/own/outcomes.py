"""The examples that an own learner learned and lost, in the head of its snapshots."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bandit.sealing import unseal


class Outcomes(NamedTuple):
    """The examples that a class learned, and those that were lost because it failed in `learn`."""

    learned: int = 0
    lost: int = 0


def outcomes_of(snapshot: bytes) -> Outcomes:
    """Return the outcomes of an own learner's snapshot. Raises `UnusableSnapshot`."""
    return outcomes_in(unseal(snapshot)[0])


def outcomes_in(head: Mapping[str, Any]) -> Outcomes:
    return Outcomes(**head.get("examples", {}))
