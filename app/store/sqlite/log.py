"""The event log in one SQLite file, appended to by all workers in group commits."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from app.data_folder import STATE
from app.records import DECISIONS, Erasure, Kind, Record, Reference, decode_decision, encode
from app.store.commit import GroupCommit
from app.store.log_time import LogTime
from app.store.protocol import Draft, Event, FullLogError, Head, Hold, LostStoreError, Size, UnusableStoreError
from app.store.sqlite import edits, exposures, passes
from app.store.sqlite.connection import SETTLE_SECONDS, Transaction, connect, fold_back, wipe, writing
from app.store.sqlite.edits import SqliteEdits
from app.store.sqlite.exposures import Exposures
from app.store.sqlite.open_files import OpenFiles
from app.store.sqlite.passes import SqlitePasses
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
"""Each later step is a migration of its own; a step that was released never changes."""
HOLD = """
SELECT hold.decision, nonce, stamp, until, artwork, in_group, deferred, pinned,
       CASE WHEN exposure.decision IS NOT NULL THEN opened_at WHEN deferred THEN NULL ELSE stamp END
FROM hold LEFT JOIN exposure ON exposure.decision = hold.decision WHERE key = ?
"""
# Columns are named wherever a row is written: a later version may have added one while this process goes on.
APPEND = "INSERT INTO log (position, stamp, kind, body) VALUES (?, ?, ?, ?)"
PLACE = """
INSERT OR REPLACE INTO hold (key, decision, nonce, stamp, until, artwork, in_group, deferred, pinned)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
GONE = (
    "Nothing is acknowledged any more. Stop the service, put a backup in the place of the data folder, and start "
    "the service again (docs/operations.md, Backup and restore)."
)
PART_GONE = "Nothing is acknowledged any more. Stop the service, which saves what was in it, and start it again."
T = TypeVar("T")
CHUNK = 500
SWEPT = 5000
PATIENCE_SECONDS = 5.0
"""How long feedback and edits wait for another process' lock; decisions have a deadline of their own."""
GAP = 1_000_000
"""More records than a power cut can take: SQLite makes the log durable at each checkpoint."""


class SqliteLog:
    """Reads happen on a connection of their own: in WAL mode they wait for no writer.

    What each request reads, it reads `near`: on the writer's connection, where that is used on the loop's own
    thread and so never in the middle of a transaction. Another one has to read its pages anew after each commit.
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
        self._wal = path.with_name(f"{path.name}-wal")
        self._size = Size(0, most=most_bytes)
        self._last = Head(0, 0)
        self._swept = b""
        self._exposures = Exposures(self._writer, self)
        self.edits = SqliteEdits(self._writer, self._reader, self._write, swap=self._swap_setting, clock=clock)
        self.passes = SqlitePasses(self._writer, self._reader, self._write, clock)
        transaction = Transaction(self._writer)
        self._files = None if read_only else OpenFiles(path, GONE, PART_GONE)
        self._acknowledged = 0
        self._group = GroupCommit(
            self._begin(transaction), self._commit(transaction), transaction.rollback, threaded=full_sync
        )

    def go_beyond(self, position: int) -> None:
        """Leave a gap in the positions if the log ends before `position`, which something learned has come to.

        So it does when a power cut took its end (`synchronous=NORMAL` risks that). Positions are given once: given
        again, the fold would pass the new records over, and the ids of lost decisions would name others.
        """
        there = self._head(self._reader)
        self._time.see(there.stamp)
        if there.position >= position:
            return
        if not there.position:
            raise UnusableStoreError(
                f"The log is empty, and the state has learned up to position {position} of one: put a backup in "
                f"the place of the data folder, or, to begin anew, move {STATE} away."
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

    async def size(self) -> Size:
        read = self._reader.execute
        [[pages], [free], [page]] = [
            read(f"PRAGMA {each}").fetchone() for each in ("page_count", "freelist_count", "page_size")
        ]
        waiting = self._wal.stat().st_size if self._wal.exists() else 0
        self._size = Size((pages - free) * page + waiting, free * page, self._size.most)
        return self._size

    async def shrink(self, most: int) -> int:
        return await self._write(lambda: self._shrink(most))

    def _shrink(self, most: int) -> int:
        """Give pages back one by one.

        The sqlite3 module ends a statement without columns after its first step, which here is one page, whatever
        number the statement names.
        """
        page, free, before = (self._pragma(each) for each in ("page_size", "freelist_count", "page_count"))
        for _ in range(min(free, max(1, most // page))):
            self._writer.execute("PRAGMA incremental_vacuum(1)")
        return (before - self._pragma("page_count")) * page

    def _pragma(self, name: str) -> int:
        return int(self._writer.execute(f"PRAGMA {name}").fetchone()[0])

    def _demand_room(self) -> None:
        if self._size.full:
            raise FullLogError(
                f"The log takes {self._size.used} bytes, and KEYART_LOG_BYTES allows {self._size.most}: nothing "
                "is taken until old records are deleted. Raise it, or shorten KEYART_RETENTION_DAYS."
            )

    # ---------------------------------------------------------------- decisions

    async def log_decisions(self, drafts: Sequence[Draft], *, deadline: float | None = None) -> list[Hold]:
        self._demand_room()
        return await self._group.run(
            partial(self._place_all, drafts), deadline=deadline, undo=partial(self._void, drafts)
        )

    async def holds(self, keys: Sequence[bytes]) -> list[Hold | None]:
        if self._files and self._files.lost:
            self._files.check()
        return [self._hold(self._near, key) for key in keys]

    async def log_exposure(
        self, hold: Hold, *, deferred: bool, window: int, deadline: float | None = None
    ) -> None:
        self._demand_room()
        await self._group.run(
            partial(self._exposures.show, hold, deferred=deferred, window=window), deadline=deadline
        )

    def _place_all(self, drafts: Sequence[Draft]) -> list[Hold]:
        return [self._place(draft) for draft in drafts]

    def _place(self, draft: Draft) -> Hold:
        if draft.key is not None and draft.lasts:
            standing = self._hold(self._writer, draft.key)
            if standing and standing.decision != draft.seen and standing.until > self.now():
                return standing
        at = self.append(Kind.DEFERRED if draft.deferred else Kind.DECISION, draft.body)
        until = at.stamp + draft.lasts
        opened_at = None if draft.deferred else at.stamp
        hold = Hold(
            at.position, draft.nonce, at.stamp, until, draft.artwork, draft.group,
            draft.deferred, draft.pinned, opened_at,
        )  # fmt: skip
        if draft.key is not None:
            self._writer.execute(
                PLACE,
                (draft.key, at.position, draft.nonce, at.stamp, until, draft.artwork, draft.group,
                 draft.deferred, draft.pinned),
            )  # fmt: skip
        return hold

    def _void(self, drafts: Sequence[Draft], placed: Sequence[Hold]) -> None:
        """Take back decisions whose viewers were answered with a fallback.

        One that has feedback by now stands: its hold was served to somebody else in between.
        """
        for draft, hold in zip(drafts, placed, strict=True):
            if hold.nonce == draft.nonce and self._exposures.of(hold.decision) is None:
                self.append(Kind.VOID, encode(Reference(hold.decision)))
                self._writer.execute("DELETE FROM hold WHERE key = ? AND decision = ?", (draft.key, hold.decision))

    def _hold(self, connection: sqlite3.Connection, key: bytes) -> Hold | None:
        row = connection.execute(HOLD, (key,)).fetchone()
        if row is None:
            return None
        decision, nonce, stamp, until, artwork, group, deferred, pinned, opened_at = row
        return Hold(decision, nonce, stamp, until, artwork, group, bool(deferred), bool(pinned), opened_at)

    # ---------------------------------------------------------------- feedback

    async def log_feedback(self, events: Sequence[Event]) -> list[bool | None]:
        self._demand_room()
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
        if self._setting(self._writer, "rules") != rules:
            self.append(Kind.RULES, rules)
            self._writer.execute("INSERT OR REPLACE INTO setting (name, value) VALUES ('rules', ?)", (rules,))

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

    async def trim(self, *, before: int, below: int, limit: int) -> int:
        oldest = self._reader.execute(
            "SELECT position, stamp, kind FROM log WHERE position < ? ORDER BY position LIMIT 2", (below,)
        ).fetchall()
        if not _doomed(oldest, before, limit):
            return 0  # as it nearly always is: no need to keep the appenders waiting
        return await self._write(lambda: self._trim(before, below, limit))

    def _trim(self, before: int, below: int, limit: int) -> int:
        oldest = self._writer.execute(
            "SELECT position, stamp, kind FROM log WHERE position < ? ORDER BY position LIMIT ?",
            (min(below, self._last.position), limit + 1),
        ).fetchall()
        doomed = _doomed(oldest, before, limit)
        if doomed:
            self._writer.executemany("DELETE FROM log WHERE position = ?", doomed)
            [last] = doomed[-1]
            self._writer.execute("DELETE FROM exposure WHERE decision <= ?", (last,))
            self._sweep(last)
        return len(doomed)

    def _sweep(self, trimmed: int) -> None:
        """Delete expired holds of trimmed decisions among the next keys.

        Going on by key needs no index on the decision, which every new hold would have to pay for.
        """
        rows = self._writer.execute(
            "SELECT key, decision, until FROM hold WHERE key > ? ORDER BY key LIMIT ?", (self._swept, SWEPT)
        ).fetchall()
        now = self.now()
        gone = [(key,) for key, decision, until in rows if decision <= trimmed and until < now]
        self._writer.executemany("DELETE FROM hold WHERE key = ?", gone)
        self._swept = rows[-1][0] if len(rows) == SWEPT else b""

    async def _write(self, operation: Callable[[], T]) -> T:
        """Do something in the next transaction, or say that no lock was to be had for `PATIENCE_SECONDS`."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        with writing():
            return await self._group.run(operation, deadline=deadline)

    def _begin(self, transaction: Transaction) -> Callable[[], None]:
        def begin() -> None:
            if self._files and self._files.lost:
                self._files.check()
            transaction.begin()
            self._last = self._head(self._writer)
            self._time.see(self._last.stamp)
            if self._last.position < self._acknowledged:
                transaction.rollback()
                raise LostStoreError(
                    f"The log ends at position {self._last.position}, and {self._acknowledged} was acknowledged: "
                    f"another program wrote into its files. {GONE}"
                )

        return begin

    def _commit(self, transaction: Transaction) -> Callable[[], None]:
        def commit() -> None:
            transaction.commit()
            if self._files:
                self._files.check()
            self._acknowledged = self._last.position

        return commit

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

    # ---------------------------------------------------------------- profiles and settings

    async def profile(self, pseudonym: str) -> bytes | None:
        return self._profile(self._near, pseudonym)

    async def change_profile(self, pseudonym: str, change: Callable[[bytes | None], bytes]) -> None:
        await self._write(lambda: self._change_profile(pseudonym, change))

    def _change_profile(self, pseudonym: str, change: Callable[[bytes | None], bytes]) -> None:
        body = change(self._profile(self._writer, pseudonym))
        self._writer.execute("INSERT OR REPLACE INTO profile (pseudonym, body) VALUES (?, ?)", (pseudonym, body))

    @staticmethod
    def _profile(connection: sqlite3.Connection, pseudonym: str) -> bytes | None:
        row = connection.execute("SELECT body FROM profile WHERE pseudonym = ?", (pseudonym,)).fetchone()
        return row[0] if row else None

    async def forget(self, pseudonym: str) -> None:
        await self._write(lambda: self._forget(pseudonym, "INSERT OR IGNORE INTO erasing (pseudonym) VALUES (?)"))

    async def end_erasure(self, pseudonym: str) -> None:
        await self._write(lambda: self._forget(pseudonym, "DELETE FROM erasing WHERE pseudonym = ?"))

    async def erasures(self) -> list[str]:
        return [row[0] for row in self._reader.execute("SELECT pseudonym FROM erasing ORDER BY 1").fetchall()]

    def _forget(self, pseudonym: str, note: str) -> None:
        prefix = bytes.fromhex(pseudonym)
        self._writer.execute(note, (pseudonym,))
        self._writer.execute("DELETE FROM profile WHERE pseudonym = ?", (pseudonym,))
        self._writer.execute("DELETE FROM hold WHERE key >= ? AND key <= ?", (prefix, prefix + b"\xff" * 16))
        self.append(Kind.ERASURE, encode(Erasure(pseudonym)))

    async def scrub(self, pseudonym: str, after: int, limit: int) -> int:
        return await self._write(lambda: self._scrub(pseudonym, after, limit))

    def _scrub(self, pseudonym: str, after: int, limit: int) -> int:
        rows = self._writer.execute(
            "SELECT position, kind, body FROM log WHERE position > ? ORDER BY position LIMIT ?",
            (after, limit),
        ).fetchall()
        for position, kind, body in rows:
            if kind in DECISIONS and pseudonym.encode() in body:
                decision = decode_decision(body)
                if decision.profile == pseudonym:
                    forgotten = encode(decision.forgotten())
                    self._writer.execute("UPDATE log SET body = ? WHERE position = ?", (forgotten, position))
        return int(rows[-1][0]) if rows else after

    async def setting(self, name: str) -> bytes | None:
        return self._setting(self._reader, name)

    async def make_setting(self, name: str, value: bytes) -> bytes:
        stored = await self.setting(name)
        return await self._write(lambda: self._make_setting(name, value)) if stored is None else stored

    def _make_setting(self, name: str, value: bytes) -> bytes:
        self._writer.execute("INSERT OR IGNORE INTO setting (name, value) VALUES (?, ?)", (name, value))
        stored = self._setting(self._writer, name)
        return value if stored is None else stored

    async def swap_setting(self, name: str, expected: bytes | None, value: bytes) -> bool:
        return await self._write(lambda: self._swap_setting(name, expected, value))

    def _swap_setting(self, name: str, expected: bytes | None, value: bytes) -> bool:
        if self._setting(self._writer, name) != expected:
            return False
        self._writer.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, value))
        return True

    async def wipe(self) -> bool:
        with writing():
            return wipe(self._reader)  # the writer may be at work in its thread

    @staticmethod
    def _setting(connection: sqlite3.Connection, name: str) -> bytes | None:
        row = connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    async def close(self) -> None:
        await self._group.close()
        if self._files and self._files.moved:
            self._files.clear_away()
        self._reader.close()
        self._writer.close()


def _doomed(oldest: Sequence[tuple[int, int, int]], before: int, limit: int) -> list[tuple[int]]:
    """Return which of the log's oldest records (position, stamp, kind) to trim: not the last RULES among them."""
    old = [(position, kind) for position, stamp, kind in oldest if stamp < before]
    kept = max((position for position, kind in old if kind == Kind.RULES), default=None)
    return [(position,) for position, _ in old if position != kept][:limit]
