"""The store of one machine: two SQLite files in a folder."""

from collections.abc import Callable
from pathlib import Path

from app.store.sqlite.faults import told
from app.store.sqlite.log import SqliteLog
from app.store.sqlite.state import SqliteState

LOG, STATE = "log.sqlite", "state.sqlite"


class SqliteStore:
    """Raises `UnusableStoreError` where the files can't be opened. `read_only` changes and makes nothing."""

    def __init__(
        self, folder: Path, clock: Callable[[], int], *, full_sync: bool = False, read_only: bool = False
    ):
        if not read_only:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with told(str(folder / LOG)):
            self.log = SqliteLog(folder / LOG, clock, full_sync=full_sync, read_only=read_only)
        self.passes = self.log.passes
        with told(str(folder / STATE)):
            self.state = SqliteState(folder / STATE, clock, read_only=read_only)
            reached = None if read_only else self.state.reached()
        if reached is not None:
            with told(str(folder / LOG)):
                self.log.go_beyond(reached)

    async def close(self) -> None:
        await self.log.close()
        await self.state.close()
