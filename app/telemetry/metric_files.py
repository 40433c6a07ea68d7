"""Folders of metrics: one for the service, one for each trainer that runs by itself.

Within a folder prometheus_client names its files by process ids, which are the same in many a container.
"""

import os
import struct
from itertools import count
from pathlib import Path

from app.data_folder import METRICS_OWNER, DataFolder
from app.file_lock import held, taken

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that prometheus_client looks for when it is imported."""
ROOM = {"counter": 64 << 10, "gauge_livemax": 64 << 10, "gauge_livesum": 64 << 10, "histogram": 1 << 20}
"""Bytes that the files of one process need at most, by the beginnings of their names."""
HEAD = struct.Struct("i4x")
"""What each file begins with: how much of it is used."""


def reserve(folder: Path) -> None:
    """Make the files of this process before prometheus_client does, at their full size.

    It would make files with holes and map them into memory. To fill a hole on a full disk ends a process at once,
    with SIGBUS; without room for these files it does not begin.
    """
    for name, room in ROOM.items():
        path = folder / f"{name}_{os.getpid()}.db"
        try:
            with path.open("ab") as file:
                file.write(bytes(max(0, room - file.tell())))
        except OSError as error:
            path.unlink(missing_ok=True)
            raise SystemExit(f"{path} can't be made ({error.strerror}); make room on its disk.") from None


def settle(folder: Path, pid: int) -> None:
    """Give back what a process that has ended did not use: its counters are counted on."""
    for name in ROOM:
        path = folder / f"{name}_{pid}.db"
        if path.exists():
            with path.open("rb+") as file:
                [used] = HEAD.unpack(file.read(HEAD.size).ljust(HEAD.size, b"\0"))
                file.truncate(max(used, HEAD.size))


def folder_of_service(data: Path) -> Path:
    return DataFolder(data).metrics_of_service


def folder_of_trainer(data: Path) -> tuple[Path, int]:
    """Return an empty folder that no living process uses, and the file descriptor of the lock on it."""
    for number in count(1):
        folder = DataFolder(data).metrics_of_trainer(number)
        folder.mkdir(parents=True, exist_ok=True)
        lock = taken(folder / METRICS_OWNER)
        if lock is not None:
            for left in folder.glob("*.db"):
                left.unlink()
            return folder, lock
    raise AssertionError("There is always a next number.")


def files_beside(folder: Path) -> list[str]:
    """Return the files of this folder and of those beside it whose owner lives.

    What an owner that is gone has counted goes with it, as at any process that is scraped by itself. A file that
    is empty is only being made.
    """
    folders = {folder, *(lock.parent for lock in folder.parent.glob(f"*/{METRICS_OWNER}") if held(lock))}
    return [str(file) for each in folders for file in each.glob("*.db") if file.stat().st_size]
