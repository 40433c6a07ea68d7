"""Repeating the fold over the log, and publishing its result."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from app.catalogue.live import LiveCatalogue
from app.interventions import SETTING, interventions_in
from app.learning.bases import BaseKeeper, fed, fold_from
from app.learning.fold import Fold
from app.learning.quarantines import Quarantines
from app.learning.totals import NoTastes
from app.store.protocol import Base, FoldState, SeriesState, Store
from assets.revisions import Revisions
from bandit.learners import Kind, new_learner
from bandit.policy import Learner

REBUILD_LEASE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Start:
    """The beginning of a fold: a base, or else nothing at the oldest record.

    Without a base, `learner` is used instead of a new one of the kind.
    """

    kind: Kind
    base: Base | None = None
    learner: Learner | None = None


async def rebuilt(store: Store, revisions: Revisions, stops: Sequence[int], start: Start) -> AsyncIterator[Fold]:
    """Fold the log from the beginning, and yield the fold after each batch and at each of the `stops`.

    It writes nothing, and ends at the last stop.
    """
    live_catalogue = LiveCatalogue(store.log, revisions)
    await live_catalogue.refresh()
    if start.base:
        beginning = await fold_from(store, live_catalogue, start.base)
    else:
        learner = start.learner or new_learner(start.kind)
        nothing = FoldState(0, None, {}, series=SeriesState(apart=True))
        left_out = await Quarantines.in_force(store.log)
        beginning = Fold(store.log, NoTastes(), live_catalogue, learner, nothing, None, left_out)
    async for fold in fed(store.log, beginning, stops):
        yield fold


async def publish(store: Store, bases: BaseKeeper, fold: Fold) -> int | None:
    """Replace everything learned by a rebuilt fold; return its snapshot's id, or None if a trainer is leading."""
    token = await store.state.lead("rebuild", REBUILD_LEASE_MS)
    if token is None:
        return None
    progress = fold.progress(fold.snapshot())
    progress.base_of = await bases.new(fold, "rebuild")
    promotion = interventions_in(await store.log.setting(SETTING)).promotion
    progress.promoted = promotion.given.position if promotion else None  # a whole fold replaces it
    snapshot = await store.state.replace(token, progress)
    await store.state.resign(token)
    return snapshot
