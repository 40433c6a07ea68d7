"""Settings that all processes share, in the log's file."""

import sqlite3

from app.store.sqlite.connection import Access


class SqliteSettings:
    def __init__(self, access: Access):
        self._writer, self._reader, self._write = access

    async def setting(self, name: str) -> bytes | None:
        return self._setting(self._reader, name)

    def inside(self, name: str) -> bytes | None:
        return self._setting(self._writer, name)

    async def make_setting(self, name: str, value: bytes) -> bytes:
        stored = await self.setting(name)
        return await self._write(lambda: self._make_setting(name, value)) if stored is None else stored

    def _make_setting(self, name: str, value: bytes) -> bytes:
        self._writer.execute("INSERT OR IGNORE INTO setting (name, value) VALUES (?, ?)", (name, value))
        stored = self.inside(name)
        return value if stored is None else stored

    async def swap_setting(self, name: str, expected: bytes | None, value: bytes) -> bool:
        return await self._write(lambda: self.swap(name, expected, value))

    def swap(self, name: str, expected: bytes | None, value: bytes) -> bool:
        if self.inside(name) != expected:
            return False
        self._writer.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, value))
        return True

    @staticmethod
    def _setting(connection: sqlite3.Connection, name: str) -> bytes | None:
        row = connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None
