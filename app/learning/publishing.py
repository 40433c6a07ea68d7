"""The commits of a trainer: of the totals alone, and of the totals with the learner as a snapshot."""

import time
from collections.abc import Sequence

import structlog

from app.learning.bases import BaseKeeper
from app.learning.fold import Fold
from app.learning.promotions import Promotions
from app.learning.refolding import Refolding
from app.store.protocol import NewBase, Progress, Snapshot, State
from app.telemetry import metrics
from bandit.learners import restored
from bandit.sealing import UnusableSnapshot

log = structlog.get_logger()

COMMIT_SECONDS = 0.25
"""Seconds between commits of totals: a click has an effect within a second."""
PUBLISH_SECONDS = 1.0
LOAD_SHARE = 20
"""The least time between two snapshots, in units of their loading time, because workers wait while they load."""
WRITE_RATE = 1 << 20
"""Bytes of snapshots written in a second, at most."""


class Publisher:
    """Commits what a fold has learned and counted, with the token of the trainer that leads.

    Nothing below the position `floor` is read again by a trainer that starts now; `floor_stamp` is its time.
    """

    def __init__(self, state: State, bases: BaseKeeper, promotions: Promotions, refolding: Refolding):
        self._state, self._bases, self._promotions, self._refolding = state, bases, promotions, refolding
        self._token = 0
        self._committed = self._published = 0.0
        self._pause = PUBLISH_SECONDS
        self._unpublished = 0
        self.erased = 0
        """Examples of erased profiles, up to the latest snapshot."""
        self.floor = self.floor_stamp = 0

    def begin(self, token: int) -> None:
        self._token, self.erased = token, 0

    def note(self, examples: int) -> None:
        """Note that the fold took in examples that no snapshot has."""
        self._unpublished += examples

    def is_due(self, now: float) -> bool:
        """Tell whether it is time for a snapshot."""
        return bool(self._unpublished) and now - self._published >= self._pause

    def is_commit_due(self, now: float) -> bool:
        return now - self._committed >= COMMIT_SECONDS

    def keep_from(self, fold: Fold) -> None:
        """Note from where a restart would read, if a fold is paused and publishes nothing."""
        self.floor, self.floor_stamp = fold.resume, fold.stamp

    async def commit(self, fold: Fold, base: NewBase | None = None) -> None:
        self._committed = time.monotonic()
        if base or fold.totals.changed or self._promotions.unsaved:
            progress = fold.progress()
            progress.base_of, progress.promoted = base, self._promotions.carried_out
            await self._write(fold, progress)
        if base:
            self._bases.settle(base)

    async def commit_paused(self, fold: Fold) -> None:
        """Commit the totals of a paused fold: no snapshot leads to its position."""
        await self._drop_candidates(fold)
        await self.commit(fold)
        self._unpublished, self.erased = 0, fold.forgotten

    async def publish(
        self,
        fold: Fold,
        base: NewBase | None = None,
        refolded: int | None = None,
        kept: Sequence[Snapshot] = (),
    ) -> None:
        """Commit everything with a snapshot that was checked to load, because a bad one would stop every worker.

        With `base` the state becomes a base; with `refolded` it is the state that the base of that id leads to.
        """
        snapshot = fold.snapshot()
        started = time.monotonic()
        try:
            restored(snapshot.learner)
            progress = fold.progress(snapshot)
            progress.base_of, progress.refolded = base, refolded
            progress.quarantined, progress.kept = fold.quarantines.known_to, kept
            progress.scrubbed = await self._bases.scrubbed()
        except UnusableSnapshot as error:
            metrics.SNAPSHOTS_REFUSED.inc()
            log.exception("snapshot_refused", position=snapshot.position, reason=str(error))
            progress = fold.progress()
        progress.promoted = self._promotions.carried_out
        loading = time.monotonic() - started
        await self._drop_candidates(fold)
        await self._write(fold, progress)
        self._settle(fold, progress)
        self._unpublished, self.erased = 0, fold.forgotten
        self._committed = self._published = time.monotonic()
        self._pause = max(PUBLISH_SECONDS, LOAD_SHARE * loading, len(snapshot.learner) / WRITE_RATE)

    async def _write(self, fold: Fold, progress: Progress) -> None:
        await self._state.commit(self._token, progress)
        fold.settle(progress)
        self._promotions.settle()

    def _settle(self, fold: Fold, progress: Progress) -> None:
        if progress.snapshot:
            self.floor, self.floor_stamp = progress.snapshot.resume, fold.stamp
            self._bases.settle_scrubbed()
        if progress.base_of:
            if progress.base_of.breaks:
                self._refolding.demand(hurried=self._bases.hurried)
            self._bases.settle(progress.base_of)

    async def _drop_candidates(self, fold: Fold) -> None:
        """Delete candidates that know an erased profile: unlike incumbents, none soon replaces them."""
        if fold.forgotten > self.erased:
            await self._state.drop_candidates()
