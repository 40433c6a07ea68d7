"""Experiments and their sums, in the trainer's state."""

import sqlite3

from app.records import decode_terms, encode
from app.store.protocol import Entered, Experiment, LiftChange

_NUMBERS = (
    "profiles, reported, rewarded, reward, reward_squares, clicked, clicks, click_squares,"
    " played, plays, play_squares, watched, seconds, second_squares"
)
_COLUMNS = ", ".join(f"{name} INTEGER NOT NULL" for name in _NUMBERS.split(", "))
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS experiment (
    position INTEGER PRIMARY KEY, began INTEGER NOT NULL, terms BLOB NOT NULL, ended INTEGER NOT NULL,
    cut INTEGER NOT NULL, gone INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS entered (
    experiment INTEGER NOT NULL, cohort INTEGER NOT NULL, in_group TEXT NOT NULL, {_COLUMNS},
    PRIMARY KEY (experiment, cohort, in_group)) WITHOUT ROWID;
"""


class LiftTables:
    """The tables of the lift. Each method that writes is a part of a transaction of the state's."""

    def __init__(self, writer: sqlite3.Connection, reader: sqlite3.Connection):
        self._writer, self._reader = writer, reader

    def write(self, change: LiftChange, now: int) -> None:
        if change.since is not None:
            self._begin_anew(change.since, now)
        self._writer.executemany(
            "INSERT OR REPLACE INTO experiment (position, began, terms, ended, cut, gone)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [(e.position, e.began, encode(e.terms), e.ended, e.cut, e.left) for e in change.experiments],
        )
        marks = ", ".join("?" * (3 + len(_NUMBERS.split(", "))))
        self._writer.executemany(
            f"INSERT OR REPLACE INTO entered (experiment, cohort, in_group, {_NUMBERS}) VALUES ({marks})",  # noqa: S608  our own names
            [(*key, *row.numbers()) for key, row in change.rows.items() if row],
        )
        self._writer.executemany(
            "DELETE FROM entered WHERE experiment = ? AND cohort = ? AND in_group = ?",
            [key for key, row in change.rows.items() if not row],
        )

    def _begin_anew(self, since: int, now: int) -> None:
        self._writer.execute("DELETE FROM experiment WHERE position >= ?", (since,))
        self._writer.execute("DELETE FROM entered WHERE experiment >= ?", (since,))
        self._writer.execute("UPDATE experiment SET ended = ? WHERE ended = 0", (now,))

    def all(self) -> list[Experiment]:
        rows = self._reader.execute(
            "SELECT position, began, terms, ended, cut, gone FROM experiment ORDER BY position"
        ).fetchall()
        found = {
            position: Experiment(position, began, decode_terms(terms), *rest)
            for position, began, terms, *rest in rows
        }
        entered = self._reader.execute(f"SELECT experiment, cohort, in_group, {_NUMBERS} FROM entered")  # noqa: S608  our own names
        for position, cohort, group, *numbers in entered.fetchall():
            found[position].rows[cohort, group] = Entered.of(tuple(numbers))
        return list(found.values())
