"""The process that folds the log and publishes snapshots."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, replace
from math import inf

import structlog

from app.catalogue.live import LiveCatalogue
from app.interventions import SETTING, interventions_in
from app.learning.bases import BaseKeeper, resume
from app.learning.drift_watch import DriftWatch
from app.learning.experiments import renew
from app.learning.fold import Fold, Seen
from app.learning.leftovers import Leftovers
from app.learning.promotions import Promotions
from app.learning.publishing import Publisher
from app.learning.refolding import Refolding
from app.store.protocol import (
    LostLeaseError,
    LostStoreError,
    Store,
    StoreTimeoutError,
    UnknownVersionError,
    UnwritableStoreError,
)
from app.telemetry import metrics
from app.viewers.erasure import finish_erasures
from bandit.learners import Kind, kind_of, restored
from bandit.policy import FaultyLearnerError, Learner
from bandit.sealing import UnusableSnapshot

log = structlog.get_logger()

BATCH = 1000
LEASE_MS = 5_000
IDLE_SECONDS = 0.05
CATCH_UP_SECONDS = 20.0
"""Seconds for which a new learner catches up before it is published, if workers have none."""
FAULTY_SECONDS = 10.0
"""How long the trainer waits after the code of an own learner failed. Answers go on by the last snapshot."""
UNWRITABLE_SECONDS = 2.0
TICK_MS = 1_000
RENEW_SECONDS = 1.0
"""Seconds until the next look at how long the experiment has lasted."""
TRIM_SECONDS = 60.0
TRIM_ROWS = 2_000


class Trainer:
    def __init__(
        self,
        store: Store,
        live_catalogue: LiveCatalogue,
        *,
        holder: str,
        clock: Callable[[], Awaitable[int]],
        bases: BaseKeeper,
        floor: float,
        kind: Kind = "logistic",
    ):
        self._store, self._live_catalogue, self._kind = store, live_catalogue, kind
        self._holder, self._clock = holder, clock
        self._token = 0
        self._trimmed = self._renewed = 0.0
        self._held_back: float | None = None
        self._leftovers = Leftovers(store)
        self._seen = Seen()
        self._promotions, self._drift = Promotions(store, kind), DriftWatch(store.state, floor)
        self._bases, self._refolding = bases, Refolding(store, live_catalogue, bases.clock)
        self._publisher = Publisher(store.state, bases, self._promotions, self._refolding)

    async def run(self, stop: asyncio.Event) -> None:
        """Lead whenever the lease is free, and stand by otherwise, until `stop`.

        Raises `LostStoreError`, and `UnknownVersionError` before it folds what a later version wrote.
        """
        while not stop.is_set():
            try:
                token = await self._store.state.lead(self._holder, LEASE_MS)
                if token is None:
                    await _wait(stop, LEASE_MS / 5000)
                else:
                    await self._lead(token, stop)
            except LostLeaseError as lost:
                log.warning("lease_lost", reason=str(lost))
            except StoreTimeoutError as locked:  # nothing was committed, so the fold resumes
                log.warning("state_locked", reason=str(locked))
            except UnknownVersionError:  # a trainer of the later version may lead at once
                with suppress(StoreTimeoutError, UnwritableStoreError):
                    await self._store.state.resign(self._token)
                raise
            except LostStoreError as fault:
                log.error("store_lost", reason=str(fault))  # noqa: TRY400  the sentence says where and what to do
                raise
            except UnwritableStoreError as fault:
                log.warning("state_unwritable", reason=str(fault))
                await _wait(stop, UNWRITABLE_SECONDS)
            except FaultyLearnerError as fault:
                log.error("learner_failed", reason=str(fault), again_in_seconds=FAULTY_SECONDS)  # noqa: TRY400  as above
                await _wait(stop, FAULTY_SECONDS)
        with suppress(StoreTimeoutError, UnwritableStoreError):
            await self._store.state.resign(self._token)

    async def _lead(self, token: int, stop: asyncio.Event) -> None:
        self._token = token
        await self._live_catalogue.refresh()
        fold = await resume(self._store, self._live_catalogue, self._kind)
        await self._promotions.begin(fold)
        fold.paused = await self._stopped()
        self._seen = replace(fold.seen)
        self._publisher.begin(token)
        self._leftovers.begin()
        log.info("leading", token=token, position=fold.position, learned=fold.learned)
        await finish_erasures(self._store.log)  # a killed worker may have left one unfinished
        await self._bases.begin(fold)
        if base := await self._bases.due(fold):  # a fold from nothing is a base without a snapshot
            await self._publisher.commit(fold, base)
        await self._refolding.begin()
        await self._begin(fold)
        self._trimmed = time.monotonic()
        renewing = asyncio.create_task(self._renew(token, stop))
        try:
            while not stop.is_set() and not renewing.done() and not await self._resumes(fold):
                await self._turn(fold, stop)
            await (self._publisher.commit if self._held_back or fold.paused else self._publisher.publish)(fold)
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError, StoreTimeoutError, UnwritableStoreError):
                await renewing

    async def _begin(self, fold: Fold) -> None:
        """Publish the fold's first learner, unless it begins from nothing and has a log to catch up with.

        Workers keep their snapshot meanwhile, because a learner without knowledge would choose by chance. If it is
        another learner's, it is replaced only when this one has caught up, however long that takes.
        """
        self._held_back = None
        if await self._served_by_another():
            self._held_back = inf
        elif fold.learned or fold.paused:
            await self._publisher.publish(fold)
        else:
            self._held_back = time.monotonic() + CATCH_UP_SECONDS

    async def _served_by_another(self) -> bool:
        """Tell whether a worker that starts now would decide by a snapshot of another learner."""
        for snapshot in await self._store.state.snapshots(limit=5):
            with suppress(UnusableSnapshot):
                restored(snapshot.learner)
                return kind_of(snapshot.learner) != self._kind
        return False

    async def _resumes(self, fold: Fold) -> bool:
        """Pause learning if an operator orders it; tell whether it resumes after a pause.

        Then another fold begins at the learner's position, and learns everything that came meanwhile. After a
        promotion nothing came meanwhile.
        """
        paused = await self._stopped()
        if paused and not fold.paused:
            await (self._publisher.commit if self._held_back else self._publisher.publish)(fold)
            fold.paused = True
            log.info("learning_paused", learned=fold.learned)
        if fold.paused and not paused and fold.learned == fold.position:
            fold.paused = False
        return fold.paused and not paused

    async def _stopped(self) -> bool:
        """Whether the learner takes in nothing: it is paused or frozen, or another one is to replace it."""
        in_force = interventions_in(await self._store.log.setting(SETTING))
        held = in_force.learning == "paused" or in_force.frozen is not None
        return self._promotions.pending(in_force.promotion) or held

    async def _turn(self, fold: Fold, stop: asyncio.Event) -> None:
        records = await self._store.log.read(fold.position, BATCH)
        before = fold.seen.examples + fold.forgotten
        await self._live_catalogue.refresh()
        await fold.feed(records)
        self._bases.note(records)
        self._publisher.note(fold.seen.examples + fold.forgotten - before)
        await self._observe(fold)
        await self._keep(fold, caught_up=len(records) < BATCH)
        if len(records) < BATCH:
            await self._store.log.tick(TICK_MS)
            await self._renew_experiment()
            await self._leftovers.wipe(self._publisher.erased)
            await self._trim(fold)
            await self._leftovers.shrink()
            await self._refold(fold)
            await _wait(stop, IDLE_SECONDS)
        else:
            await asyncio.sleep(0)

    async def _keep(self, fold: Fold, *, caught_up: bool) -> None:
        now = time.monotonic()
        if fold.paused:
            learner = await self._promotions.ready(fold)
            if learner:
                await self._promote(fold, learner)
            elif self._publisher.is_commit_due(now):
                await self._publisher.commit_paused(fold)
            return
        base = None if self._held_back else await self._bases.due(fold)
        if base:
            await self._publisher.publish(fold, base=base)
        elif self._held_back and (caught_up or now >= self._held_back):
            self._held_back = None
            await self._publisher.publish(fold, base=await self._bases.due(fold))
        elif not self._held_back and self._publisher.is_due(now):
            await self._publisher.publish(fold)
        elif self._publisher.is_commit_due(now):
            await self._publisher.commit(fold)

    async def _promote(self, fold: Fold, learner: Learner) -> None:
        """Continue with another learner, from a base that no earlier one leads to."""
        replaced = () if fold.forgets_later else (replace(fold.snapshot(), role="replaced"),)
        fold.promote(learner)
        self._held_back = None
        kept = *replaced, replace(fold.snapshot(), role="promoted")
        self._refolding.give_up()
        await self._publisher.publish(fold, base=await self._bases.new(fold, "promotion"), kept=kept)
        log.info("promoted", position=fold.position)

    async def _trim(self, fold: Fold) -> None:
        """Delete a part of the records past retention, but none that a restart now would read again.

        A record is past retention only by both the log and the trusted clock, because a clock that is ahead, or
        one record with its stamp, would make all others old. Tastes are deleted with the records that they come
        from, and by a commit.
        """
        if time.monotonic() - self._trimmed < TRIM_SECONDS:
            return
        before = min(fold.stamp, await self._clock()) - self._bases.retention
        if fold.paused:
            await self._bases.make_room(self._token, before)
            self._publisher.keep_from(fold)
        elif await self._bases.make_room(self._token, before):
            await self._publisher.publish(fold, base=await self._bases.new(fold, "retention"))
        elif self._publisher.floor_stamp < before:  # nothing was published because nothing was learned for so long
            await self._publisher.publish(fold)
        floor = self._publisher.floor
        below = min(floor, await self._bases.floor() or floor)
        if await self._store.log.trim(before=before, below=below, limit=TRIM_ROWS) < TRIM_ROWS:
            await fold.totals.sweep(before)
            self._trimmed, self._leftovers.shrinking = time.monotonic(), True

    async def _renew_experiment(self) -> None:
        now = time.monotonic()
        if now - self._renewed >= RENEW_SECONDS:
            self._renewed = now
            await renew(self._store.log)

    async def _refold(self, fold: Fold) -> None:
        """Remove everything learned from erased profiles, in idle time. A paused fold waits until it resumes."""
        if fold.paused:
            return
        refolded = await self._refolding.turn(fold)
        if refolded is None:
            return
        if refolded.base is None:
            await self._publisher.publish(fold, base=await self._bases.new(fold, "erasure"))
        else:
            await self._publisher.publish(fold, refolded=refolded.base)

    async def _renew(self, token: int, stop: asyncio.Event) -> None:
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
        await self._drift.look(fold.stamp)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
