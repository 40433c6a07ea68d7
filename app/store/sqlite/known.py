"""The check, before any change, that this version of Keyart knows the content of the files."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

from app.data_folder import LOG, STATE
from app.records import FOLD, Kind, Record, unknown
from app.store.protocol import UnknownVersionError
from app.store.sqlite.connection import look
from app.store.sqlite.log_schema import SCHEMA as OF_LOG
from app.store.sqlite.schema import columns_of
from app.store.sqlite.state_schema import SCHEMA as OF_STATE

Strange = tuple[str, str]
"""The version that was met, and the one that is known."""
KINDS = ",".join(str(int(kind)) for kind in Kind)
STRANGE = f"""
SELECT position, stamp, kind, body FROM log WHERE position >= ? AND (kind NOT IN ({KINDS}) OR kind = {Kind.BASE})
ORDER BY position
"""  # noqa: S608  our own numbers


def demand_known(folder: Path, *, scan: bool) -> None:
    """Raise `UnknownVersionError` if a later version wrote into the files; no byte of the folder is changed.

    With `scan` the records from which a trainer would go on are looked at, too.
    """
    resume = _look(folder / STATE, _state) or 0
    _look(folder / LOG, partial(_log, since=resume if scan else None))


def _look(path: Path, at: Callable[[sqlite3.Connection, Path], int | None]) -> int | None:
    """Check a file that may be missing.

    A file that is not readable in this way is skipped: the next process that opens it meets the fault, and reports
    it.
    """
    if not path.exists():
        return None
    with suppress(sqlite3.DatabaseError), closing(look(path)) as connection:
        return at(connection, path)
    return None


def _state(state: sqlite3.Connection, path: Path) -> int:
    """Return the position from which a trainer would read on."""
    OF_STATE.demand_known(state, path)
    _raise(path, strange_fold(state))
    if not columns_of(state, "snapshot"):
        return 0
    row = state.execute("SELECT resume FROM snapshot WHERE role = 'incumbent' ORDER BY id DESC LIMIT 1").fetchone()
    return int(row[0]) if row else 0


def _log(log: sqlite3.Connection, path: Path, *, since: int | None) -> None:
    OF_LOG.demand_known(log, path)
    if since is not None:
        _raise(path, strange_record(log, since))


def strange_fold(state: sqlite3.Connection) -> Strange | None:
    """Say which version of the fold a state was made by, if this one does not know it."""
    if not columns_of(state, "base"):
        return None
    [latest] = state.execute("SELECT coalesce(max(fold), 0) FROM base").fetchone()
    return (f"was made by fold version {latest}", f"fold versions up to {FOLD}") if latest > FOLD else None


def strange_record(log: sqlite3.Connection, since: int) -> Strange | None:
    """Say what the first record from a position on is, if this version does not know it."""
    if not columns_of(log, "log"):
        return None
    with closing(log.execute(STRANGE, (since,))) as rows:
        return next((strange for row in rows if (strange := unknown(Record(*row)))), None)


def _raise(path: Path, strange: Strange | None) -> None:
    if strange:
        raise UnknownVersionError(str(path), *strange)
