"""The events of logged decisions: shown again, seen, clicked, played."""

import sqlite3
from typing import Protocol

from app.records import DECISIONS, Feedback, Kind, Reference, Spot, decode_decision, encode
from app.store.protocol import Event, Head, Hold

SCHEMA = """
-- One row for each decision that was shown again or has feedback; most have none.
CREATE TABLE IF NOT EXISTS exposure (
    decision INTEGER PRIMARY KEY, opened INTEGER, opened_at INTEGER, happened INTEGER NOT NULL,
    seconds REAL NOT NULL);
"""
_BIT = {Kind.IMPRESSION: 1, Kind.CLICK: 2, Kind.PLAY: 4}


class Appending(Protocol):
    """The log, inside a transaction."""

    @property
    def next_position(self) -> int: ...

    def now(self) -> int: ...

    def append(self, kind: Kind, body: bytes) -> Head: ...


class Exposures:
    """Each method is a part of a transaction of the log's."""

    def __init__(self, connection: sqlite3.Connection, log: Appending):
        self._connection, self._log = connection, log

    def show(self, hold: Hold, *, deferred: bool, window: int, spot: Spot | None) -> None:
        row = self.of(hold.decision)
        opened_at = row[1] if row else None if hold.deferred else hold.stamp
        if opened_at is not None and self._log.now() < opened_at + window:
            return
        if not deferred:
            at = self._log.append(Kind.EXPOSURE, encode(Reference(hold.decision, spot)))
            self._set(hold.decision, at.position, at.stamp, 0, 0.0)
        elif opened_at is not None:
            self._set(hold.decision, None, None, 0, 0.0)

    def feedback(self, event: Event) -> bool | None:
        if not self._has(event):
            return None
        row = self.of(event.decision)
        opened, opened_at, happened, seconds = row or (None, None, 0, 0.0)
        if row is None and not event.deferred:
            opened = event.decision
        bit = _BIT[event.kind]
        longer = event.kind is Kind.PLAY and event.seconds > seconds
        if opened is not None and happened & bit and not longer:
            return False
        opener = self._log.next_position if opened is None else opened
        body = Feedback(event.decision, opener, event.seconds, event.spot, event.ago)
        at = self._log.append(event.kind, encode(body))
        if opened is None:
            opened_at = at.stamp
        elif opened_at is None:
            opened_at = self._stamp_of(opened)
        self._set(event.decision, opener, opened_at, happened | bit, max(seconds, event.seconds))
        return True

    def _has(self, event: Event) -> bool:
        row = self._connection.execute(
            "SELECT kind, body FROM log WHERE position = ?", (event.decision,)
        ).fetchone()
        return row is not None and row[0] in DECISIONS and decode_decision(row[1]).nonce == event.nonce

    def of(self, decision: int) -> tuple[int | None, int | None, int, float] | None:
        found: tuple[int | None, int | None, int, float] | None = self._connection.execute(
            "SELECT opened, opened_at, happened, seconds FROM exposure WHERE decision = ?", (decision,)
        ).fetchone()
        return found

    def _set(
        self, decision: int, opened: int | None, opened_at: int | None, happened: int, seconds: float
    ) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO exposure (decision, opened, opened_at, happened, seconds)"
            " VALUES (?, ?, ?, ?, ?)",
            (decision, opened, opened_at, happened, seconds),
        )

    def _stamp_of(self, position: int) -> int:
        row = self._connection.execute("SELECT stamp FROM log WHERE position = ?", (position,)).fetchone()
        return row[0] if row else 0
