"""The one process that folds the log and publishes what it learned."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, replace
from math import inf

import structlog

from app.catalogue.live import LiveCatalogue
from app.learning.bases import BaseKeeper
from app.learning.fold import Fold, Seen
from app.learning.refolding import Refolding
from app.store.protocol import (
    LostLeaseError,
    LostStoreError,
    NewBase,
    State,
    Store,
    StoreTimeoutError,
    UnwritableStoreError,
)
from app.telemetry import metrics
from app.viewers.erasure import finish_erasures
from bandit.learners import Kind, kind_of, new_learner, restored
from bandit.sealing import UnusableSnapshot

log = structlog.get_logger()

BATCH = 1000
LEASE_MS = 5_000
IDLE_SECONDS = 0.05
COMMIT_SECONDS = 0.25
"""How often counts and tastes are committed: a click is to be felt within a second."""
PUBLISH_SECONDS = 1.0
LOAD_SHARE = 20
"""A snapshot is published at most every so many times as long as loading it takes, for workers wait meanwhile."""
WRITE_RATE = 1 << 20
"""Bytes of snapshots written in a second, at most."""
CATCH_UP_SECONDS = 20.0
"""How long a learner that begins anew goes on catching up before it is published, if workers have nothing."""
UNWRITABLE_SECONDS = 2.0
WIPE_SECONDS = 0.25
"""How soon to try again to wipe the files clean of what was erased, when others are at work on them."""
TICK_MS = 1_000
TRIM_SECONDS = 60.0
TRIM_ROWS = 2_000
SHRINK_BYTES = 64 << 10
"""Given back at a time, while others wait to write: 4 ms, for pages have to be moved."""
SPARE_BYTES, SPARE_SHARE = 32 << 20, 8
"""Free space that the log keeps, at least, and as a part of what it holds: the next records take it."""


class Trainer:
    def __init__(
        self,
        store: Store,
        live_catalogue: LiveCatalogue,
        *,
        holder: str,
        clock: Callable[[], Awaitable[int]],
        bases: BaseKeeper,
        scratch: Callable[[], State],
        kind: Kind = "logistic",
    ):
        """`scratch` makes an empty state for a fold that is made anew."""
        self._store, self._live_catalogue, self._kind = store, live_catalogue, kind
        self._holder, self._clock = holder, clock
        self._token = 0
        self._committed = self._published = self._trimmed = 0.0
        self._pause = PUBLISH_SECONDS
        self._unpublished = 0
        self._held_back: float | None = None
        self._erased, self._wiped = 0, -1
        self._tried_to_wipe = 0.0
        self._shrinking = False
        self._floor = self._floor_stamp = 0
        self._seen = Seen()
        self._bases, self._refolding = bases, Refolding(store, live_catalogue, scratch, bases.clock)

    async def run(self, stop: asyncio.Event) -> None:
        """Lead whenever the lease can be had, and stand by otherwise, until `stop`. Raises `LostStoreError`."""
        while not stop.is_set():
            try:
                token = await self._store.state.lead(self._holder, LEASE_MS)
                if token is None:
                    await _wait(stop, LEASE_MS / 5000)
                else:
                    await self._lead(token, stop)
            except LostLeaseError as lost:
                log.warning("lease_lost", reason=str(lost))
            except StoreTimeoutError as locked:  # nothing was committed: going on means resuming
                log.warning("state_locked", reason=str(locked))
            except LostStoreError as fault:
                log.error("store_lost", reason=str(fault))  # noqa: TRY400  the sentence says where and what to do
                raise
            except UnwritableStoreError as fault:
                log.warning("state_unwritable", reason=str(fault))
                await _wait(stop, UNWRITABLE_SECONDS)
        with suppress(StoreTimeoutError, UnwritableStoreError):
            await self._store.state.resign(self._token)

    async def _lead(self, token: int, stop: asyncio.Event) -> None:
        self._token = token
        await self._live_catalogue.refresh()
        fold = await resume(self._store, self._live_catalogue, self._kind)
        self._seen = replace(fold.seen)
        self._erased, self._wiped = 0, -1  # who led before may have had no time for it
        log.info("leading", token=token, position=fold.position, learned=fold.learned)
        await finish_erasures(self._store.log)  # a worker that was killed in the middle of one left it so
        await self._bases.begin(fold)
        if base := await self._bases.due(fold):  # a fold from nothing is one, though there is nothing to publish
            await self._commit_base(fold, base)
        await self._refolding.begin()
        await self._begin(fold)
        self._trimmed = time.monotonic()
        renewing = asyncio.create_task(self._renew(token, stop))
        try:
            while not stop.is_set() and not renewing.done():
                await self._turn(fold, stop)
            await (self._commit if self._held_back else self._publish)(fold)
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError, StoreTimeoutError, UnwritableStoreError):
                await renewing

    async def _begin(self, fold: Fold) -> None:
        """Publish what the fold begins with, unless it begins from nothing and has a log to catch up with.

        Workers that have one keep it meanwhile: a learner that knows nothing would have them choose by chance. If
        another learner's can be decided by, that is so until the log is caught up with, however long it takes.
        """
        self._held_back = None
        if await self._served_by_another():
            self._held_back = inf
        elif fold.learned:
            await self._publish(fold)
        else:
            self._held_back = time.monotonic() + CATCH_UP_SECONDS

    async def _served_by_another(self) -> bool:
        """Tell whether a worker that starts now decides by what another learner has learned."""
        for snapshot in await self._store.state.snapshots(limit=5):
            with suppress(UnusableSnapshot):
                restored(snapshot.learner)
                return kind_of(snapshot.learner) != self._kind
        return False

    async def _turn(self, fold: Fold, stop: asyncio.Event) -> None:
        records = await self._store.log.read(fold.position, BATCH)
        before = fold.seen.examples + fold.forgotten
        await self._live_catalogue.refresh()
        await fold.feed(records)
        self._bases.note(records)
        self._unpublished += fold.seen.examples + fold.forgotten - before
        await self._observe(fold)
        await self._keep(fold, caught_up=len(records) < BATCH)
        if len(records) < BATCH:
            await self._store.log.tick(TICK_MS)
            await self._wipe()
            await self._trim(fold)
            await self._shrink()
            await self._refold(fold)
            await _wait(stop, IDLE_SECONDS)
        else:
            await asyncio.sleep(0)

    async def _keep(self, fold: Fold, *, caught_up: bool) -> None:
        """Publish or commit what the fold has come to, if it is time."""
        now = time.monotonic()
        base = None if self._held_back else await self._bases.due(fold)
        if base:
            await self._publish(fold, base=base)
        elif self._held_back and (caught_up or now >= self._held_back):
            self._held_back = None
            await self._publish(fold)
        elif not self._held_back and self._unpublished and now - self._published >= self._pause:
            await self._publish(fold)
        elif now - self._committed >= COMMIT_SECONDS:
            await self._commit(fold)

    async def _commit(self, fold: Fold) -> None:
        self._committed = time.monotonic()
        if fold.totals.changed:
            progress = fold.progress()
            await self._store.state.commit(self._token, progress)
            fold.settle(progress)

    async def _commit_base(self, fold: Fold, base: NewBase) -> None:
        progress = fold.progress()
        progress.base_of = base
        await self._store.state.commit(self._token, progress)
        fold.settle(progress)
        self._bases.settle(base)

    async def _publish(self, fold: Fold, base: NewBase | None = None, refolded: int | None = None) -> None:
        """Commit everything with a snapshot, once that was seen to load: a bad one would stop every worker.

        With `base` the state becomes one; with `refolded` it is what the base of that id leads to.
        """
        snapshot = fold.snapshot()
        started = time.monotonic()
        try:
            restored(snapshot.learner)
            progress = fold.progress(snapshot)
            progress.base_of, progress.refolded = base, refolded
            progress.scrubbed = await self._bases.scrubbed()
        except UnusableSnapshot as error:
            metrics.SNAPSHOTS_REFUSED.inc()
            log.exception("snapshot_refused", position=snapshot.position, reason=str(error))
            progress = fold.progress()
        loading = time.monotonic() - started
        if fold.forgotten > self._erased:  # unlike incumbents, candidates are not soon replaced by later ones
            await self._store.state.drop_candidates()
        await self._store.state.commit(self._token, progress)
        fold.settle(progress)
        if progress.snapshot:
            self._floor, self._floor_stamp = snapshot.resume, fold.stamp
            self._bases.settle_scrubbed()
        if progress.base_of:
            self._bases.settle(progress.base_of)
            if progress.base_of.breaks:
                self._refolding.demand()
        self._unpublished, self._erased = 0, fold.forgotten
        self._committed = self._published = time.monotonic()
        self._pause = max(PUBLISH_SECONDS, LOAD_SHARE * loading, len(snapshot.learner) / WRITE_RATE)

    async def _trim(self, fold: Fold) -> None:
        """Delete a part of what is past retention; nothing that is read again if this process is killed now.

        Past it is what log and trusted clock agree to be: a clock that is ahead, or one record that it stamped,
        would make all others old.
        Tastes go only when the records do that they come from, and by a commit, as everything of the fold.
        """
        if time.monotonic() - self._trimmed < TRIM_SECONDS:
            return
        before = min(fold.stamp, await self._clock()) - self._bases.retention
        if await self._bases.make_room(self._token, before):
            await self._publish(fold, base=await self._bases.new(fold, "retention"))
        elif self._floor_stamp < before:  # nothing was learned for so long that nothing was published
            await self._publish(fold)
        below = min(self._floor, await self._bases.floor() or self._floor)
        if await self._store.log.trim(before=before, below=below, limit=TRIM_ROWS) < TRIM_ROWS:
            await fold.totals.sweep(before)
            self._trimmed, self._shrinking = time.monotonic(), True

    async def _shrink(self) -> None:
        """Give a little of what trimming left free back to the disk, but not what the next records will take."""
        if not self._shrinking:
            return
        size = await self._store.log.size()
        most = min(SHRINK_BYTES, size.free - max(SPARE_BYTES, size.used // SPARE_SHARE))
        self._shrinking = most > 0 and await self._store.log.shrink(most) > 0

    async def _refold(self, fold: Fold) -> None:
        """Let what was learned of erased profiles go, in time that nobody else needs."""
        refolded = await self._refolding.turn(fold)
        if refolded is None:
            return
        if refolded.base is None:
            await self._publish(fold, base=await self._bases.new(fold, "erasure"))
        else:
            await self._publish(fold, refolded=refolded.base)

    async def _wipe(self) -> None:
        """Wipe the files clean of those whose erasure is committed, with patience for others' work on them."""
        now = time.monotonic()
        if self._wiped == self._erased or now - self._tried_to_wipe < WIPE_SECONDS:
            return
        self._tried_to_wipe = now
        if await self._store.state.wipe() and await self._store.log.wipe():
            self._wiped = self._erased

    async def _renew(self, token: int, stop: asyncio.Event) -> None:
        """Keep the lease, and return when it is lost or no longer needed."""
        while not stop.is_set() and await self._store.state.lead(self._holder, LEASE_MS, token) == token:
            await _wait(stop, LEASE_MS / 3000)

    async def _observe(self, fold: Fold) -> None:
        seen, self._seen = self._seen, replace(fold.seen)
        metrics.count_learning(**{name: now - getattr(seen, name) for name, now in asdict(self._seen).items()})
        head = await self._store.log.head()
        metrics.TRAINER_POSITION.set(fold.position)
        metrics.TRAINER_LAG.set(head.position - fold.position)
        metrics.TRAINER_LAG_SECONDS.set((head.stamp - fold.stamp) / 1000 if fold.stamp else 0.0)
        metrics.OPEN_WINDOWS.set(fold.open_windows)


async def resume(store: Store, live_catalogue: LiveCatalogue, kind: Kind = "logistic") -> Fold:
    """Return the fold where the latest usable snapshot and the counts left it, or at the beginning of the log.

    A snapshot of another learner is of no use: this one learns the retained log anew.
    """
    counted = await store.state.fold_state()
    for snapshot in await store.state.snapshots(limit=5):
        try:
            learner = restored(snapshot.learner, kind)
        except UnusableSnapshot as error:
            log.warning("snapshot_passed_over", snapshot=snapshot.id, reason=str(error))
            continue
        return Fold(store.log, store.state, live_catalogue, learner, counted, snapshot)
    return Fold(store.log, store.state, live_catalogue, new_learner(kind), counted, None)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
