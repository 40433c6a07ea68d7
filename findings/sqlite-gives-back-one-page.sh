#!/usr/bin/env bash
# `PRAGMA incremental_vacuum(100)` gives back one page, not a hundred, if Python's sqlite3 module runs it.
#
# A good engineer would have guessed: SQLite's documentation says that the pragma takes up to N free pages off the end
# of the file, and without N all of them. So `connection.execute("PRAGMA incremental_vacuum(100)")` makes the file 100
# pages smaller. It raises nothing, and the file does become smaller.
#
# What it does: it gives back one page, whatever N is, and also without N. SQLite gives back one page in each step of the
# statement. The sqlite3 module makes one step when it executes a statement, and the others when rows are fetched. This
# statement has no rows to fetch, so nobody does. In Python 3.11 even `fetchall()` makes no further step; in 3.12 and
# 3.13 it does. SQLAlchemy, peewee and aiosqlite use that module and do the same. `executescript()` makes all steps
# and gives back 100 pages, and so does APSW if its rows are read.
#
# Whom it hurts: whoever deletes old rows and wants to have the room on the disk back a bit at a time, in place of a
# VACUUM that locks everything. A call that should free 100 pages frees one, no error says so, and the file keeps
# growing. Keyart executes the pragma once for each page, because `executescript()` commits what is open.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    aiosqlite==0.22.1 apsw==3.54.1.0 peewee==4.5.3 SQLAlchemy==2.1.9
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import asyncio
import platform
import sqlite3
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import aiosqlite
import apsw
import peewee
import sqlalchemy

print("Python", platform.python_version(), "with SQLite", sqlite3.sqlite_version)
for package in ("aiosqlite", "apsw", "peewee", "SQLAlchemy"):
    print(package, version(package))

PRAGMA = "PRAGMA incremental_vacuum(100)"
FILE = Path("log.sqlite")


def filled() -> str:
    """Make a file with over a thousand free pages."""
    FILE.unlink(missing_ok=True)
    with closing(sqlite3.connect(FILE, isolation_level=None)) as db:
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("CREATE TABLE log (body BLOB)")
        db.executemany("INSERT INTO log VALUES (zeroblob(5000))", [()] * 1000)
        db.execute("DELETE FROM log")
    return str(FILE)


def free() -> int:
    with closing(sqlite3.connect(FILE)) as db:
        return db.execute("PRAGMA freelist_count").fetchone()[0]


def by_sqlite3(run) -> None:
    with closing(sqlite3.connect(filled(), isolation_level=None)) as db:
        run(db)


def by_sqlalchemy() -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{filled()}", isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.exec_driver_sql(PRAGMA)
    engine.dispose()


def by_peewee() -> None:
    with peewee.SqliteDatabase(filled()) as db:
        db.execute_sql(PRAGMA)


async def by_aiosqlite() -> None:
    async with aiosqlite.connect(filled(), isolation_level=None) as db:
        await db.execute(PRAGMA)


def by_apsw() -> None:
    with closing(apsw.Connection(filled())) as db:
        list(db.execute(PRAGMA))


WAYS = {
    "sqlite3, execute": (lambda: by_sqlite3(lambda db: db.execute(PRAGMA)), {1}),
    "sqlite3, execute without N": (lambda: by_sqlite3(lambda db: db.execute("PRAGMA incremental_vacuum")), {1}),
    "SQLAlchemy": (by_sqlalchemy, {1}),
    "peewee": (by_peewee, {1}),
    "aiosqlite": (lambda: asyncio.run(by_aiosqlite()), {1}),
    "sqlite3, execute and fetchall": (lambda: by_sqlite3(lambda db: db.execute(PRAGMA).fetchall()), {1, 100}),
    "sqlite3, executescript": (lambda: by_sqlite3(lambda db: db.executescript(PRAGMA)), {100}),
    "APSW, all rows read": (by_apsw, {100}),
}
changed = False
for way, (run, seen) in WAYS.items():
    filled()
    before = free()
    run()
    freed = before - free()
    print(f"{way}: {freed} of {before} free pages given back")
    changed |= freed not in seen
print("It behaves otherwise now." if changed else "As it was seen: execute gives back one page, whatever is asked for.")
sys.exit(changed)
PYTHON
