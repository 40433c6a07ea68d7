"""A look at the two files, beside a service or without one, that changes nothing."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from app.clock import now_ms
from app.data_folder import LOG, STATE
from app.records import Kind
from app.store.protocol import Examined, File, Head
from app.store.sqlite import log_schema, state_schema
from app.store.sqlite.connection import PRIMARY, look
from app.store.sqlite.known import strange_fold, strange_record
from app.store.sqlite.schema import Schema, run, version_of

DAY_MS = 86_400_000
STEPS = 10_000
"""Instructions of SQLite's machine between two looks at the time."""
MOST_FAULTS = 3
# Only what opens a window is sure to be counted some day, and committed then; a void takes one back.
SINCE = f"""
SELECT stamp FROM log WHERE position > ? AND kind IN ({Kind.DECISION}, {Kind.EXPOSURE}) ORDER BY position LIMIT 1
"""  # noqa: S608  our own numbers
UNFOLDED = f"""
SELECT coalesce(sum(CASE kind WHEN {Kind.VOID} THEN -1 ELSE 1 END), 0) FROM log
WHERE position > ? AND kind IN ({Kind.DECISION}, {Kind.EXPOSURE}, {Kind.VOID})
"""  # noqa: S608  our own numbers

# SQLite's own tables are left out, because they tell nothing about a version.
OWN = "type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
TABLES = f"SELECT sql FROM sqlite_master WHERE {OWN}"  # noqa: S608  our own words
COLUMNS = f"""
WITH made AS (SELECT name FROM sqlite_master WHERE {OWN})
SELECT made.name, of.name FROM made, pragma_table_info(made.name) AS of
"""  # noqa: S608  our own words
Columns = dict[str, set[str]]
T = TypeVar("T")


SCHEMAS = {LOG: log_schema.SCHEMA, STATE: state_schema.SCHEMA}


def examine(folder: Path, *, seconds: float) -> Examined:
    """Examine the files of a store for about `seconds` each, and then their content.

    A long examination keeps the write-ahead log of a running service from being folded back.
    """
    files = tuple(_examined(folder / name, schema, seconds) for name, schema in SCHEMAS.items())
    found = Examined(files)
    log_file, state_file = files
    if state_file.fault is None:
        with _open(folder / STATE, seconds) as connection:
            found = _of_state(connection, found)
    if log_file.fault is None:
        with _open(folder / LOG, seconds) as connection:
            found = _of_log(connection, found)
    return found


# -------------------------------------------------------------------- whether they are whole


def _examined(path: Path, schema: Schema, seconds: float) -> File:
    if not path.exists():
        return File(path.name, 0, fault="it is not there")
    waiting = path.with_name(f"{path.name}-wal")
    pending = waiting.stat().st_size if waiting.exists() else 0
    unread = pending > 0 and not path.with_name(f"{path.name}-shm").exists()
    file = File(path.name, path.stat().st_size, pending, unread=unread)
    try:
        with _open(path, seconds) as connection:
            if later := schema.strange(connection):
                return replace(file, fault=_told(later), later=True)
            fault, earlier = _shape(connection, schema)
            file = replace(file, earlier=earlier, **_room(connection))
            return replace(file, fault=fault) if fault else _checked(connection, file)
    except sqlite3.Error as error:
        return replace(file, fault=str(error))


def _told(strange: tuple[str, str]) -> str:
    return f"it {strange[0]}, and this version of Keyart knows {strange[1]}"


def complaints(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(f"PRAGMA quick_check({MOST_FAULTS})").fetchall()
    return [line for (text,) in rows if text != "ok" for line in text.splitlines() if "***" not in line]


def _checked(connection: sqlite3.Connection, file: File) -> File:
    found = _in_time(lambda: complaints(connection))
    if found is None:
        return replace(file, complete=False)
    return replace(file, fault="; ".join(found)) if found else file


def _room(connection: sqlite3.Connection) -> dict[str, Any]:
    [[free], [page], [mode]] = [
        connection.execute(f"PRAGMA {each}").fetchone() for each in ("freelist_count", "page_size", "auto_vacuum")
    ]
    return {"free": free * page, "shrinks": bool(mode)}


def _shape(connection: sqlite3.Connection, schema: Schema) -> tuple[str | None, bool]:
    """Say how the tables differ from this version's even when opened, and whether opening changes them.

    Nothing is opened for that: it is tried on empty tables in memory.
    """
    there, first = _columns(connection), _made(lambda fresh: run(fresh, schema.first))
    if lost := [table for table in first if table not in there]:
        return f"it has no table {lost[0]}", False
    opened, refused = _opened(connection, schema)
    for table, columns in _made(schema.migrate).items():
        if table not in opened and not refused:
            return f"it has no table {table}", False
        if differing := columns ^ opened.get(table, columns):
            return f"its table {table} differs in {', '.join(sorted(differing))}: another version made it", False
    return refused, opened != there or version_of(connection) < schema.version


def _opened(connection: sqlite3.Connection, schema: Schema) -> tuple[Columns, str | None]:
    with closing(sqlite3.connect(":memory:")) as empty:
        for (made,) in connection.execute(TABLES).fetchall():
            empty.execute(made)
        empty.execute(f"PRAGMA user_version={version_of(connection)}")
        try:
            schema.migrate(empty)
        except sqlite3.Error as error:
            return _columns(empty), str(error)
        return _columns(empty), None


def _made(make: Callable[[sqlite3.Connection], object]) -> Columns:
    with closing(sqlite3.connect(":memory:")) as fresh:
        make(fresh)
        return _columns(fresh)


def _columns(connection: sqlite3.Connection) -> Columns:
    found: Columns = {}
    for table, column in connection.execute(COLUMNS).fetchall():
        found.setdefault(table, set()).add(column)
    return found


# -------------------------------------------------------------------- their content


def _of_state(connection: sqlite3.Connection, found: Examined) -> Examined:
    [(counted, learned)] = connection.execute(
        "SELECT (SELECT max(position) FROM counted), (SELECT max(position) FROM snapshot WHERE role = 'incumbent')"
    ).fetchall()
    strange = strange_fold(connection)
    return replace(
        found, reached=max(counted or 0, learned or 0), strange=strange and f"{STATE}: {_told(strange)}"
    )


def _of_log(connection: sqlite3.Connection, found: Examined) -> Examined:
    connection.execute("BEGIN")  # so that all of it is of one moment
    oldest = connection.execute(
        "SELECT position, stamp FROM log WHERE kind <> ? ORDER BY position LIMIT 1", (Kind.RULES,)
    ).fetchone()
    since = _first(connection, SINCE, found.reached)
    head = _first(connection, "SELECT max(position) FROM log") or 0
    began = _position_at(connection, now_ms() - DAY_MS, head)
    return replace(
        found,
        head=head,
        oldest=Head(*oldest) if oldest else None,
        records=_first(connection, "SELECT count(*) FROM log"),
        holds=_first(connection, "SELECT count(*) FROM hold"),
        profiles=_first(connection, "SELECT count(*) FROM profile"),
        unfolded=_first(connection, UNFOLDED, found.reached),
        since=since,
        day=_by_kind(connection, began),
        strange=found.strange or _strange(connection),
    )


def _strange(connection: sqlite3.Connection) -> str | None:
    strange = _in_time(lambda: strange_record(connection, 0))
    return strange and f"{LOG}: {_told(strange)}"


def _by_kind(connection: sqlite3.Connection, began: int) -> dict[int, int] | None:
    query = "SELECT kind, count(*) FROM log WHERE position > ? GROUP BY kind"
    rows = _in_time(lambda: connection.execute(query, (began,)).fetchall())
    return None if rows is None else dict(rows)


def _position_at(connection: sqlite3.Connection, stamp: int, head: int) -> int:
    """Return the last position that was stamped before: stamps never go back, so halving finds it."""
    low, high = 0, head
    while low < high:
        middle = (low + high + 1) // 2
        row = connection.execute(
            "SELECT stamp FROM log WHERE position <= ? ORDER BY position DESC LIMIT 1", (middle,)
        ).fetchone()
        if row is None or row[0] < stamp:
            low = middle
        else:
            high = middle - 1
    return low


def _first(connection: sqlite3.Connection, query: str, *values: int) -> int | None:
    row = _in_time(lambda: connection.execute(query, values).fetchone())
    return row[0] if row else None


@contextmanager
def _open(path: Path, seconds: float) -> Iterator[sqlite3.Connection]:
    """Open a file; what takes longer than `seconds` from here on is interrupted."""
    until = time.monotonic() + seconds
    with closing(look(path)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > until, STEPS)
        yield connection


def _in_time(ask: Callable[[], T]) -> T | None:
    """Return the answer to a query; None if it was interrupted, because the time is over."""
    try:
        return ask()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & PRIMARY != sqlite3.SQLITE_INTERRUPT:
            raise
        return None
