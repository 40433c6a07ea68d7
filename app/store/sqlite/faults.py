"""Faults that SQLite reports, in sentences for the operator."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from app.store.protocol import UnusableStoreError
from app.store.sqlite.connection import PRIMARY

_SENTENCES = {
    sqlite3.SQLITE_CORRUPT: "{where} is damaged ({error}); `keyart doctor` says which file, and what to do.",
    sqlite3.SQLITE_NOTADB: "{where} is damaged ({error}); `keyart doctor` says which file, and what to do.",
    sqlite3.SQLITE_BUSY: (
        "{where} is locked by another process ({error}); try again, or end the process that holds the lock."
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "Keyart cannot open {where} ({error}); check the owner and mode of the folder and files."
    ),
    sqlite3.SQLITE_READONLY: "Keyart cannot write to {where} ({error}); check the owner, the mode and the disk.",
    sqlite3.SQLITE_FULL: "{where} cannot grow because the disk is full ({error}); make room there.",
    sqlite3.SQLITE_IOERR: "Keyart cannot read or write {where} ({error}); check the disk and the system's log.",
}
_OTHERWISE = "{where} differs from the files of this version of Keyart ({error}); `keyart doctor` says more."


def sentence(error: BaseException, where: str = "A database in the data folder") -> str | None:
    """Return the fault of the files in a sentence; None if the error has another cause."""
    if not isinstance(error, sqlite3.DatabaseError):
        return None
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & PRIMARY
    return _SENTENCES.get(code, _OTHERWISE).format(where=where, error=error)


@contextmanager
def told(where: str) -> Iterator[None]:
    """Raise `UnusableStoreError` with a sentence instead of what SQLite raises."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise UnusableStoreError(sentence(error, where)) from error
