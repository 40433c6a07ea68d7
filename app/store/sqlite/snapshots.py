"""The snapshots of learners, in the trainer's state."""

import sqlite3
from collections.abc import Callable

from app.store.protocol import Snapshot

KEPT = 5
"""Incumbents kept to fall back on."""
CANDIDATES = 3
"""Snapshots of each other role that are kept: candidates, chosen, promoted and replaced ones."""
_COLUMNS = "id, role, position, resume, created, rules, learner"


class Snapshots:
    """Each method that writes is a part of a transaction of the state's."""

    def __init__(self, writer: sqlite3.Connection, reader: sqlite3.Connection, clock: Callable[[], int]):
        self._writer, self._reader, self._clock = writer, reader, clock

    def add(self, snapshot: Snapshot) -> int:
        """Write a snapshot, and delete those of its role that are older than the latest few."""
        new = self._writer.execute(
            "INSERT INTO snapshot (role, position, resume, created, rules, learner) VALUES (?, ?, ?, ?, ?, ?)",
            (
                snapshot.role,
                snapshot.position,
                snapshot.resume,
                self._clock(),
                snapshot.rules,
                snapshot.learner,
            ),
        ).lastrowid
        self._writer.execute(
            "DELETE FROM snapshot WHERE role = ? AND id NOT IN "
            "(SELECT id FROM snapshot WHERE role = ? ORDER BY id DESC LIMIT ?)",
            (snapshot.role, snapshot.role, KEPT if snapshot.role == "incumbent" else CANDIDATES),
        )
        return int(new or 0)

    def keep_incumbents(self) -> None:
        self._writer.execute("DELETE FROM snapshot WHERE role <> 'incumbent'")

    def current(self) -> int | None:
        row = self._reader.execute("SELECT max(id) FROM snapshot WHERE role = 'incumbent'").fetchone()
        return row[0] if row else None

    def latest(self, role: str, limit: int) -> list[Snapshot]:
        rows = self._reader.execute(
            f"SELECT {_COLUMNS} FROM snapshot WHERE role = ? ORDER BY id DESC LIMIT ?",  # noqa: S608  our own names
            (role, limit),
        ).fetchall()
        return [Snapshot(*row) for row in rows]

    def one(self, id_: int) -> Snapshot | None:
        row = self._reader.execute(f"SELECT {_COLUMNS} FROM snapshot WHERE id = ?", (id_,)).fetchone()  # noqa: S608  our own names
        return Snapshot(*row) if row else None
