"""Folders of metrics: one for the service, one for each separate trainer.

Within a folder prometheus_client names its files by process ids, which are the same in many containers.
"""

import os
import struct
from itertools import count
from pathlib import Path

from app.data_folder import METRICS_OWNER, DataFolder
from app.file_lock import held, taken

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that prometheus_client reads when it is imported."""
ROOM = {
    "counter": 64 << 10,
    "gauge_livemax": 64 << 10,
    "gauge_livemostrecent": 64 << 10,
    "gauge_livesum": 64 << 10,
    "histogram": 1 << 20,
}
"""The most bytes that the files of one process need, by the beginnings of their names."""
LIVE = "gauge_live"
"""The beginning of the names for gauges that end with their process."""
HEAD = struct.Struct("i4x")
"""The beginning of each file: the number of used bytes."""


def reserve(folder: Path) -> None:
    """Make the files of this process before prometheus_client does, at their full size.

    It would make files with holes and map them into memory. Filling a hole on a full disk ends a process
    immediately, with SIGBUS. Without room for these files the process does not start.
    """
    for name, room in ROOM.items():
        path = folder / f"{name}_{os.getpid()}.db"
        try:
            with path.open("ab") as file:
                file.write(bytes(max(0, room - file.tell())))
        except OSError as error:
            path.unlink(missing_ok=True)
            raise SystemExit(f"Keyart cannot make {path} ({error.strerror}); make room on its disk.") from None


def settle(folder: Path, pid: int) -> None:
    """Remove the gauges of an ended process, and the space that it did not use; its counters still count."""
    for name in ROOM:
        path = folder / f"{name}_{pid}.db"
        if name.startswith(LIVE):
            path.unlink(missing_ok=True)
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
    """Return the files of this folder, and of those beside it whose owner is alive.

    The metrics of an owner end with it, as with any process that is scraped separately. An empty file is a new one
    that has no values yet.
    """
    folders = {folder, *(lock.parent for lock in folder.parent.glob(f"*/{METRICS_OWNER}") if held(lock))}
    return [str(file) for each in folders for file in each.glob("*.db") if file.stat().st_size]
