"""The trainer's state in a second SQLite file. The trainer alone writes it, except candidate snapshots."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, replace
from pathlib import Path

from app.file_lock import alone
from app.store import protocol
from app.store.commit import BusyError
from app.store.sqlite.bases import Bases
from app.store.sqlite.connection import Transaction, connect, wipe, writing
from app.store.sqlite.drift import shown_in_days
from app.store.sqlite.group_sums import sums_of_groups
from app.store.sqlite.lift import LiftTables
from app.store.sqlite.open_files import OpenFiles
from app.store.sqlite.series import SeriesTables, sums_by_step
from app.store.sqlite.snapshots import Snapshots
from app.store.sqlite.state_schema import SCHEMA
from app.store.sqlite.tastes import Tastes
from bandit.tally import Tally

LOCK_SECONDS = 2.0
"""A trainer may wait for the standby that asks for the lease; no request waits with it."""
GONE = "The trainer learns nothing any more. Start it again: it makes the state again from the log."
PART_GONE = (
    "The trainer learns nothing any more. Stop the service, which saves the data of the file, and start it again."
)
_TALLY = "title, artwork, in_group, exposures, clicks, plays, reward, weight, weighted"


class SqliteState:
    def __init__(self, path: Path, clock: Callable[[], int], *, read_only: bool = False):
        self._path, self._clock, self._read_only = path, clock, read_only
        self._open()

    def _open(self) -> None:
        self._writer = connect(self._path, SCHEMA, patience=LOCK_SECONDS, read_only=self._read_only)
        self._reader = connect(self._path, read_only=self._read_only)
        self._transaction = Transaction(self._writer)
        self._bases = Bases(self._writer, self._reader)
        self._series = SeriesTables(self._writer, self._reader)
        self._lift = LiftTables(self._writer, self._reader)
        self._snapshots = Snapshots(self._writer, self._reader, self._clock)
        self._tastes = Tastes(self._writer, self._reader)
        self._files = None if self._read_only else OpenFiles(self._path, GONE, PART_GONE)

    async def check(self) -> None:
        if self._files is None:
            return
        try:
            self._files.check()
        except protocol.LostStoreError:
            if not self._files.moved or not self._files.at_home:
                raise
            self._begin_anew(self._files)

    def _begin_anew(self, files: OpenFiles) -> None:
        """Open the present file, or make it: the name leads elsewhere, and all of it can be folded again."""
        with alone(self._path.parent):
            files.clear_away()
            self.close_files()
            self._open()

    # ---------------------------------------------------------------- the lease

    async def lead(self, holder: str, lasts: int, token: int | None = None) -> int | None:
        with self._writing():
            current, held_by, until = self._writer.execute("SELECT token, holder, until FROM lease").fetchone()
            now = self._clock()
            if (token, holder) != (current, held_by):
                if token is not None or (held_by != holder and protocol.Lease(held_by or "", until).lasts(now)):
                    return None
                current += 1
            self._writer.execute(
                "UPDATE lease SET token = ?, holder = ?, until = ?", (current, holder, now + lasts)
            )
            return int(current)

    async def resign(self, token: int) -> None:
        with self._writing():
            self._writer.execute("UPDATE lease SET holder = NULL, until = 0 WHERE token = ?", (token,))

    async def lease(self) -> protocol.Lease | None:
        row = self._reader.execute("SELECT holder, until FROM lease WHERE holder IS NOT NULL").fetchone()
        return protocol.Lease(*row) if row else None

    # ---------------------------------------------------------------- progress

    async def commit(self, token: int, progress: protocol.Progress) -> int | None:
        with self._writing():
            self._fence(token)
            self._write_totals(progress)
            self._write_bases(progress)
            return self._write_snapshot(progress.snapshot, progress) if progress.snapshot else None

    async def drop_bases(self, token: int, before: int) -> None:
        with self._writing():
            self._fence(token)
            self._bases.drop(before)

    async def replace(self, token: int, progress: protocol.Progress) -> int | None:
        with self._writing():
            self._fence(token)
            for table in ("counted", "taste", "tally", "cap"):
                self._writer.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            self._bases.drop_all()
            self._write_totals(progress)
            self._write_bases(progress)
            return self._write_snapshot(progress.snapshot, progress) if progress.snapshot else None

    def _fence(self, token: int) -> None:
        current = self._writer.execute("SELECT token FROM lease").fetchone()[0]
        if current != token:
            raise protocol.LostLeaseError(
                f"The lease with token {token} was taken over by one with token {current}."
            )

    def _write_totals(self, progress: protocol.Progress) -> None:
        write = self._writer
        write.execute(
            "INSERT OR REPLACE INTO counted (id, position, base) VALUES (1, ?, ?)",
            (progress.counted, progress.base),
        )
        self._tastes.write(progress.tastes)
        write.executemany(
            f"INSERT OR REPLACE INTO tally ({_TALLY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  our own names
            [(*key, *astuple(tally)) for key, tally in progress.tallies.items() if tally is not None],
        )
        write.executemany(
            "DELETE FROM tally WHERE title = ? AND artwork = ? AND in_group = ?",
            [key for key, tally in progress.tallies.items() if tally is None],
        )
        self._write_caps("counts", progress.counted_caps)
        if progress.series:
            self._series.write(progress.series)
        if progress.lift:
            self._lift.write(progress.lift, self._clock())

    def _write_promotion(self, progress: protocol.Progress) -> None:
        if progress.promoted is not None:
            self._writer.execute(
                "INSERT OR REPLACE INTO promotion (id, position) VALUES (1, ?)", (progress.promoted,)
            )
        for snapshot in progress.kept:
            self._snapshots.add(snapshot)

    def _write_bases(self, progress: protocol.Progress) -> None:
        self._bases.scrub(progress.scrubbed)
        if progress.refolded is not None:
            self._bases.keep_alone(progress.refolded, progress.quarantined)
        if progress.base_of:
            self._bases.add(progress.base_of, self._clock())
        self._write_promotion(progress)

    def _write_snapshot(self, snapshot: protocol.Snapshot, progress: protocol.Progress) -> int | None:
        self._write_caps("learner", progress.learned_caps)
        return self._snapshots.add(snapshot)

    def _write_caps(self, taker: str, change: protocol.CapChange) -> None:
        write = self._writer
        if change.anew or change.turned:
            first = "" if change.anew else protocol.OF_THE_HOUR
            write.execute("DELETE FROM cap WHERE taker = ? AND name >= ?", (taker, first))
        write.executemany(
            "INSERT OR REPLACE INTO cap (taker, name, value) VALUES (?, ?, ?)",
            [(taker, name, row) for name, row in change.rows.items() if row is not None],
        )
        write.executemany(
            "DELETE FROM cap WHERE taker = ? AND name = ?",
            [(taker, name) for name, row in change.rows.items() if row is None],
        )

    async def keep_candidate(self, snapshot: protocol.Snapshot) -> int:
        with self._writing():
            return self._snapshots.add(replace(snapshot, role="candidate"))

    async def choose(self, snapshot: protocol.Snapshot) -> int:
        with self._writing():
            return self._snapshots.add(replace(snapshot, role="chosen"))

    async def drop_candidates(self) -> None:
        with self._writing():
            self._snapshots.keep_incumbents()

    # ---------------------------------------------------------------- reading

    async def bases(self) -> list[protocol.Base]:
        return self._bases.all()

    async def base(self, id: int) -> tuple[protocol.Snapshot, bytes] | None:  # noqa: A002  the word for it
        return self._bases.one(id)

    async def fold_state(self) -> protocol.FoldState:
        read = self._reader.execute
        read("BEGIN")  # all of it is of one moment, though a trainer commits meanwhile
        try:
            row = read("SELECT position, base FROM counted").fetchone() or (0, None)
            caps: dict[str, dict[str, str]] = {"counts": {}, "learner": {}}
            if self._has("cap"):
                for taker, name, value in read("SELECT taker, name, value FROM cap").fetchall():
                    caps[taker][name] = value
            series = self._series.state() if self._has("hourly") else protocol.SeriesState()
            tallies, experiments = await self.tallies(), await self.experiments()
            return protocol.FoldState(
                row[0], row[1], tallies, caps["counts"], caps["learner"], series, experiments
            )
        finally:
            read("COMMIT")

    def _has(self, table: str) -> bool:
        """Whether a table is there: a file of an earlier version that is only read may lack it."""
        return self._reader.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is not None

    def reached(self) -> int:
        row = self._reader.execute(
            "SELECT max((SELECT coalesce(max(position), 0) FROM counted),"
            " (SELECT coalesce(max(position), 0) FROM snapshot))"
        ).fetchone()
        return int(row[0])

    async def current(self) -> int | None:
        return self._snapshots.current()

    async def snapshots(self, role: str = "incumbent", limit: int = 20) -> list[protocol.Snapshot]:
        return self._snapshots.latest(role, limit)

    async def snapshot(self, id: int) -> protocol.Snapshot | None:  # noqa: A002  the word for it
        return self._snapshots.one(id)

    async def promoted(self) -> int:
        row = self._reader.execute("SELECT position FROM promotion").fetchone() if self._has("promotion") else None
        return row[0] if row else 0

    async def taste_rows(self, pseudonyms: Iterable[str]) -> dict[str, protocol.TasteRow]:
        return self._tastes.of(pseudonyms)

    async def tastes(self, after: str, limit: int) -> dict[str, protocol.TasteRow]:
        return self._tastes.page(after, limit)

    async def taste_since(self, pseudonym: str) -> tuple[bytes, int, bytes] | None:
        return self._tastes.since(pseudonym)

    async def tallies(self, title: str | None = None) -> dict[protocol.TallyKey, Tally]:
        where, values = ("", ()) if title is None else ("WHERE title = ?", (title,))
        rows = self._reader.execute(f"SELECT {_TALLY} FROM tally {where}", values).fetchall()  # noqa: S608  our own words
        return {(row[0], row[1], row[2]): Tally(*row[3:]) for row in rows}

    async def group_tallies(self) -> dict[str, Tally]:
        return await asyncio.to_thread(sums_of_groups, self._path)

    async def experiments(self) -> list[protocol.Experiment]:
        return self._lift.all() if self._has("entered") else []

    async def series_began(self) -> int | None:
        return self._series.began()

    async def series(
        self, step: protocol.Step, since: int, by: Collection[protocol.Dimension], most: int
    ) -> tuple[list[protocol.StepSums], int]:
        return await asyncio.to_thread(sums_by_step, self._path, step, since, by, most)

    async def artwork_days(
        self, title: str, first: int, last: int
    ) -> dict[int, dict[tuple[str, str], protocol.Sums]]:
        return self._series.artwork_days(title, first, last)

    async def period_rows(self, step: protocol.Step, at: int) -> dict[protocol.SeriesKey, protocol.Sums]:
        return self._series.rows(step, at)

    async def periods(self, step: protocol.Step, first: int) -> list[int]:
        return self._series.periods(step, first)

    async def drift_hours(self, first: int) -> dict[int, protocol.DriftSums]:
        return self._series.drift.hours(first)

    async def shown_in_days(self, first: int, last: int) -> list[protocol.ShownDays]:
        return await asyncio.to_thread(shown_in_days, self._path, first, last)

    async def wipe(self) -> bool:
        with writing():
            return wipe(self._reader)

    async def close(self) -> None:
        if self._files and self._files.moved:
            self._files.clear_away()
        self.close_files()

    def close_files(self) -> None:
        self._reader.close()
        self._writer.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction; it is rolled back if anything in it fails."""
        with writing():
            if self._files and self._files.lost:
                self._files.check()
            try:
                self._transaction.begin()
            except BusyError as error:
                raise protocol.StoreTimeoutError(f"The state was locked for {LOCK_SECONDS} seconds.") from error
            try:
                yield
                self._transaction.commit()
                if self._files:
                    self._files.check()
            finally:  # does nothing after a commit that went well
                self._transaction.rollback()
