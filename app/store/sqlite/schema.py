"""A file's schema: its first tables, the steps that led on from there, and the version that it has come to."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.store.protocol import UnknownVersionError


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one file.

    The number of steps that a file has taken is its `user_version`; it is 0 in files from before the first step. A
    step only adds tables, indexes, and columns with a default, because processes of the earlier version still run.
    """

    first: str
    steps: tuple[Callable[[sqlite3.Connection], object], ...]

    @property
    def version(self) -> int:
        return len(self.steps)

    def demand_known(self, connection: sqlite3.Connection, path: Path) -> None:
        """Raise `UnknownVersionError` if a later version of Keyart has made the file."""
        if strange := self.strange(connection):
            raise UnknownVersionError(str(path), *strange)

    def strange(self, connection: sqlite3.Connection) -> tuple[str, str] | None:
        """Say which version was met, and which are known; None if the file's is."""
        there = version_of(connection)
        if 0 <= there <= self.version:
            return None
        return f"has schema version {there}", f"schema versions up to {self.version}"

    def migrate(self, connection: sqlite3.Connection) -> None:
        """Bring a file to this version in one transaction. If that fails, the file stays as it was."""
        if version_of(connection) >= self.version:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            there = version_of(connection)  # another process may have been faster
            if not there:
                run(connection, self.first)
            for step in self.steps[there:]:
                step(connection)
            connection.execute(f"PRAGMA user_version={max(there, self.version)}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def run(connection: sqlite3.Connection, script: str) -> None:
    """Run statements one by one: `executescript` would commit first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def columns_of(connection: sqlite3.Connection, table: str) -> set[str]:
    with closing(connection.execute(f"PRAGMA table_info({table})")) as rows:  # no value can stand here
        return {row[1] for row in rows.fetchall()}
