"""Connections to the two files."""

import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.store.commit import BusyError

SETTLE_SECONDS = 5.0
"""How long opening may wait for other processes that open the same file."""
PAUSE_SECONDS = 0.005
PRIMARY = 0xFF
"""The part of an error code that names its kind; the rest says how it came about (sqlite.org/rescode.html)."""


CACHE_KIB = 16 * 1024
"""SQLite's own 2 MiB are too few for holds: their keys are spread evenly, and each would be read again."""

CHECKPOINT_PAGES = 4000
"""How long the write-ahead log may grow before a writer folds it back: four times SQLite's own measure.

Only the last version of a page is folded back, and a page of holds has many; and each time waits for the disk.
"""


def connect(path: Path, schema: str = "", *, full_sync: bool = False, patience: float = 0.0) -> sqlite3.Connection:
    """Open a file in WAL mode, and make what the schema lacks.

    `synchronous=NORMAL` survives the death of the process; `FULL` a power cut as well, for the price of waiting
    for the disk at each commit (sqlite.org/wal.html, section 2.1). Once open, a statement waits up to `patience`
    seconds for another process' lock; where requests are served it must not wait at all.
    """
    connection = sqlite3.connect(
        path, isolation_level=None, timeout=SETTLE_SECONDS, check_same_thread=False, cached_statements=256
    )
    _settle(partial(connection.execute, "PRAGMA journal_mode=WAL"))
    connection.execute(f"PRAGMA synchronous={'FULL' if full_sync else 'NORMAL'}")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    connection.executescript(schema)
    connection.execute(f"PRAGMA busy_timeout={round(patience * 1000)}")
    return connection


def _settle(change: Callable[[], object]) -> None:
    """Retry what SQLite refuses at once while others open the same file, whatever the timeout."""
    patience = time.monotonic() + SETTLE_SECONDS
    while True:
        try:
            change()
        except sqlite3.OperationalError as error:
            if not _busy(error) or time.monotonic() >= patience:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & PRIMARY == sqlite3.SQLITE_BUSY


class Transaction:
    """Begins, commits and rolls back on one connection, in the words of `GroupCommit`."""

    def __init__(self, connection: sqlite3.Connection):
        self._connection = connection

    def begin(self) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if _busy(error):
                raise BusyError from error
            raise

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
