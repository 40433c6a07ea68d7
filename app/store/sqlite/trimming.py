"""Deleting the oldest records of the log, and the rows that depend on them."""

from collections.abc import Sequence

from app.records import Kind
from app.store.sqlite.connection import Access
from app.store.sqlite.exposures import Appending

SWEPT = 5000
"""Holds looked at for each piece that is trimmed."""


class Trimming:
    def __init__(self, access: Access, log: Appending):
        self._writer, self._reader, self._write = access
        self._log, self._swept = log, b""

    async def trim(self, *, before: int, below: int, limit: int) -> int:
        oldest = self._reader.execute(
            "SELECT position, stamp, kind FROM log WHERE position < ? ORDER BY position LIMIT 2", (below,)
        ).fetchall()
        if not _doomed(oldest, before, limit):
            return 0  # as it nearly always is: no need to keep the appenders waiting
        return await self._write(lambda: self._trim(before, below, limit))

    def _trim(self, before: int, below: int, limit: int) -> int:
        oldest = self._writer.execute(
            "SELECT position, stamp, kind FROM log WHERE position < ? ORDER BY position LIMIT ?",
            (min(below, self._log.next_position - 1), limit + 1),
        ).fetchall()
        doomed = _doomed(oldest, before, limit)
        if doomed:
            self._writer.executemany("DELETE FROM log WHERE position = ?", doomed)
            [last] = doomed[-1]
            self._writer.execute("DELETE FROM exposure WHERE decision <= ?", (last,))
            self._sweep(last)
        return len(doomed)

    def _sweep(self, trimmed: int) -> None:
        """Delete expired holds of trimmed decisions among the next keys.

        Going on by key needs no index on the decision, which every new hold would have to pay for.
        """
        rows = self._writer.execute(
            "SELECT key, decision, until FROM hold WHERE key > ? ORDER BY key LIMIT ?", (self._swept, SWEPT)
        ).fetchall()
        now = self._log.now()
        gone = [(key,) for key, decision, until in rows if decision <= trimmed and until < now]
        self._writer.executemany("DELETE FROM hold WHERE key = ?", gone)
        self._swept = rows[-1][0] if len(rows) == SWEPT else b""


def _doomed(oldest: Sequence[tuple[int, int, int]], before: int, limit: int) -> list[tuple[int]]:
    """Return which of the log's oldest records (position, stamp, kind) to trim: not the last RULES among them."""
    old = [(position, kind) for position, stamp, kind in oldest if stamp < before]
    kept = max((position for position, kind in old if kind == Kind.RULES), default=None)
    return [(position,) for position, _ in old if position != kept][:limit]
