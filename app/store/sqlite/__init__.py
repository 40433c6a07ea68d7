"""The store of one machine: two SQLite files in a folder."""

from collections.abc import Callable
from pathlib import Path

from app.store.sqlite.log import SqliteLog
from app.store.sqlite.state import SqliteState


class SqliteStore:
    def __init__(self, folder: Path, clock: Callable[[], int], *, full_sync: bool = False):
        folder.mkdir(parents=True, exist_ok=True)
        self.log = SqliteLog(folder / "log.sqlite", clock, full_sync=full_sync)
        self.state = SqliteState(folder / "state.sqlite", clock)
        self.log.go_beyond(self.state.reached())

    async def close(self) -> None:
        await self.log.close()
        await self.state.close()
