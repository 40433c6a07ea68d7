"""The time series in the trainer's state."""

import json
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import msgspec

from app.store.protocol import (
    HOUR_MS,
    Dimension,
    Period,
    SeriesChange,
    SeriesChanges,
    SeriesKey,
    SeriesState,
    Step,
    StepSums,
    Sums,
)
from app.store.sqlite.connection import look
from app.store.sqlite.drift import DriftTable

_ROW = (
    "exposures INTEGER NOT NULL, impressions INTEGER NOT NULL, clicks INTEGER NOT NULL, plays INTEGER NOT NULL,"
    " reward REAL NOT NULL, squares REAL NOT NULL"
)
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS hourly (
    hour INTEGER NOT NULL, in_group TEXT NOT NULL, device TEXT NOT NULL, release TEXT NOT NULL, {_ROW},
    PRIMARY KEY (hour, in_group, device, release)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS daily (
    day INTEGER NOT NULL, title TEXT NOT NULL, artwork TEXT NOT NULL, in_group TEXT NOT NULL, {_ROW},
    PRIMARY KEY (day, title, artwork, in_group)) WITHOUT ROWID;
-- From when on no hour lacks an exposure: one row.
CREATE TABLE IF NOT EXISTS series_start (id INTEGER PRIMARY KEY CHECK (id = 1), began INTEGER NOT NULL);
"""
_TABLES: dict[Step, tuple[str, str, tuple[str, str, str]]] = {
    "hour": ("hourly", "hour", ("in_group", "device", "release")),
    "day": ("daily", "day", ("title", "artwork", "in_group")),
}
_SUMS = "exposures, impressions, clicks, plays, reward, squares"
_ADDED = ", ".join(f"sum({name})" for name in _SUMS.split(", "))
_DIMENSIONS: dict[Dimension, str] = {"group": "in_group", "device": "device", "release": "release"}


class SeriesTables:
    """The tables of the series. Each method that writes is a part of a transaction of the state's."""

    def __init__(self, writer: sqlite3.Connection, reader: sqlite3.Connection):
        self._writer, self._reader = writer, reader
        self.drift = DriftTable(writer, reader)

    def write(self, changes: SeriesChanges) -> None:
        for step, change in changes.steps.items():
            self._write_step(step, change)
        if changes.drift:
            self.drift.write(changes.drift)
        if changes.began is not None:
            self._writer.execute("INSERT OR REPLACE INTO series_start (id, began) VALUES (1, ?)", (changes.began,))

    def _write_step(self, step: Step, change: SeriesChange) -> None:
        table, period, columns = _TABLES[step]
        if change.since is not None:
            self._writer.execute(f"DELETE FROM {table} WHERE {period} >= ?", (change.since,))  # noqa: S608  our own names
        self._writer.execute(f"DELETE FROM {table} WHERE {period} < ?", (change.before,))  # noqa: S608
        insert = (
            f"INSERT OR REPLACE INTO {table} ({period}, {', '.join(columns)}, {_SUMS})"  # noqa: S608
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        which = " AND ".join(f"{name} = ?" for name in (period, *columns))
        delete = f"DELETE FROM {table} WHERE {which}"  # noqa: S608  our own names
        for at, key, sums in change.rows:
            if sums is None:
                self._writer.execute(delete, (at, *key))
            else:
                self._writer.execute(insert, (at, *key, *msgspec.structs.astuple(sums)))

    # ---------------------------------------------------------------- reading

    def state(self) -> SeriesState:
        """Return the part that a fold continues with: the latest hour and day, and the sums of drift."""
        return SeriesState(self.began() or 0, self._latest("hour"), self._latest("day"), drift=self.drift.latest())

    def _latest(self, step: Step) -> Period:
        table, period, _ = _TABLES[step]
        at = self._reader.execute(f"SELECT max({period}) FROM {table}").fetchone()[0]  # noqa: S608  our own names
        if at is None:
            return Period()
        return Period(at, [(*key, sums) for key, sums in self.rows(step, at).items()])

    def rows(self, step: Step, at: int) -> dict[SeriesKey, Sums]:
        table, period, columns = _TABLES[step]
        rows = self._reader.execute(
            f"SELECT {', '.join(columns)}, {_SUMS} FROM {table} WHERE {period} = ?",  # noqa: S608  our own names
            (at,),
        ).fetchall()
        return {(row[0], row[1], row[2]): Sums(*row[3:]) for row in rows}

    def periods(self, step: Step, first: int) -> list[int]:
        table, period, _ = _TABLES[step]
        rows = self._reader.execute(
            f"SELECT DISTINCT {period} FROM {table} WHERE {period} >= ? ORDER BY {period}",  # noqa: S608
            (first,),
        ).fetchall()
        return [row[0] for row in rows]

    def began(self) -> int | None:
        row = self._reader.execute("SELECT began FROM series_start").fetchone()
        return row[0] if row else None

    def artwork_days(self, title: str, first: int, last: int) -> dict[int, dict[tuple[str, str], Sums]]:
        """Look each day up: a range of days would lead through the rows of all titles."""
        found: dict[int, dict[tuple[str, str], Sums]] = {}
        rows = self._reader.execute(
            f"SELECT day, artwork, in_group, {_SUMS} FROM json_each(?) AS wanted"  # noqa: S608  our own names
            " JOIN daily ON day = wanted.value AND title = ?",
            (json.dumps(list(range(first, last + 1))), title),
        ).fetchall()
        for day, artwork, group, *sums in rows:
            found.setdefault(day, {})[artwork, group] = Sums(*sums)
        return found


def sums_by_step(
    path: Path, step: Step, since: int, by: Collection[Dimension], most: int
) -> tuple[list[StepSums], int]:
    """Sum the hours on a separate connection, so that it can be done on a separate thread."""
    asked = [_DIMENSIONS[name] for name in _DIMENSIONS if name in by]
    shown = [column if name in by else "NULL" for name, column in _DIMENSIONS.items()]
    names = ", ".join(asked) or "NULL"
    found = f"SELECT {names} FROM hourly WHERE hour >= :first GROUP BY {names}"  # noqa: S608  our own names
    busiest = f"{found} ORDER BY sum(exposures) DESC, {names} LIMIT :most"
    at = "hour" if step == "hour" else "hour / 24"
    values = {"first": since // HOUR_MS, "most": most}
    with closing(look(path)) as reader:
        number = reader.execute(f"SELECT count(*) FROM ({found})", values).fetchone()[0]  # noqa: S608
        of_these = f" AND ({names}) IN ({busiest})" if number > most else ""
        rows = reader.execute(
            f"SELECT {at} AS step, {', '.join(shown)}, {_ADDED} FROM hourly WHERE hour >= :first{of_these}"  # noqa: S608
            f" GROUP BY {', '.join(['step', *asked])} ORDER BY step",
            values,
        ).fetchall()
    steps = [StepSums(at, group, device, release, Sums(*sums)) for at, group, device, release, *sums in rows]
    return steps, max(0, number - most)
