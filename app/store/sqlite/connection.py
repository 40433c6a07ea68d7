"""Connections to the two files."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar
from urllib.parse import quote

from app.store.commit import BusyError
from app.store.protocol import UnwritableStoreError
from app.store.sqlite.schema import Schema

SETTLE_SECONDS = 5.0
"""How long opening may wait for other processes that open the same file."""
PAUSE_SECONDS = 0.005
DISK = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}
"""Kinds of errors that no caller is to blame for."""
PRIMARY = 0xFF
"""The part of an error code that names its kind; the rest says how it came about (sqlite.org/rescode.html)."""


CACHE_KIB = 16 * 1024
"""SQLite's own 2 MiB are too few for holds: their keys are spread evenly, and each would be read again."""

CHECKPOINT_PAGES = 4000
"""How long the write-ahead log may grow before a writer folds it back: four times SQLite's own measure.

Only the last version of a page is folded back, and a page of holds has many; and each time waits for the disk.
"""


WIPE_MS = 20
"""How long a wipe may wait for readers and writers, and they for the wipe: less than a decision may take."""


T = TypeVar("T")


class Write(Protocol):
    """Does something in the next transaction of the log's, and returns what it returns."""

    async def __call__(self, operation: Callable[[], T]) -> T: ...


class Access(NamedTuple):
    """The parts of the log share the connection of the transactions, one for reads, and the way to write."""

    writer: sqlite3.Connection
    reader: sqlite3.Connection
    write: Write


def connect(
    path: Path,
    schema: Schema | None = None,
    *,
    full_sync: bool = False,
    patience: float = 0.0,
    read_only: bool = False,
) -> sqlite3.Connection:
    """Open a file in WAL mode, and bring it to the schema's version; with `read_only` see `look`.

    With `full_sync` a commit survives a power cut, and waits for the disk (`synchronous=FULL`). Without it
    (`NORMAL`) it survives the death of the process (sqlite.org/wal.html, section 2.1). Once open, a statement
    waits up to `patience` seconds for another process' lock. While requests are served it must not wait.
    """
    if read_only:
        return look(path)
    connection = sqlite3.connect(
        path, isolation_level=None, timeout=SETTLE_SECONDS, check_same_thread=False, cached_statements=256
    )
    with closed_on_failure(connection.close):
        _prepare(connection, path, schema, full_sync=full_sync)
        connection.execute(f"PRAGMA busy_timeout={round(patience * 1000)}")
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, schema: Schema | None, *, full_sync: bool) -> None:
    _settle(partial(connection.execute, "PRAGMA auto_vacuum=INCREMENTAL"))  # heeded as long as there is no table
    _settle(partial(connection.execute, "PRAGMA journal_mode=WAL"))
    connection.execute(f"PRAGMA synchronous={'FULL' if full_sync else 'NORMAL'}")
    connection.execute("PRAGMA secure_delete=ON")  # deleted data are overwritten, and pages that become free, too
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    if schema:
        schema.demand_known(connection, path)
        schema.migrate(connection)


@contextmanager
def closed_on_failure(*closing: Callable[[], object]) -> Iterator[None]:
    """Call each of these if the block fails: a file that is refused must not stay open and locked."""
    try:
        yield
    except BaseException:
        for close in closing:
            close()
        raise


def look(path: Path) -> sqlite3.Connection:
    """Open a file to read it, beside a service or without one, and leave every byte of the folder as it is.

    The index of the write-ahead log is read and never written (sqlite.org/wal.html, "Read-Only Databases").
    Without an index no process has the file open, and the write-ahead log is ignored.
    """
    indexed = path.with_name(f"{path.name}-shm").exists()
    how = "readonly_shm=1" if indexed else "immutable=1"
    return sqlite3.connect(
        address(path, f"mode=ro&{how}"),
        uri=True,
        isolation_level=None,
        timeout=SETTLE_SECONDS,
        check_same_thread=False,
    )


def address(path: Path, how: str) -> str:
    """Return the URI of a file, with any characters in its path."""
    return f"file:{quote(os.fsencode(path.absolute()))}?{how}"


def _settle(change: Callable[[], object]) -> None:
    """Retry a change that SQLite refuses immediately, regardless of the timeout, while others open the file."""
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


def fold_back(connection: sqlite3.Connection) -> bool:
    """Copy the whole write-ahead log into the database, and return whether that could be done."""
    _, pending, copied = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return bool(pending == copied)


def wipe(connection: sqlite3.Connection) -> bool:
    """Fold the write-ahead log back and cut it off, because it keeps deleted data; False if others are busy.

    Writers wait only for the second step, which has little left to do (sqlite.org/pragma.html, wal_checkpoint).
    """
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    connection.execute(f"PRAGMA busy_timeout={WIPE_MS}")
    try:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute("PRAGMA busy_timeout=0")
    return not busy


@contextmanager
def writing() -> Iterator[None]:
    """Raise `UnwritableStoreError` if the disk, or the file on it, is at fault."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & PRIMARY in DISK:
            raise UnwritableStoreError(str(error)) from error
        raise


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
