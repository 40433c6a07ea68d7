"""Repeating the fold beside the one in use, to remove everything learned from erased profiles or in quarantine."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from app.catalogue.live import LiveCatalogue
from app.interventions import SETTING, interventions_in
from app.learning.bases import BREAKS, BaseGoneError, fold_from
from app.learning.fold import Fold
from app.records import FOLD
from app.store.protocol import Base, Store
from bandit.sealing import UnusableSnapshot

log = structlog.get_logger()

BATCH = 250
"""Records that are folded together, while the fold in use waits."""
DELAY_SECONDS = 3600.0
"""Seconds for which erasures are gathered before one refolding for all of them."""


@dataclass(slots=True)
class _Running:
    base: Base
    shadow: Fold
    outdated: bool = False
    """A profile was erased since it began, so records that it has read were scrubbed afterwards."""


@dataclass(frozen=True, slots=True)
class Refolded:
    """The fold in use was changed.

    `base` is the id of the base that leads to it now; None if there is none yet.
    """

    base: int | None


class Refolding:
    """Begins at the oldest base, reads the scrubbed records, and replaces the fold in use.

    It works in small steps while the fold in use is idle. Later erasures wait for the next refolding.
    """

    def __init__(self, store: Store, live_catalogue: LiveCatalogue, clock: Callable[[], int]):
        self._store, self._live_catalogue, self._clock = store, live_catalogue, clock
        self._due: float | None = None
        self._running: _Running | None = None

    async def begin(self) -> None:
        """Check, when a trainer begins to lead, whether erasures still need a refolding."""
        self._running = self._due = None
        if await self._oldest():
            bases = await self._store.state.bases()
            first = min((base.created for base in bases if base.reason in BREAKS), default=0)
            waited = min(max(0.0, (self._clock() - first) / 1000), DELAY_SECONDS)
            ordered = interventions_in(await self._store.log.setting(SETTING)).quarantined
            hurried = any(base.quarantined != ordered for base in bases)
            self._due = time.monotonic() + (0.0 if hurried else DELAY_SECONDS - waited)

    def demand(self, *, hurried: bool) -> None:
        """Remember that the oldest base no longer leads to the state in use. If it is `hurried`, begin now."""
        if hurried:
            self._running, self._due = None, time.monotonic()
        elif self._running:
            self._running.outdated = True
        elif self._due is None:
            self._due = time.monotonic() + DELAY_SECONDS

    def give_up(self) -> None:
        """Forget the demands, because no base is left that does not lead to the state in use."""
        self._running = self._due = None

    async def turn(self, fold: Fold) -> Refolded | None:
        """Continue a little; once it has reached the position of `fold`, change `fold` and return the change."""
        if self._running is None:
            if self._due is not None and time.monotonic() >= self._due:
                await self._start()
            return None
        running = self._running
        records = await self._store.log.read(running.shadow.position, BATCH)
        await running.shadow.feed([record for record in records if record.position <= fold.position])
        running.shadow.drop_changes()
        if running.shadow.position < fold.position:
            return None
        return await self._end(running, fold)

    async def _start(self) -> None:
        self._due = None
        base = await self._oldest()
        if base is None:
            return
        try:
            shadow = await fold_from(self._store, self._live_catalogue, base)
        except (BaseGoneError, UnusableSnapshot) as error:
            log.warning("refold_impossible", base=base.id, reason=str(error))
            return
        shadow.totals.lift.off = True  # it keeps too few tastes, and erasures have left the lift in use
        log.info("refolding", base=base.id, position=base.position)
        self._running = _Running(base, shadow)

    async def _end(self, running: _Running, fold: Fold) -> Refolded:
        self._running = None
        still_there = any(base.id == running.base.id for base in await self._store.state.bases())
        fold.take_over(running.shadow)
        log.info("refolded", base=running.base.id, position=fold.position, outdated=running.outdated)
        if running.outdated:
            self.demand(hurried=False)
        return Refolded(running.base.id if still_there and not running.outdated else None)

    async def _oldest(self) -> Base | None:
        """Return the oldest base if a fold from it no longer ends at the state in use."""
        bases = await self._store.state.bases()
        oldest = bases[0] if bases else None
        return oldest if oldest and not oldest.sound and oldest.fold == FOLD else None
