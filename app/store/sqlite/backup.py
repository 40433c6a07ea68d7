"""A copy of the two files while they are in use."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from app.data_folder import LOG, STATE
from app.store.protocol import UnusableStoreError
from app.store.sqlite.connection import SETTLE_SECONDS, address, look
from app.store.sqlite.examination import complaints
from app.store.sqlite.faults import told

PAGES = 4096
"""Pages that are copied in one step."""
Progress = Callable[[int, int], object]


def size(folder: Path) -> int:
    """Return how many bytes a copy takes, at most."""
    names = [f"{name}{suffix}" for name in (LOG, STATE) for suffix in ("", "-wal")]
    return sum((folder / name).stat().st_size for name in names if (folder / name).exists())


def back_up(folder: Path, target: Path, progress: Progress) -> int:
    """Copy the files of a store into a folder, and return the last position of the log's copy.

    The state comes first. It may be behind the log, because a trainer reads on from its position. It must never be
    ahead, because records would be missing that it has learned from.
    """
    for name in (STATE, LOG):
        with told(f"{folder / name} or its copy"):
            _copy(folder / name, target / name, progress)
    with closing(sqlite3.connect(address(target / LOG, "mode=ro&immutable=1"), uri=True)) as log:
        return int(log.execute("SELECT coalesce(max(position), 0) FROM log").fetchone()[0])


def _copy(source: Path, target: Path, progress: Progress) -> None:
    """Copy what one moment's reader sees: a file that is appended to meanwhile would make the copy begin again."""
    with closing(sqlite3.connect(target, isolation_level=None)) as writing:
        target.chmod(0o600)
        writing.execute("PRAGMA synchronous=OFF")  # it is synced once, when it is whole
        with closing(_reading(source)) as reading:  # for no longer: it keeps the write-ahead log from being folded
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
            reading.backup(writing, pages=PAGES, progress=lambda _, left, total: progress(total - left, total))
        faults = complaints(writing)
    if faults:
        raise UnusableStoreError(f"{source} is damaged ({faults[0]}), so no backup was made; see `keyart doctor`.")
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _reading(path: Path) -> sqlite3.Connection:
    """Open a file with locks, because a service may start meanwhile; `look` has none if it did not run before.

    Locks need the index of a write-ahead log, which only a user with write access can make.
    """
    if os.access(path.parent, os.W_OK):
        return sqlite3.connect(address(path, "mode=ro"), uri=True, timeout=SETTLE_SECONDS, isolation_level=None)
    return look(path)
