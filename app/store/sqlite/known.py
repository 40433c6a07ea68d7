"""Whether this version of Keyart knows what stands in the files: looked at before anything is changed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.data_folder import LOG, STATE
from app.records import FOLD, Kind, Record, unknown
from app.store.protocol import UnknownVersionError
from app.store.sqlite.connection import PRIMARY, look
from app.store.sqlite.faults import told
from app.store.sqlite.log_schema import SCHEMA as OF_LOG
from app.store.sqlite.schema import columns_of, version_of
from app.store.sqlite.state_schema import SCHEMA as OF_STATE

Strange = tuple[str, str]
"""What was met, and what is known."""
UNREADABLE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY}
"""Why a file can't be looked at without changing anything; who then opens it meets its version all the same."""
KINDS = ",".join(str(int(kind)) for kind in Kind)
STRANGE = f"""
SELECT position, stamp, kind, body FROM log WHERE position >= ? AND (kind NOT IN ({KINDS}) OR kind = {Kind.BASE})
ORDER BY position
"""  # noqa: S608  our own numbers


def demand_known(folder: Path, *, scan: bool) -> None:
    """Raise `UnknownVersionError` if a later version wrote into the files; no byte of the folder is changed.

    With `scan` the records from which a trainer would go on are looked at, too.
    """
    resume = 0
    with _looked_at(folder / STATE) as state:
        if state:
            OF_STATE.demand_known(state, folder / STATE)
            _raise(folder / STATE, strange_fold(state))
            resume = _resume(state)
    with _looked_at(folder / LOG) as log:
        if log:
            OF_LOG.demand_known(log, folder / LOG)
            _raise(folder / LOG, strange_record(log, resume) if scan else None)


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


def _resume(state: sqlite3.Connection) -> int:
    """Return the position from which a trainer would read on."""
    if not columns_of(state, "snapshot"):
        return 0
    row = state.execute("SELECT resume FROM snapshot WHERE role = 'incumbent' ORDER BY id DESC LIMIT 1").fetchone()
    return int(row[0]) if row else 0


def _raise(path: Path, strange: Strange | None) -> None:
    if strange:
        raise UnknownVersionError(str(path), *strange)


@contextmanager
def _looked_at(path: Path) -> Iterator[sqlite3.Connection | None]:
    """Yield a connection that only reads; None where there is nothing that could be read so."""
    if not path.exists():
        yield None
        return
    with told(str(path)), closing(look(path)) as connection:
        try:
            version_of(connection)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & PRIMARY not in UNREADABLE:
                raise
            yield None
            return
        yield connection
