"""The event log in one SQLite file, appended to by all workers in group commits."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from app.data_folder import STATE
from app.records import Kind, Record, Spot
from app.store.commit import GroupCommit
from app.store.log_time import LogTime
from app.store.protocol import Begun, Draft, Event, Head, Hold, LostStoreError, UnusableStoreError
from app.store.sqlite.connection import SETTLE_SECONDS, Access, Transaction, connect, fold_back, wipe, writing
from app.store.sqlite.edits import SqliteEdits
from app.store.sqlite.exposures import Exposures
from app.store.sqlite.holds import Holds, standing
from app.store.sqlite.log_schema import SCHEMA
from app.store.sqlite.log_size import LogSize
from app.store.sqlite.open_files import OpenFiles
from app.store.sqlite.passes import SqlitePasses
from app.store.sqlite.profiles import SqliteProfiles
from app.store.sqlite.shared_settings import SqliteSettings
from app.store.sqlite.trimming import Trimming

# Columns are named wherever a row is written: a later version may have added one while this process goes on.
APPEND = "INSERT INTO log (position, stamp, kind, body) VALUES (?, ?, ?, ?)"
GONE = (
    "The service acknowledges nothing any more. Stop the service, replace the data folder with a backup, and "
    "start the service again (docs/operations.md, Backup and restore)."
)
PART_GONE = (
    "The service acknowledges nothing any more. Stop the service, which saves the data of the file, and start it "
    "again."
)
T = TypeVar("T")
CHUNK = 500
PATIENCE_SECONDS = 5.0
"""How long feedback and edits wait for another process' lock; decisions have a separate deadline."""
GAP = 1_000_000
"""More records than a power cut can take: SQLite makes the log durable at each checkpoint."""


class SqliteLog:
    """Reads use a separate connection: in WAL mode they wait for no writer.

    Reads of requests use the writer's connection when it runs on the loop's own thread, and so never in the middle
    of a transaction. Another connection would read its pages again after each commit.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], int],
        passing: Callable[[], int] | None = None,
        *,
        most_bytes: int = 0,
        full_sync: bool = False,
        read_only: bool = False,
    ):
        self._writer = connect(path, SCHEMA, full_sync=full_sync, read_only=read_only)
        self._reader = connect(path, read_only=read_only)
        self._near = self._reader if full_sync or read_only else self._writer
        self._time = LogTime(clock, passing)
        self._last = Head(0, 0)
        self._exposures = Exposures(self._writer, self)
        self._holds = Holds(self._writer, self, self._exposures)
        access = Access(self._writer, self._reader, self._write)
        settings = self._settings = SqliteSettings(access)
        profiles = SqliteProfiles(access, near=self._near, log=self)
        self._room = LogSize(access, path=path, most=most_bytes)
        # Bound here once: a call costs no coroutine more than if all of it stood in this class.
        self.setting, self.make_setting = settings.setting, settings.make_setting
        self.swap_setting = settings.swap_setting
        self.profile, self.change_profile = profiles.profile, profiles.change_profile
        self.forget, self.end_erasure = profiles.forget, profiles.end_erasure
        self.erasures, self.scrub = profiles.erasures, profiles.scrub
        self.size, self.shrink = self._room.size, self._room.shrink
        self.trim = Trimming(access, self).trim
        self.edits = SqliteEdits(access, settings=settings, log=self, clock=clock)
        self.passes = SqlitePasses(access, clock)
        self._transaction = Transaction(self._writer)
        self._files = None if read_only else OpenFiles(path, GONE, PART_GONE)
        self._acknowledged = 0
        self._group = GroupCommit(self._begin, self._commit, self._transaction.rollback, threaded=full_sync)

    def go_beyond(self, position: int) -> None:
        """Leave a gap in the positions if the log ends before `position`, which the state has learned from.

        The log ends there after a power cut took its end (`synchronous=NORMAL` risks that). Positions are given
        only once. Otherwise the fold would skip the new records, and the ids of lost decisions would name others.
        """
        there = self._head(self._reader)
        self._time.see(there.stamp)
        if there.position >= position:
            return
        if not there.position:
            raise UnusableStoreError(
                f"The log is empty, but the state has learned up to position {position} of a log: replace the "
                f"data folder with a backup, or move {STATE} away to begin without the lost log."
            )
        self._writer.execute(f"PRAGMA busy_timeout={round(SETTLE_SECONDS * 1000)}")
        self._writer.execute("BEGIN IMMEDIATE")
        last = self._head(self._writer)
        if last.position < position:
            self._last = Head(position + GAP, last.stamp)
            self.append(Kind.TICK, b"")
        self._writer.execute("COMMIT")
        self._writer.execute("PRAGMA busy_timeout=0")

    async def check(self) -> None:
        self._time.see((await self.head()).stamp)  # who writes nothing is to know the log's time, too
        if self._files is None:
            return
        try:
            self._files.check()
        except LostStoreError:
            with suppress(sqlite3.Error):
                if self._files.moved and fold_back(self._reader):
                    self._files.clear_away()
            raise

    # ---------------------------------------------------------------- decisions

    async def log_decisions(self, drafts: Sequence[Draft], *, deadline: float | None = None) -> list[Hold]:
        self._room.demand()
        return await self._group.run(
            partial(self._holds.log_all, drafts), deadline=deadline, undo=partial(self._holds.void, drafts)
        )

    async def holds(self, keys: Sequence[bytes]) -> list[Hold | None]:
        if self._files and self._files.lost:
            self._files.check()
        return [standing(self._near, key) for key in keys]

    async def log_exposure(
        self, hold: Hold, *, deferred: bool, window: int, spot: Spot | None = None, deadline: float | None = None
    ) -> None:
        self._room.demand()
        await self._group.run(
            partial(self._exposures.show, hold, deferred=deferred, window=window, spot=spot), deadline=deadline
        )

    async def log_feedback(self, events: Sequence[Event]) -> list[bool | None]:
        self._room.demand()
        return await self._write(lambda: [self._exposures.feedback(event) for event in events])

    # ---------------------------------------------------------------- the log itself

    async def tick(self, after: int) -> None:
        head = await self.head()
        self._time.see(head.stamp)
        if self.now() - head.stamp >= after:
            await self._write(lambda: self._tick(after))

    def _tick(self, after: int) -> None:
        if self.now() - self._last.stamp >= after:
            self.append(Kind.TICK, b"")

    async def declare(self, rules: bytes) -> None:
        if await self.setting("rules") != rules:
            await self._write(lambda: self._declare(rules))

    def _declare(self, rules: bytes) -> None:
        if self._settings.inside("rules") != rules:
            self.append(Kind.RULES, rules)
            self._writer.execute("INSERT OR REPLACE INTO setting (name, value) VALUES ('rules', ?)", (rules,))

    async def begun(self) -> Begun | None:
        return _begun(await self.setting("experiment"))

    async def begin(self, terms: bytes, after: Begun | None) -> bool:
        return await self._write(lambda: self._begin_experiment(terms, after))

    def _begin_experiment(self, terms: bytes, after: Begun | None) -> bool:
        if _begun(self._settings.inside("experiment")) != after:
            return False
        at = self.append(Kind.EXPERIMENT, terms)
        value = b"%d %s" % (at.stamp, terms)
        self._writer.execute("INSERT OR REPLACE INTO setting (name, value) VALUES ('experiment', ?)", (value,))
        return True

    async def log_imported(self, bodies: Sequence[bytes], name: str, expected: bytes | None, value: bytes) -> bool:
        self._room.demand()
        return await self._write(lambda: self._log_imported(bodies, name, expected, value))

    def _log_imported(self, bodies: Sequence[bytes], name: str, expected: bytes | None, value: bytes) -> bool:
        if self._settings.inside(name) != expected:
            return False
        for body in bodies:
            self.append(Kind.IMPORTED, body)
        self._writer.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, value))
        return True

    async def rebase(self, body: bytes) -> None:
        await self._write(lambda: self.append(Kind.BASE, body))

    async def head(self) -> Head:
        return self._head(self._reader)

    async def read(self, after: int, limit: int) -> list[Record]:
        rows = self._reader.execute(
            "SELECT position, stamp, kind, body FROM log WHERE position > ? ORDER BY position LIMIT ?",
            (after, limit),
        ).fetchall()  # an unexhausted cursor would keep the write-ahead log from being folded back
        return [Record(*row) for row in rows]

    async def latest(self, before: int, limit: int) -> list[Record]:
        rows = self._reader.execute(
            "SELECT position, stamp, kind, body FROM log WHERE position < ? ORDER BY position DESC LIMIT ?",
            (before, limit),
        ).fetchall()
        return [Record(*row) for row in rows]

    async def records(self, positions: Iterable[int]) -> dict[int, Record]:
        found: dict[int, Record] = {}
        wanted = sorted(set(positions))
        for start in range(0, len(wanted), CHUNK):
            chunk = wanted[start : start + CHUNK]
            marks = ",".join("?" * len(chunk))
            rows = self._reader.execute(
                f"SELECT position, stamp, kind, body FROM log WHERE position IN ({marks})",  # noqa: S608  only marks
                chunk,
            ).fetchall()
            found.update((row[0], Record(*row)) for row in rows)
        return found

    async def _write(self, operation: Callable[[], T]) -> T:
        """Run the operation in the next transaction. Raises an error if no lock is free for `PATIENCE_SECONDS`."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        with writing():
            return await self._group.run(operation, deadline=deadline)

    def _begin(self) -> None:
        if self._files and self._files.lost:
            self._files.check()
        self._transaction.begin()
        self._last = self._head(self._writer)
        self._time.see(self._last.stamp)
        if self._last.position < self._acknowledged:
            self._transaction.rollback()
            raise LostStoreError(
                f"The log ends at position {self._last.position}, but {self._acknowledged} was acknowledged: "
                f"another program wrote into its files. {GONE}"
            )

    def _commit(self) -> None:
        self._transaction.commit()
        if self._files:
            self._files.check()
        self._acknowledged = self._last.position

    def _head(self, connection: sqlite3.Connection) -> Head:
        row = connection.execute("SELECT position, stamp FROM log ORDER BY position DESC LIMIT 1").fetchone()
        return Head(*row) if row else Head(0, 0)

    @property
    def next_position(self) -> int:
        return self._last.position + 1

    def now(self) -> int:
        return self._time.now()

    def append(self, kind: Kind, body: bytes) -> Head:
        at = self._last = Head(self._last.position + 1, self.now())
        self._time.see(at.stamp)
        self._writer.execute(APPEND, (at.position, at.stamp, kind, body))
        return at

    async def wipe(self) -> bool:
        with writing():
            return wipe(self._reader)  # the writer may be at work in its thread

    async def close(self) -> None:
        await self._group.close()
        if self._files and self._files.moved:
            self._files.clear_away()
        self.close_files()

    def close_files(self) -> None:
        self._reader.close()
        self._writer.close()


def _begun(value: bytes | None) -> Begun | None:
    if value is None:
        return None
    stamp, _, terms = value.partition(b" ")
    return Begun(int(stamp), terms)
