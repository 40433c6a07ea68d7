"""The tables of the log's file."""

from app.store.sqlite import edits, exposures, passes
from app.store.sqlite.schema import Schema, run

FIRST = (
    """
CREATE TABLE IF NOT EXISTS log (
    position INTEGER PRIMARY KEY, stamp INTEGER NOT NULL, kind INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS hold (
    key BLOB PRIMARY KEY, decision INTEGER NOT NULL, nonce BLOB NOT NULL, stamp INTEGER NOT NULL,
    until INTEGER NOT NULL, artwork TEXT NOT NULL, in_group TEXT, deferred INTEGER NOT NULL,
    pinned INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS profile (pseudonym TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""
    + exposures.SCHEMA
)
"""The tables of the first version: a file without one of them is damaged, or no log."""
LATER = (
    """
-- Whose erasure is under way: who is killed in the middle of one leaves a row, and the trainer finishes it.
CREATE TABLE IF NOT EXISTS erasing (pseudonym TEXT PRIMARY KEY) WITHOUT ROWID;
"""
    + edits.SCHEMA
    + passes.SCHEMA
)
"""The first step: tables that came before files had a version, so that some may be there."""
SCHEMA = Schema(FIRST, (lambda connection: run(connection, LATER),))
"""Each later step is a separate migration; a step that was released never changes."""
