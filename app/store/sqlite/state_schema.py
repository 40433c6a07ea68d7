"""The tables of the state's file."""

import sqlite3

from app.store.sqlite.bases import SCHEMA as BASES
from app.store.sqlite.drift import SCHEMA as DRIFT
from app.store.sqlite.lift import SCHEMA as LIFT
from app.store.sqlite.schema import Schema, columns_of, run
from app.store.sqlite.series import SCHEMA as SERIES

FIRST = """
CREATE TABLE IF NOT EXISTS lease (
    id INTEGER PRIMARY KEY CHECK (id = 1), token INTEGER NOT NULL, holder TEXT, until INTEGER NOT NULL);
INSERT OR IGNORE INTO lease (id, token, holder, until) VALUES (1, 0, NULL, 0);
CREATE TABLE IF NOT EXISTS snapshot (
    id INTEGER PRIMARY KEY AUTOINCREMENT, role TEXT NOT NULL, position INTEGER NOT NULL, resume INTEGER NOT NULL,
    created INTEGER NOT NULL, rules BLOB NOT NULL, learner BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS snapshot_role ON snapshot (role, id);
-- Where the fold stands apart from the learner: one row.
CREATE TABLE IF NOT EXISTS counted (
    id INTEGER PRIMARY KEY CHECK (id = 1), position INTEGER NOT NULL, base BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS taste (
    pseudonym TEXT PRIMARY KEY, state BLOB NOT NULL, taste BLOB NOT NULL, first INTEGER NOT NULL DEFAULT 0)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tally (
    title TEXT, artwork TEXT, in_group TEXT, exposures INTEGER, clicks INTEGER, plays INTEGER, reward REAL,
    weight REAL, weighted REAL, PRIMARY KEY (title, artwork, in_group)) WITHOUT ROWID;
"""
"""The tables of the first version: a file without one of them is damaged, or no state."""
LATER = (
    """
-- What was taken in of profiles and titles. The learner's is as of the incumbent snapshot, and written with it.
CREATE TABLE IF NOT EXISTS cap (
    taker TEXT, name TEXT, value TEXT NOT NULL, PRIMARY KEY (taker, name)) WITHOUT ROWID;
DROP TABLE IF EXISTS learned;  -- as versions before had it
"""
    + BASES
)
"""Tables that were added or dropped before files had a version, so a file may have some; see also `_extend`."""


PROMOTION = """
CREATE TABLE IF NOT EXISTS promotion (id INTEGER PRIMARY KEY CHECK (id = 1), position INTEGER NOT NULL);
"""


def _extend(connection: sqlite3.Connection) -> None:
    """Take the first step: add the parts that files without a version may lack."""
    run(connection, LATER)
    if "first" not in columns_of(connection, "taste"):
        connection.execute("ALTER TABLE taste ADD COLUMN first INTEGER NOT NULL DEFAULT 0")


def _add_series(connection: sqlite3.Connection) -> None:
    run(connection, SERIES)


def _count_showings(connection: sqlite3.Connection) -> None:
    """Take the third step: keep beside each taste how often the profile was shown its latest pictures."""
    if "showings" not in columns_of(connection, "taste"):
        connection.execute("ALTER TABLE taste ADD COLUMN showings BLOB NOT NULL DEFAULT x''")


def _note_quarantines(connection: sqlite3.Connection) -> None:
    """Take the fourth step: keep beside each base the latest order of quarantine that a fold from it applies."""
    if "quarantined" not in columns_of(connection, "base"):
        connection.execute("ALTER TABLE base ADD COLUMN quarantined INTEGER NOT NULL DEFAULT 0")


def _add_experiments(connection: sqlite3.Connection) -> None:
    """Take the fifth step: keep experiments, and beside each taste the profile's marks in them."""
    run(connection, LIFT)
    if "marks" not in columns_of(connection, "taste"):
        connection.execute("ALTER TABLE taste ADD COLUMN marks BLOB NOT NULL DEFAULT x''")


def _note_promotions(connection: sqlite3.Connection) -> None:
    """Take the sixth step: note the latest order of a promotion that was carried out, in one row."""
    run(connection, PROMOTION)


def _add_drift(connection: sqlite3.Connection) -> None:
    run(connection, DRIFT)


SCHEMA = Schema(
    FIRST,
    (_extend, _add_series, _count_showings, _note_quarantines, _add_experiments, _note_promotions, _add_drift),
)
"""Each later step is a separate migration; a step that was released never changes."""
