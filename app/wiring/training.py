"""Training: the trainer, and repeated folds."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from app.catalogue.cleanup import Tidier
from app.catalogue.live import LiveCatalogue
from app.clock import now_ms, passed_ms
from app.data_folder import DataFolder
from app.interventions import SETTING, interventions_in
from app.learning import rebuild
from app.learning.bases import BaseKeeper
from app.learning.candidate_file import CandidateFile
from app.learning.fold import Fold
from app.learning.trainer import Trainer
from app.learning.trusted_clock import TrustedClock
from app.processes.companion import Companion, Due
from app.settings import DAY_MS, Settings
from app.store.protocol import Base, Store
from app.telemetry import metrics
from app.wiring.catalogue import images_in, originals_in, revisions_in, uploads_in
from app.wiring.stores import open_store
from bandit.policy import Learner


async def train(settings: Settings, holder: str, stop: asyncio.Event) -> None:
    """Run a trainer until `stop`; beside it, tidy up, and keep the process of a candidate running."""
    store = open_store(settings)
    revisions = revisions_in(settings)
    trusted = TrustedClock(store.log, now_ms, passed_ms).now
    tidier = Tidier(
        store.log,
        revisions,
        clock=trusted,
        images=images_in(settings),
        originals=originals_in(settings).folder,
        uploads=uploads_in(settings),
        retention_days=settings.retention_days,
    )
    beside = [asyncio.create_task(each.run()) for each in (tidier, companion_of(settings, store, holder))]
    try:
        trainer = Trainer(
            store,
            LiveCatalogue(store.log, revisions),
            holder=holder,
            clock=trusted,
            bases=bases_of(settings, store),
            floor=settings.even_floor,
            kind=settings.learner,
        )
        await trainer.run(stop)
    finally:
        for task in beside:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await store.close()


async def rebuilt(
    settings: Settings,
    store: Store,
    stops: Sequence[int],
    *,
    base: Base | None = None,
    learner: Learner | None = None,
) -> AsyncIterator[Fold]:
    start = rebuild.Start(settings.learner, base, learner)
    async for fold in rebuild.rebuilt(store, revisions_in(settings), stops, start):
        yield fold


async def publish_rebuilt(settings: Settings, store: Store, fold: Fold) -> int | None:
    """Replace everything learned by a rebuilt fold; None if a trainer is leading."""
    return await rebuild.publish(store, bases_of(settings, store), fold)


def bases_of(settings: Settings, store: Store) -> BaseKeeper:
    retention = round(settings.retention_days * DAY_MS)
    return BaseKeeper(store, settings.learner, retention=retention, reach=settings.answerable_ms, clock=now_ms)


def companion_of(settings: Settings, store: Store, holder: str) -> Companion:
    """Return what keeps the process running while a candidate is in force and this trainer leads."""
    command = [sys.executable, "-P", "-m", "app", "shadow", "--parent", str(os.getpid())]

    async def due() -> Due:
        lease = await store.state.lease()
        if lease is None or lease.holder != holder:
            return "elsewhere"
        in_force = interventions_in(await store.log.setting(SETTING))
        return "yes" if in_force.candidate else "no"

    file = CandidateFile(DataFolder(settings.data).candidate)
    return Companion("shadow", command, due, file.delete, metrics.CANDIDATE_ENDED.inc)
