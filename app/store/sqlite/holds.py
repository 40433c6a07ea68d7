"""The holds, in the log's file: each is written in the transaction that logs its decision."""

import sqlite3
from collections.abc import Sequence

from app.records import Kind, Reference, encode
from app.store.protocol import Draft, Hold
from app.store.sqlite.exposures import Appending, Exposures

HOLD = """
SELECT hold.decision, nonce, stamp, until, artwork, in_group, deferred, pinned,
       CASE WHEN exposure.decision IS NOT NULL THEN opened_at WHEN deferred THEN NULL ELSE stamp END
FROM hold LEFT JOIN exposure ON exposure.decision = hold.decision WHERE key = ?
"""
PLACE = """
INSERT OR REPLACE INTO hold (key, decision, nonce, stamp, until, artwork, in_group, deferred, pinned)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class Holds:
    """Each method is a part of a transaction of the log's."""

    def __init__(self, writer: sqlite3.Connection, log: Appending, exposures: Exposures):
        self._writer, self._log, self._exposures = writer, log, exposures

    def log_all(self, drafts: Sequence[Draft]) -> list[Hold]:
        return [self._log_one(draft) for draft in drafts]

    def _log_one(self, draft: Draft) -> Hold:
        if draft.key is not None and draft.lasts:
            present = standing(self._writer, draft.key)
            if present and present.decision != draft.seen and present.until > self._log.now():
                return present
        at = self._log.append(Kind.DEFERRED if draft.deferred else Kind.DECISION, draft.body)
        until = at.stamp + draft.lasts
        opened_at = None if draft.deferred else at.stamp
        hold = Hold(
            at.position, draft.nonce, at.stamp, until, draft.artwork, draft.group,
            draft.deferred, draft.pinned, opened_at,
        )  # fmt: skip
        if draft.key is not None:
            self._writer.execute(
                PLACE,
                (draft.key, at.position, draft.nonce, at.stamp, until, draft.artwork, draft.group,
                 draft.deferred, draft.pinned),
            )  # fmt: skip
        return hold

    def void(self, drafts: Sequence[Draft], placed: Sequence[Hold]) -> None:
        """Take back decisions whose viewers got a fallback.

        A decision with feedback stays, because its hold was served to another request in between.
        """
        for draft, hold in zip(drafts, placed, strict=True):
            if hold.nonce == draft.nonce and self._exposures.of(hold.decision) is None:
                self._log.append(Kind.VOID, encode(Reference(hold.decision)))
                self._writer.execute("DELETE FROM hold WHERE key = ? AND decision = ?", (draft.key, hold.decision))


def standing(connection: sqlite3.Connection, key: bytes) -> Hold | None:
    row = connection.execute(HOLD, (key,)).fetchone()
    if row is None:
        return None
    decision, nonce, stamp, until, artwork, group, deferred, pinned, opened_at = row
    return Hold(decision, nonce, stamp, until, artwork, group, bool(deferred), bool(pinned), opened_at)
