"""The used passes, in the log's file, which every worker reads."""

from collections.abc import Callable

from app.store.protocol import SPENT_MS
from app.store.sqlite.connection import Access

SCHEMA = """
CREATE TABLE IF NOT EXISTS spent (name TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
"""


class SqlitePasses:
    def __init__(self, access: Access, clock: Callable[[], int]):
        self._writer, self._reader, self._write = access
        self._clock = clock

    async def spend(self, name: str, until: int) -> bool:
        return await self._write(lambda: self._spend(name, until))

    def _spend(self, name: str, until: int) -> bool:
        self._writer.execute("DELETE FROM spent WHERE until <= ?", (self._clock() - SPENT_MS,))
        done = self._writer.execute("INSERT OR IGNORE INTO spent (name, until) VALUES (?, ?)", (name, until))
        return done.rowcount == 1

    async def spent(self, name: str) -> bool:
        return self._reader.execute("SELECT 1 FROM spent WHERE name = ?", (name,)).fetchone() is not None
