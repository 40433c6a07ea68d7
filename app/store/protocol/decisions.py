"""Decisions in the log: their holds, their exposures and their feedback."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from app.records import Kind, Spot


class Hold(msgspec.Struct, frozen=True, gc=False):
    """A decision as it is served, once or again. `opened_at` is when its latest exposure opened, None before."""

    decision: int
    nonce: bytes
    stamp: int
    until: int
    artwork: str
    group: str | None
    deferred: bool
    pinned: bool
    opened_at: int | None


class Draft(msgspec.Struct, frozen=True, gc=False):
    """A decision about to be logged.

    `key` names its hold, `lasts` for how long; `seen` is the decision of the hold that the caller found there and
    means to replace, None if it found none.
    """

    body: bytes
    nonce: bytes
    artwork: str
    group: str | None
    deferred: bool
    pinned: bool
    key: bytes | None = None
    lasts: int = 0
    seen: int | None = None


class Event(msgspec.Struct, frozen=True, gc=False):
    """Feedback about to be logged, `ago` milliseconds after it happened.

    `nonce` and `deferred` are its decision's.
    """

    kind: Kind
    decision: int
    nonce: bytes
    deferred: bool
    seconds: float = 0.0
    spot: Spot | None = None
    ago: int = 0


class Decisions(Protocol):
    """The part of the log that requests write."""

    async def log_decisions(self, drafts: Sequence[Draft], *, deadline: float | None = None) -> list[Hold]:
        """Log decisions with their holds, and return the holds to serve, in order.

        If the key has a hold that has not expired and was not `seen`, another request was faster: nothing is
        logged for that draft, and the existing hold is returned. After `deadline` (of the running loop's clock) it
        raises `StoreTimeoutError`; decisions that are written nevertheless are voided.
        """

    async def holds(self, keys: Sequence[bytes]) -> list[Hold | None]:
        """Return the latest hold under each key, expired ones too."""

    async def log_exposure(
        self, hold: Hold, *, deferred: bool, window: int, spot: Spot | None = None, deadline: float | None = None
    ) -> None:
        """Log that a hold is served again: a new exposure, if its last window of `window` ms has closed.

        The record has the `spot` where it is shown. A deferred exposure opens with its first feedback, whose spot
        is recorded then, and leaves no record until that time. A call that has not begun by
        `deadline` never will, and raises `StoreTimeoutError`.
        """

    async def log_feedback(self, events: Sequence[Event]) -> list[bool | None]:
        """Log feedback. For each event tell whether it was news: False means that it had been counted already.

        In one exposure an impression or a click counts once, a play as often as it has become longer. None means
        that the log does not have the decision (any more), and that nothing was logged: a power cut or a restored
        backup may have given its position to another record.
        """
