"""The engine of one machine: how its store is opened, looked through and copied, and what its faults mean."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.store.protocol import Examined
from app.store.sqlite import SqliteStore, backup, examination, faults
from app.store.sqlite.known import demand_known


@dataclass(frozen=True, slots=True)
class SqliteEngine:
    """Two SQLite files in a folder. `most_bytes` bounds the log, if it is not 0."""

    folder: Path
    most_bytes: int = 0
    full_sync: bool = False

    def demand_known(self, *, scan: bool = True) -> None:
        demand_known(self.folder, scan=scan)

    def open(
        self,
        clock: Callable[[], int],
        passing: Callable[[], int] | None = None,
        *,
        read_only: bool = False,
        scan: bool = True,
    ) -> SqliteStore:
        self.demand_known(scan=scan)
        return SqliteStore(
            self.folder,
            clock,
            passing,
            most_bytes=self.most_bytes,
            full_sync=self.full_sync,
            read_only=read_only,
        )

    def examine(self, *, seconds: float) -> Examined:
        return examination.examine(self.folder, seconds=seconds)

    def size(self) -> int:
        return backup.size(self.folder)

    def back_up(self, target: Path, progress: Callable[[int, int], object]) -> int:
        return backup.back_up(self.folder, target, progress)

    @staticmethod
    def fault(error: BaseException) -> str | None:
        return faults.sentence(error)
