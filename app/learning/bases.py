"""Bases: the states from which a repeated fold ends at the state in use."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Literal

import structlog

from app.catalogue.live import LiveCatalogue
from app.interventions import SETTING, interventions_in
from app.learning.counting import fold_state_in, without
from app.learning.fold import Fold
from app.learning.quarantines import Quarantines
from app.learning.totals import NoTastes
from app.records import FOLD, Kind, Rebase, Record, decode_erasure, encode
from app.store.protocol import Base, Log, NewBase, State, Store
from app.viewers.erasure import finish_erasure
from bandit import learners
from bandit.sealing import UnusableSnapshot

log = structlog.get_logger()

Reason = Literal["first", "upgrade", "erasure", "quarantine", "promotion", "regular", "retention", "rebuild"]
BREAKS = frozenset({"upgrade", "erasure", "quarantine"})
"""Reasons after which the records before the base no longer lead to its state."""
BATCH = 5000
PATIENCE_SECONDS, SECONDS_A_RECORD = 60.0, 50e-6
"""After this time an unfinished erasure counts as interrupted: it has to read the whole log."""
SPACING = 8
"""The number of bases in the time for which the log is kept."""
SHORTEST_MS = 3_600_000
"""The shortest time between two bases, except for a special reason."""


class BaseGoneError(LookupError):
    """A trainer has replaced the base meanwhile."""


async def sound_base(store: Store, kind: learners.Kind) -> Base | None:
    """Return the oldest base from which this version ends at the state in use, if there is one."""
    state, quarantined = store.state, interventions_in(await store.log.setting(SETTING)).quarantined
    for base in await state.bases():
        fits = base.sound and base.fold == FOLD and base.quarantined == quarantined
        if fits and await _is_of(state, base, kind):
            return base
    return None


async def resume(store: Store, live_catalogue: LiveCatalogue, kind: learners.Kind = "logistic") -> Fold:
    """Return the fold at the latest usable snapshot and totals, or at the beginning of the log.

    A snapshot of another learner is not usable: this one learns the retained log from the beginning.
    """
    counted, left_out = await store.state.fold_state(), await Quarantines.in_force(store.log)
    for snapshot in await store.state.snapshots(limit=5):
        try:
            learner = learners.restored(snapshot.learner, kind)
        except UnusableSnapshot as error:
            log.warning("snapshot_passed_over", snapshot=snapshot.id, reason=str(error))
            continue
        return Fold(store.log, store.state, live_catalogue, learner, counted, snapshot, left_out)
    return Fold(store.log, store.state, live_catalogue, learners.new_learner(kind), counted, None, left_out)


async def fold_from(store: Store, live_catalogue: LiveCatalogue, base: Base) -> Fold:
    """Return a fold that begins at a base. It has committed nothing yet.

    Raises `BaseGoneError`, and `UnusableSnapshot` if the base is damaged.
    """
    found = await store.state.base(base.id)
    if found is None:
        raise BaseGoneError(f"Base {base.id} is gone because a trainer replaced it; try again.")
    snapshot, counts = found
    learner = learners.restored(snapshot.learner)
    counted, left_out = fold_state_in(counts, base.position), await Quarantines.in_force(store.log)
    return Fold(store.log, NoTastes(), live_catalogue, learner, counted, snapshot, left_out)


async def fed(store_log: Log, fold: Fold, stops: Sequence[int]) -> AsyncIterator[Fold]:
    """Feed the log to a fold up to the last of the `stops`, and yield it after each batch and at each stop."""
    for stop in stops:
        if fold.position >= stop:  # the stop is where the fold begins
            yield fold
        while fold.position < stop:
            records = await store_log.read(fold.position, BATCH)
            if not records:  # the log lost its end in a power cut: there is no more
                break
            await fold.feed([record for record in records if record.position <= stop])
            yield fold


async def _is_of(state: State, base: Base, kind: learners.Kind) -> bool:
    found = await state.base(base.id)
    return found is not None and learners.kind_of(found[0].learner) == kind


class BaseKeeper:
    """Decides when the trainer sets a base: when the records before no longer lead to the state, and regularly."""

    def __init__(self, store: Store, kind: learners.Kind, *, retention: int, reach: int, clock: Callable[[], int]):
        """Take in ms for how long the log is kept, and for how long after a decision its feedback is accepted."""
        self._store, self._kind, self._reach, self._clock = store, kind, reach, clock
        self.retention, self.clock = retention, clock
        self._spacing = max(SHORTEST_MS, (retention - reach) // SPACING)
        self._reason: Reason | None = None
        self.hurried = False
        """Whether the fold has to be repeated soon after the next base, because of a quarantine."""
        self._erased: set[str] = set()
        self._latest: int | None = None
        """The time of the latest base."""
        self._kept_at: int | None = None
        """The time of the latest base that was set because no other was left."""
        self._scrubbing_since: dict[str, float] = {}

    async def begin(self, fold: Fold) -> None:
        """Read the existing bases when a trainer begins to lead.

        If none fits this version of the fold, a record asks for the state to become a base. A fold that begins
        from nothing is a base itself.
        """
        self._reason, self.hurried = None, False
        self._erased.clear()
        bases = await self._store.state.bases()
        self._latest = max((base.created for base in bases), default=None)
        if await sound_base(self._store, self._kind):
            return
        if fold.untouched:
            self._reason = "first"
        else:
            await self._store.log.rebase(encode(Rebase("upgrade", FOLD)))

    def note(self, records: Sequence[Record]) -> None:
        erased = {decode_erasure(record.body).profile for record in records if record.kind == Kind.ERASURE}
        if erased:
            self._erased |= erased
            self._reason = "erasure"
        if any(record.kind == Kind.QUARANTINE for record in records):
            self.hurried = True
            self._reason = "erasure" if self._reason == "erasure" else "quarantine"
        elif self._reason is None and any(record.kind == Kind.BASE for record in records):
            self._reason = "upgrade"

    async def due(self, fold: Fold) -> NewBase | None:
        if not fold.level:
            return None
        if self._reason is None and self._latest is not None:
            late = self._clock() - self._latest >= self._spacing
            return await self.new(fold, "regular") if late else None
        if self._reason is None or (self._reason == "erasure" and await self._scrubbing()):
            return None
        return await self.new(fold, self._reason)

    async def new(self, fold: Fold, reason: Reason) -> NewBase:
        """Return the fold's state as a base.

        Later records may name earlier decisions for as long as feedback is accepted.
        """
        found = await self._store.log.read(fold.resume - 1, 1)
        since = found[0].stamp if found else self._clock()
        since = since if fold.untouched else since - self._reach
        breaks, alone, quarantined = reason in BREAKS, reason == "promotion", fold.quarantines.known_to
        return NewBase(reason, FOLD, since, breaks, fold.snapshot(), fold.counting(), quarantined, alone)

    async def scrubbed(self) -> dict[int, tuple[bytes, bytes]]:
        """Return learner and counts of the bases that stay, without those who were erased of late.

        It goes with the commit that has learned past their erasure: a trainer that starts again does not read it.
        """
        if not self._erased:
            return {}
        kept = {base.id: await self._store.state.base(base.id) for base in await self._store.state.bases()}
        return {id_: without(self._erased, found[0].learner, found[1]) for id_, found in kept.items() if found}

    def settle_scrubbed(self) -> None:
        self._erased.clear()

    async def _scrubbing(self) -> bool:
        """Tell whether decisions are still being scrubbed, because a later fold would read those otherwise.

        An erasure that takes too long was interrupted: its worker was killed. It is finished here.
        """
        under_way, now = await self._store.log.erasures(), time.monotonic()
        self._scrubbing_since = {who: self._scrubbing_since.get(who, now) for who in under_way}
        if not under_way:
            return False
        patience = max(PATIENCE_SECONDS, (await self._store.log.head()).position * SECONDS_A_RECORD)
        late = [who for who, since in self._scrubbing_since.items() if now - since >= patience]
        for who in late[:1]:  # one in a turn, because it reads the whole log
            await finish_erasure(self._store.log, who)
        return True

    def settle(self, base: NewBase) -> None:
        if base.reason == self._reason:
            self._reason, self.hurried = None, False
        self._latest = self._clock()
        if base.reason == "retention":
            self._kept_at = self._latest
        log.info("base_set", reason=base.reason)

    async def make_room(self, token: int, before: int) -> bool:
        """Drop the bases that need records stamped before `before`; tell whether another base is wanted.

        If the log is kept hardly longer than feedback is accepted, each base soon needs deleted records. Then a
        base is set every hour, and between two of them there may be none.
        """
        bases = await self._store.state.bases()
        if any(base.since < before for base in bases):
            await self._store.state.drop_bases(token, before)
        if any(base.since >= before for base in bases):
            return False
        now, last = self._clock(), self._kept_at
        return last is None or now - last >= SHORTEST_MS

    async def floor(self) -> int | None:
        return min((base.resume for base in await self._store.state.bases()), default=None)
