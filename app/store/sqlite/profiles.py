"""Profiles and their erasure, in the log's file."""

import sqlite3
from collections.abc import Callable

from app.records import Erasure, Kind, encode, without_profile
from app.store.sqlite.connection import Access
from app.store.sqlite.exposures import Appending


class SqliteProfiles:
    def __init__(self, access: Access, *, near: sqlite3.Connection, log: Appending):
        """Take the connection that requests read from as `near`: see the log."""
        self._writer, self._reader, self._write = access
        self._near, self._log = near, log

    async def profile(self, pseudonym: str) -> bytes | None:
        return self._profile(self._near, pseudonym)

    async def change_profile(self, pseudonym: str, change: Callable[[bytes | None], bytes]) -> None:
        await self._write(lambda: self._change_profile(pseudonym, change))

    def _change_profile(self, pseudonym: str, change: Callable[[bytes | None], bytes]) -> None:
        body = change(self._profile(self._writer, pseudonym))
        self._writer.execute("INSERT OR REPLACE INTO profile (pseudonym, body) VALUES (?, ?)", (pseudonym, body))

    @staticmethod
    def _profile(connection: sqlite3.Connection, pseudonym: str) -> bytes | None:
        row = connection.execute("SELECT body FROM profile WHERE pseudonym = ?", (pseudonym,)).fetchone()
        return row[0] if row else None

    async def forget(self, pseudonym: str) -> None:
        await self._write(lambda: self._forget(pseudonym, "INSERT OR IGNORE INTO erasing (pseudonym) VALUES (?)"))

    async def end_erasure(self, pseudonym: str) -> None:
        await self._write(lambda: self._forget(pseudonym, "DELETE FROM erasing WHERE pseudonym = ?"))

    async def erasures(self) -> list[str]:
        return [row[0] for row in self._reader.execute("SELECT pseudonym FROM erasing ORDER BY 1").fetchall()]

    def _forget(self, pseudonym: str, note: str) -> None:
        prefix = bytes.fromhex(pseudonym)
        self._writer.execute(note, (pseudonym,))
        self._writer.execute("DELETE FROM profile WHERE pseudonym = ?", (pseudonym,))
        self._writer.execute("DELETE FROM hold WHERE key >= ? AND key <= ?", (prefix, prefix + b"\xff" * 16))
        self._log.append(Kind.ERASURE, encode(Erasure(pseudonym)))

    async def scrub(self, pseudonym: str, after: int, limit: int) -> int:
        return await self._write(lambda: self._scrub(pseudonym, after, limit))

    def _scrub(self, pseudonym: str, after: int, limit: int) -> int:
        rows = self._writer.execute(
            "SELECT position, kind, body FROM log WHERE position > ? ORDER BY position LIMIT ?",
            (after, limit),
        ).fetchall()
        for position, kind, body in rows:
            forgotten = without_profile(kind, body, pseudonym)
            if forgotten is not None:
                self._writer.execute("UPDATE log SET body = ? WHERE position = ?", (forgotten, position))
        return int(rows[-1][0]) if rows else after
