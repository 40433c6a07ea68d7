"""The bases of repeated folds, in the trainer's state."""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace

from app.store.protocol import Base, NewBase, Snapshot
from app.store.sqlite.schema import columns_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS base (
    id INTEGER PRIMARY KEY AUTOINCREMENT, reason TEXT NOT NULL, fold INTEGER NOT NULL, position INTEGER NOT NULL,
    resume INTEGER NOT NULL, since INTEGER NOT NULL, created INTEGER NOT NULL, sound INTEGER NOT NULL,
    rules BLOB NOT NULL, learner BLOB NOT NULL, counts BLOB NOT NULL);
"""
_COLUMNS = "id, reason, fold, position, resume, since, created, sound"


class Bases:
    """Each method that writes is a part of a transaction of the state's."""

    def __init__(self, writer: sqlite3.Connection, reader: sqlite3.Connection):
        self._writer, self._reader = writer, reader

    def add(self, new: NewBase, created: int) -> None:
        if new.alone:
            self.drop_all()
        elif new.breaks:
            self._writer.execute("UPDATE base SET sound = 0")
        snapshot = new.snapshot
        self._writer.execute(
            "INSERT INTO base (reason, fold, position, resume, since, created, sound, rules, learner, counts,"
            " quarantined) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)",
            (new.reason, new.fold, snapshot.position, snapshot.resume, new.since, created,
             snapshot.rules, snapshot.learner, new.counts, new.quarantined),
        )  # fmt: skip

    def scrub(self, scrubbed: Mapping[int, tuple[bytes, bytes]]) -> None:
        self._writer.executemany(
            "UPDATE base SET learner = ?, counts = ? WHERE id = ?",
            [(*parts, id_) for id_, parts in scrubbed.items()],
        )

    def keep_alone(self, id_: int, quarantined: int) -> None:
        self._writer.execute("DELETE FROM base WHERE id <> ?", (id_,))
        self._writer.execute("UPDATE base SET sound = 1, quarantined = ?", (quarantined,))

    def drop(self, before: int) -> None:
        self._writer.execute("DELETE FROM base WHERE since < ?", (before,))

    def drop_all(self) -> None:
        self._writer.execute("DELETE FROM base")

    def all(self) -> list[Base]:
        there = "quarantined" in columns_of(self._reader, "base")  # not in a file of before that is only read
        columns = f"{_COLUMNS}, {'quarantined' if there else 0}"
        rows = self._reader.execute(f"SELECT {columns} FROM base ORDER BY id").fetchall()  # noqa: S608  our own names
        return [replace(base, sound=bool(base.sound)) for base in (Base(*row) for row in rows)]

    def one(self, id_: int) -> tuple[Snapshot, bytes] | None:
        row = self._reader.execute(
            "SELECT id, 'base', position, resume, created, rules, learner, counts FROM base WHERE id = ?", (id_,)
        ).fetchone()
        return (Snapshot(*row[:-1]), row[-1]) if row else None
