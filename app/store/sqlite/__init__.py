"""The store of one machine: two SQLite files in a folder."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from app.data_folder import LOG, STATE
from app.file_lock import alone
from app.store.sqlite.connection import closed_on_failure
from app.store.sqlite.faults import told
from app.store.sqlite.log import SqliteLog
from app.store.sqlite.opening import clear_remains, demand_log, demand_whole
from app.store.sqlite.state import SqliteState


class SqliteStore:
    """A store in SQLite files; raises `UnusableStoreError` if they do not open.

    `read_only` changes and makes nothing.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], int],
        passing: Callable[[], int] | None = None,
        *,
        most_bytes: int = 0,
        full_sync: bool = False,
        read_only: bool = False,
    ):
        """Take the clock, and a measure of passing time: see `LogTime`. 0 bytes mean no limit."""
        if not read_only:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with nullcontext() if read_only else alone(folder):
            if not read_only:
                _demand(folder)
            with told(str(folder / LOG)):
                self.log = SqliteLog(
                    folder / LOG, clock, passing, most_bytes=most_bytes, full_sync=full_sync, read_only=read_only
                )
            self.edits, self.passes = self.log.edits, self.log.passes
            with closed_on_failure(self.log.close_files), told(str(folder / STATE)):
                self.state = SqliteState(folder / STATE, clock, read_only=read_only)
            if not read_only:
                with closed_on_failure(self.log.close_files, self.state.close_files):
                    reached = self.state.reached()
                    with told(str(folder / LOG)):
                        self.log.go_beyond(reached)

    async def close(self) -> None:
        await self.log.close()
        await self.state.close()


def _demand(folder: Path) -> None:
    """See that the files may be opened, and that SQLite takes nothing for a part of them that is not."""
    demand_log(folder / LOG, folder / STATE)
    clear_remains(folder / STATE)
    for name in (LOG, STATE):
        demand_whole(folder / name)
