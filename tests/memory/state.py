"""The trainer's state in memory."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from app.store import protocol
from bandit.tally import Tally
from tests.memory.lift import MemoryLift
from tests.memory.series import MemorySeries

KEPT = 5
"""Incumbents kept to fall back on."""
CANDIDATES = 3
"""Candidate snapshots kept to be looked at."""
KeptBase = tuple[protocol.Base, protocol.Snapshot, bytes]


class MemoryState:
    def __init__(self, clock: Callable[[], int]):
        self._clock = clock
        self._token, self._holder, self._until = 0, "", 0
        self._snapshots: list[protocol.Snapshot] = []
        self._published = 0
        self._counted = protocol.FoldState(0, None, {})
        self._tastes: dict[str, protocol.TasteRow] = {}
        self._tallies: dict[protocol.TallyKey, Tally] = {}
        self._series = MemorySeries()
        self._lift = MemoryLift()
        self._bases: dict[int, KeptBase] = {}
        self._made = self._promoted = 0

    async def check(self) -> None:
        """Do nothing: there are no files to check."""

    async def lead(self, holder: str, lasts: int, token: int | None = None) -> int | None:
        now = self._clock()
        if (token, holder) != (self._token, self._holder):
            if token is not None or (
                self._holder != holder and protocol.Lease(self._holder, self._until).lasts(now)
            ):
                return None
            self._token += 1
        self._holder, self._until = holder, now + lasts
        return self._token

    async def resign(self, token: int) -> None:
        if token == self._token:
            self._holder, self._until = "", 0

    async def lease(self) -> protocol.Lease | None:
        return protocol.Lease(self._holder, self._until) if self._holder else None

    async def commit(self, token: int, progress: protocol.Progress) -> int | None:
        self._fence(token)
        for who, row in progress.tastes.items():
            if row:
                self._tastes[who] = row
            else:
                self._tastes.pop(who, None)
        for key, tally in progress.tallies.items():
            if tally is None:
                self._tallies.pop(key, None)
            else:
                self._tallies[key] = replace(tally)
        if progress.series:
            self._series.write(progress.series)
        if progress.lift:
            self._lift.write(progress.lift, self._clock())
        before = self._counted
        self._counted = protocol.FoldState(
            progress.counted,
            progress.base,
            {},
            _changed(before.counted_caps, progress.counted_caps),
            _changed(before.learned_caps, progress.learned_caps) if progress.snapshot else before.learned_caps,
        )
        self._write_bases(progress)
        return self._insert(progress.snapshot, KEPT) if progress.snapshot else None

    def _write_bases(self, progress: protocol.Progress) -> None:
        for id_, (learner, counts) in progress.scrubbed.items():
            if id_ in self._bases:
                base, snapshot, _ = self._bases[id_]
                self._bases[id_] = base, replace(snapshot, learner=learner), counts
        if progress.refolded is not None:
            base, snapshot, counts = _marked(self._bases[progress.refolded], sound=True)
            base = replace(base, quarantined=progress.quarantined)
            self._bases = {progress.refolded: (base, snapshot, counts)}
        if progress.base_of:
            self._add_base(progress.base_of)
        if progress.promoted is not None:
            self._promoted = progress.promoted
        for snapshot in progress.kept:
            self._insert(snapshot, CANDIDATES)

    def _add_base(self, new: protocol.NewBase) -> None:
        if new.alone:
            self._bases = {}
        if new.breaks:
            self._bases = {id_: _marked(kept, sound=False) for id_, kept in self._bases.items()}
        self._made += 1
        snapshot, now = new.snapshot, self._clock()
        position, resume = snapshot.position, snapshot.resume
        at = new.reason, new.fold, position, resume, new.since, now
        base = protocol.Base(self._made, *at, sound=True, quarantined=new.quarantined)
        self._bases[self._made] = base, replace(snapshot, id=self._made, role="base", created=now), new.counts

    def _insert(self, snapshot: protocol.Snapshot, kept: int) -> int:
        self._published += 1
        new = replace(snapshot, id=self._published, created=self._clock())
        role = [*(s for s in self._snapshots if s.role == new.role), new][-kept:]
        self._snapshots = [*(s for s in self._snapshots if s.role != new.role), *role]
        return new.id

    async def keep_candidate(self, snapshot: protocol.Snapshot) -> int:
        return self._insert(replace(snapshot, role="candidate"), CANDIDATES)

    async def choose(self, snapshot: protocol.Snapshot) -> int:
        return self._insert(replace(snapshot, role="chosen"), CANDIDATES)

    async def drop_candidates(self) -> None:
        self._snapshots = [s for s in self._snapshots if s.role == "incumbent"]

    async def snapshot(self, id: int) -> protocol.Snapshot | None:  # noqa: A002  the word for it
        return next((each for each in self._snapshots if each.id == id), None)

    async def promoted(self) -> int:
        return self._promoted

    async def replace(self, token: int, progress: protocol.Progress) -> int | None:
        self._fence(token)
        self._counted = protocol.FoldState(0, None, {})
        self._tastes, self._tallies, self._bases = {}, {}, {}
        return await self.commit(token, progress)

    async def drop_bases(self, token: int, before: int) -> None:
        self._fence(token)
        self._bases = {id_: kept for id_, kept in self._bases.items() if kept[0].since >= before}

    async def bases(self) -> list[protocol.Base]:
        return [base for base, _, _ in self._bases.values()]

    async def base(self, id: int) -> tuple[protocol.Snapshot, bytes] | None:  # noqa: A002  the word for it
        kept = self._bases.get(id)
        return kept[1:] if kept else None

    def _fence(self, token: int) -> None:
        if token != self._token:
            raise protocol.LostLeaseError(
                f"The lease with token {token} was taken over by one with token {self._token}."
            )

    async def fold_state(self) -> protocol.FoldState:
        tallies, series = await self.tallies(), self._series.state()
        return replace(self._counted, tallies=tallies, series=series, experiments=self._lift.all())

    async def current(self) -> int | None:
        return max((s.id for s in self._snapshots if s.role == "incumbent"), default=None)

    async def snapshots(self, role: str = "incumbent", limit: int = 20) -> list[protocol.Snapshot]:
        return [s for s in reversed(self._snapshots) if s.role == role][:limit]

    async def taste_rows(self, pseudonyms: Iterable[str]) -> dict[str, protocol.TasteRow]:
        return {who: self._tastes[who] for who in pseudonyms if who in self._tastes}

    async def tastes(self, after: str, limit: int) -> dict[str, protocol.TasteRow]:
        behind = sorted(who for who in self._tastes if who > after)[:limit]
        return {who: self._tastes[who] for who in behind}

    async def taste_since(self, pseudonym: str) -> tuple[bytes, int, bytes] | None:
        row = self._tastes.get(pseudonym)
        return (row.values, row.first, row.showings) if row else None

    async def tallies(self, title: str | None = None) -> dict[protocol.TallyKey, Tally]:
        return {k: replace(t) for k, t in self._tallies.items() if title is None or k[0] == title}

    async def group_tallies(self) -> dict[str, Tally]:
        groups = {group for _, _, group in self._tallies}
        return {g: sum((t for (_, _, of), t in self._tallies.items() if of == g), Tally()) for g in groups}

    async def experiments(self) -> list[protocol.Experiment]:
        return self._lift.all()

    async def drift_hours(self, first: int) -> dict[int, protocol.DriftSums]:
        return self._series.drift_hours(first)

    async def shown_in_days(self, first: int, last: int) -> list[protocol.ShownDays]:
        return self._series.shown_in_days(first, last)

    async def series_began(self) -> int | None:
        return self._series.began

    async def series(
        self, step: protocol.Step, since: int, by: Collection[protocol.Dimension], most: int
    ) -> tuple[list[protocol.StepSums], int]:
        return self._series.summed(step, since, by, most)

    async def artwork_days(
        self, title: str, first: int, last: int
    ) -> dict[int, dict[tuple[str, str], protocol.Sums]]:
        return self._series.artwork_days(title, first, last)

    async def period_rows(self, step: protocol.Step, at: int) -> dict[protocol.SeriesKey, protocol.Sums]:
        return self._series.rows(step, at)

    async def periods(self, step: protocol.Step, first: int) -> list[int]:
        return self._series.periods(step, first)

    async def wipe(self) -> bool:
        return True


def _changed(rows: Mapping[str, str], change: protocol.CapChange) -> Mapping[str, str]:
    kept = {} if change.anew else rows
    if change.turned:
        kept = {name: row for name, row in kept.items() if not name.startswith(protocol.OF_THE_HOUR)}
    return {name: row for name, row in {**kept, **change.rows}.items() if row is not None}


def _marked(kept: KeptBase, *, sound: bool) -> KeptBase:
    return replace(kept[0], sound=sound), kept[1], kept[2]
