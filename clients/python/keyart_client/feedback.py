"""The items of feedback, and a buffer of those that were not reported yet."""

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from keyart_client.calls import What
from keyart_client.errors import Refused
from keyart_client.models import Recorded

Item = Mapping[str, Any]
log = logging.getLogger("keyart_client")
LONGEST_ID = 256
"""Characters of an id that are sent. Those of the service are shorter."""
MOST_KEPT = 10_000
"""Items that are kept while the service does not answer; then the oldest are dropped, and a warning says so."""
AGO_FROM = 5.0
"""Seconds after which an item says how long ago it happened."""
WHATS: tuple[What, ...] = ("impressions", "clicks", "plays")
"""The order in which they are reported."""


def of_decision(decision_id: str | None) -> list[Item]:
    """Return the item of a decision; none of a fallback, which has no id.

    An id that a viewer sent may be any text. The service rejects one that is altered, cut off or not writable.
    """
    if decision_id is None:
        return []
    return [{"decision_id": decision_id[:LONGEST_ID].encode(errors="replace").decode()}]


def of_decisions(decisions: Iterable[str | None]) -> list[Item]:
    """Return items of decisions. One id alone is a mistake: its letters would be ids."""
    if isinstance(decisions, str):
        raise TypeError(f"Write [{decisions!r}]: decisions are a list of ids, not one id.")
    return [item for each in decisions for item in of_decision(each)]


def of_play(decision_id: str | None, seconds: float) -> list[Item]:
    if not 0 <= seconds < math.inf:  # nor NaN
        raise ValueError(f"A play's seconds are a number that is not negative, not {seconds}.")
    return [{**item, "seconds": seconds} for item in of_decision(decision_id)]


def of_plays(seconds: Mapping[str, float]) -> list[Item]:
    return [item for id_, each in seconds.items() for item in of_play(id_, each)]


class Kept(NamedTuple):
    """An item, and when it was added, by a clock that only goes on."""

    item: Item
    added: float


class Buffer:
    """Feedback that was not reported yet, oldest first."""

    def __init__(self, size: int, clock: Callable[[], float] = time.monotonic):
        if size < 1:
            raise ValueError(f"size is {size}; a batch has at least one item.")
        self.size, self._clock = size, clock
        self._items: deque[tuple[What, Kept]] = deque()

    def __len__(self) -> int:
        return len(self._items)

    def add(self, what: What, items: Sequence[Item]) -> bool:
        """Add items, and tell whether there are enough to report them now."""
        now = self._clock()
        self._items.extend((what, Kept(item, now)) for item in items)
        self._limit()
        return len(self._items) >= self.size

    def take(self) -> dict[What, list[Kept]]:
        """Take everything out."""
        taken: dict[What, list[Kept]] = {what: [] for what in WHATS}
        while self._items:
            what, kept = self._items.popleft()
            taken[what].append(kept)
        return {what: items for what, items in taken.items() if items}

    def aged(self, taken: Iterable[Kept]) -> list[Item]:
        """Return the items as they are sent now: those that waited long say how long ago they happened."""
        now = self._clock()
        return [
            {**item, "seconds_ago": round(now - added, 1)} if now - added >= AGO_FROM else item
            for item, added in taken
        ]

    def put_back(self, taken: Mapping[What, list[Kept]]) -> None:
        """Put back what did not arrive."""
        items = [(what, kept) for what in taken for kept in taken[what]]
        self._items.extendleft(reversed(items))
        self._limit()

    def _limit(self) -> None:
        excess = len(self._items) - MOST_KEPT
        for _ in range(excess):
            self._items.popleft()
        if excess > 0:
            log.warning("Keyart does not answer: %d items of feedback were dropped.", excess)


def warn_of_rejected(what: What, recorded: Recorded) -> Recorded:
    for each in recorded.rejected:
        log.warning("Keyart rejected one of the %s: %s", what, each.reason)
    return recorded


def refused(what: What, refusal: Refused) -> Recorded:
    """Note items that the service refuses. It would refuse them again, so they are not kept."""
    reasons = refusal.problem.get("rejected")
    if not isinstance(reasons, list):
        raise refusal
    return warn_of_rejected(what, Recorded.read({"recorded": 0, "duplicates": 0, "rejected": reasons}))
