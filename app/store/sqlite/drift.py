"""The sums by which drift is noticed, in the trainer's state."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from app.store.protocol import DriftChange, DriftHour, DriftSums, ShownDays
from app.store.sqlite.connection import look

SCHEMA = "CREATE TABLE IF NOT EXISTS drift (hour INTEGER PRIMARY KEY, sums BLOB NOT NULL);"
_decode = msgspec.json.Decoder(DriftSums).decode
_encode = msgspec.json.Encoder().encode


class DriftTable:
    """The table of the sums. `write` is a part of a transaction of the state's."""

    def __init__(self, writer: sqlite3.Connection, reader: sqlite3.Connection):
        self._writer, self._reader = writer, reader

    def write(self, change: DriftChange) -> None:
        if change.since is not None:
            self._writer.execute("DELETE FROM drift WHERE hour >= ?", (change.since,))
        self._writer.execute("DELETE FROM drift WHERE hour < ?", (change.before,))
        self._writer.executemany(
            "INSERT OR REPLACE INTO drift (hour, sums) VALUES (?, ?)",
            [(hour, _encode(sums)) for hour, sums in change.hours.items()],
        )

    def hours(self, first: int) -> dict[int, DriftSums]:
        if not self._there:
            return {}
        rows = self._reader.execute("SELECT hour, sums FROM drift WHERE hour >= ? ORDER BY hour", (first,))
        return {hour: _decode(sums) for hour, sums in rows.fetchall()}

    def latest(self) -> DriftHour:
        if not self._there:
            return DriftHour()
        row = self._reader.execute("SELECT hour, sums FROM drift ORDER BY hour DESC LIMIT 1").fetchone()
        return DriftHour(row[0], _decode(row[1])) if row else DriftHour()

    @property
    def _there(self) -> bool:
        """Whether the table is there: a file of an earlier version that is only read lacks it."""
        return self._reader.execute("SELECT 1 FROM sqlite_master WHERE name = 'drift'").fetchone() is not None


def shown_in_days(path: Path, first: int, last: int) -> list[ShownDays]:
    """Sum the days on a separate connection, so that it can be done on a separate thread."""
    with closing(look(path)) as reader:
        rows = reader.execute(
            "SELECT title, artwork, in_group, sum(exposures) FROM daily WHERE day BETWEEN ? AND ? AND title <> ''"
            " GROUP BY title, artwork, in_group",
            (first, last),
        ).fetchall()
    return [ShownDays(*row) for row in rows]
