"""A store that forgets: for trying things out in one process."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count, islice

import msgspec

from app.records import DECISIONS, Erasure, Feedback, Kind, Record, Reference, decode_decision, encode
from app.store.log_time import LogTime
from app.store.protocol import (
    KEPT_EDITS,
    OF_THE_HOUR,
    SPENT_MS,
    Base,
    CapChange,
    Draft,
    Edit,
    EditDraft,
    Event,
    FoldState,
    Head,
    Hold,
    Lease,
    LostLeaseError,
    NewBase,
    Progress,
    Size,
    Snapshot,
    StoreTimeoutError,
    TallyKey,
    TasteRow,
)
from bandit.tally import Tally

KEPT = 5
"""Incumbents kept to fall back on."""
CANDIDATES = 3
"""Candidate snapshots kept to be looked at."""
KeptBase = tuple[Base, Snapshot, bytes]
_BIT = {Kind.IMPRESSION: 1, Kind.CLICK: 2, Kind.PLAY: 4}


def _check(deadline: float | None) -> None:
    if deadline is not None and asyncio.get_running_loop().time() >= deadline:
        raise StoreTimeoutError("The log took longer than the decision may.")


class MemoryLog:
    def __init__(self, clock: Callable[[], int], passing: Callable[[], int] | None = None):
        self._time = LogTime(clock, passing)
        self._records: dict[int, Record] = {}
        self._last = Head(0, 0)
        self._holds: dict[bytes, Hold] = {}
        self._exposures: dict[int, tuple[int | None, int | None, int, float]] = {}
        self._profiles: dict[str, bytes] = {}
        self._settings: dict[str, bytes] = {}
        self._erasing: set[str] = set()

    async def check(self) -> None:
        """Nothing of it can be taken away."""

    async def size(self) -> Size:
        return Size(sum(len(record.body) for record in self._records.values()))

    async def shrink(self, most: int) -> int:  # noqa: ARG002  it is as small as can be
        return 0

    def now(self) -> int:
        return self._time.now()

    async def log_decisions(self, drafts: Sequence[Draft], *, deadline: float | None = None) -> list[Hold]:
        _check(deadline)
        return [self._place(draft) for draft in drafts]

    def _place(self, draft: Draft) -> Hold:
        standing = self._holds.get(draft.key) if draft.key and draft.lasts else None
        if standing and standing.decision != draft.seen and standing.until > self.now():
            return self._with_exposure(standing)
        at = self._append(Kind.DEFERRED if draft.deferred else Kind.DECISION, draft.body)
        hold = Hold(
            at.position,
            draft.nonce,
            at.stamp,
            at.stamp + draft.lasts,
            draft.artwork,
            draft.group,
            draft.deferred,
            draft.pinned,
            None if draft.deferred else at.stamp,
        )
        if draft.key:
            self._holds[draft.key] = hold
        return hold

    async def holds(self, keys: Sequence[bytes]) -> list[Hold | None]:
        found = [self._holds.get(key) for key in keys]
        return [hold and self._with_exposure(hold) for hold in found]

    def _with_exposure(self, hold: Hold) -> Hold:
        exposure = self._exposures.get(hold.decision)
        return msgspec.structs.replace(hold, opened_at=exposure[1]) if exposure else hold

    async def log_exposure(
        self, hold: Hold, *, deferred: bool, window: int, deadline: float | None = None
    ) -> None:
        _check(deadline)
        fresh = msgspec.structs.replace(hold, opened_at=None if hold.deferred else hold.stamp)
        now = self._with_exposure(fresh)
        if now.opened_at is not None and self.now() < now.opened_at + window:
            return
        if not deferred:
            at = self._append(Kind.EXPOSURE, encode(Reference(hold.decision)))
            self._exposures[hold.decision] = (at.position, at.stamp, 0, 0.0)
        elif now.opened_at is not None:
            self._exposures[hold.decision] = (None, None, 0, 0.0)

    async def log_feedback(self, events: Sequence[Event]) -> list[bool | None]:
        return [self._feedback(event) for event in events]

    def _feedback(self, event: Event) -> bool | None:
        record = self._records.get(event.decision)
        if record is None or record.kind not in DECISIONS or decode_decision(record.body).nonce != event.nonce:
            return None
        fresh = (None if event.deferred else event.decision, None, 0, 0.0)
        opened, opened_at, happened, seconds = self._exposures.get(event.decision, fresh)
        bit = _BIT[event.kind]
        longer = event.kind is Kind.PLAY and event.seconds > seconds
        if opened is not None and happened & bit and not longer:
            return False
        opener = self._last.position + 1 if opened is None else opened
        self._append(event.kind, encode(Feedback(event.decision, opener, event.seconds)))
        if opened_at is None:
            opening = self._records.get(opener)
            opened_at = opening.stamp if opening else 0
        self._exposures[event.decision] = (opener, opened_at, happened | bit, max(seconds, event.seconds))
        return True

    async def tick(self, after: int) -> None:
        if self.now() - self._last.stamp >= after:
            self._append(Kind.TICK, b"")

    async def declare(self, rules: bytes) -> None:
        if self._settings.get("rules") != rules:
            self._append(Kind.RULES, rules)
            self._settings["rules"] = rules

    async def rebase(self, body: bytes) -> None:
        self._append(Kind.BASE, body)

    async def head(self) -> Head:
        return self._last

    async def read(self, after: int, limit: int) -> list[Record]:
        first = max(after + 1, next(iter(self._records), 1))
        behind = (self._records.get(position) for position in range(first, self._last.position + 1))
        return list(islice((record for record in behind if record), limit))

    async def records(self, positions: Iterable[int]) -> dict[int, Record]:
        return {position: self._records[position] for position in positions if position in self._records}

    async def trim(self, *, before: int, below: int, limit: int) -> int:
        below = min(below, self._last.position)
        old = [p for p, r in self._records.items() if r.stamp < before and p < below][: limit + 1]
        rules = [position for position in old if self._records[position].kind == Kind.RULES]
        old = [position for position in old if position not in rules[-1:]][:limit]
        for position in old:
            del self._records[position]
        if old:
            last, now = old[-1], self.now()
            self._exposures = {d: e for d, e in self._exposures.items() if d > last}
            self._holds = {k: h for k, h in self._holds.items() if h.decision > last or h.until >= now}
        return len(old)

    async def scrub(self, pseudonym: str, after: int, limit: int) -> int:
        for record in await self.read(after, limit):
            after = record.position
            if record.kind in DECISIONS:
                decision = decode_decision(record.body)
                if decision.profile == pseudonym:
                    self._records[after] = msgspec.structs.replace(record, body=encode(decision.forgotten()))
        return after

    async def profile(self, pseudonym: str) -> bytes | None:
        return self._profiles.get(pseudonym)

    async def change_profile(self, pseudonym: str, change: Callable[[bytes | None], bytes]) -> None:
        self._profiles[pseudonym] = change(self._profiles.get(pseudonym))

    async def forget(self, pseudonym: str) -> None:
        self._erasing.add(pseudonym)
        self._forget(pseudonym)

    async def end_erasure(self, pseudonym: str) -> None:
        self._erasing.discard(pseudonym)
        self._forget(pseudonym)

    async def erasures(self) -> list[str]:
        return sorted(self._erasing)

    def _forget(self, pseudonym: str) -> None:
        self._profiles.pop(pseudonym, None)
        prefix = bytes.fromhex(pseudonym)
        self._holds = {key: hold for key, hold in self._holds.items() if not key.startswith(prefix)}
        self._append(Kind.ERASURE, encode(Erasure(pseudonym)))

    async def setting(self, name: str) -> bytes | None:
        return self._settings.get(name)

    async def make_setting(self, name: str, value: bytes) -> bytes:
        return self._settings.setdefault(name, value)

    async def swap_setting(self, name: str, expected: bytes | None, value: bytes) -> bool:
        if self._settings.get(name) != expected:
            return False
        self._settings[name] = value
        return True

    async def wipe(self) -> bool:
        return True

    def _append(self, kind: Kind, body: bytes) -> Head:
        at = self._last = Head(self._last.position + 1, self.now())
        self._time.see(at.stamp)
        self._records[at.position] = Record(at.position, at.stamp, kind, body)
        return at


class MemoryState:
    def __init__(self, clock: Callable[[], int]):
        self._clock = clock
        self._token, self._holder, self._until = 0, "", 0
        self._snapshots: list[Snapshot] = []
        self._published = 0
        self._counted = FoldState(0, None, {})
        self._tastes: dict[str, TasteRow] = {}
        self._tallies: dict[TallyKey, Tally] = {}
        self._bases: dict[int, KeptBase] = {}
        self._made = 0

    async def check(self) -> None:
        """As the log's."""

    async def lead(self, holder: str, lasts: int, token: int | None = None) -> int | None:
        now = self._clock()
        if (token, holder) != (self._token, self._holder):
            if token is not None or (self._holder != holder and Lease(self._holder, self._until).lasts(now)):
                return None
            self._token += 1
        self._holder, self._until = holder, now + lasts
        return self._token

    async def resign(self, token: int) -> None:
        if token == self._token:
            self._holder, self._until = "", 0

    async def lease(self) -> Lease | None:
        return Lease(self._holder, self._until) if self._holder else None

    async def commit(self, token: int, progress: Progress) -> int | None:
        self._fence(token)
        for who, row in progress.tastes.items():
            if row:
                self._tastes[who] = row
            else:
                self._tastes.pop(who, None)
        self._tallies.update({key: replace(tally) for key, tally in progress.tallies.items()})
        before = self._counted
        self._counted = FoldState(
            progress.counted,
            progress.base,
            {},
            _changed(before.counted_caps, progress.counted_caps),
            _changed(before.learned_caps, progress.learned_caps) if progress.snapshot else before.learned_caps,
        )
        self._write_bases(progress)
        return self._insert(progress.snapshot, KEPT) if progress.snapshot else None

    def _write_bases(self, progress: Progress) -> None:
        for id_, (learner, counts) in progress.scrubbed.items():
            if id_ in self._bases:
                base, snapshot, _ = self._bases[id_]
                self._bases[id_] = base, replace(snapshot, learner=learner), counts
        if progress.refolded is not None:
            self._bases = {progress.refolded: _marked(self._bases[progress.refolded], sound=True)}
        if progress.base_of:
            self._add_base(progress.base_of)

    def _add_base(self, new: NewBase) -> None:
        if new.breaks:
            self._bases = {id_: _marked(kept, sound=False) for id_, kept in self._bases.items()}
        self._made += 1
        snapshot, now = new.snapshot, self._clock()
        position, resume = snapshot.position, snapshot.resume
        base = Base(self._made, new.reason, new.fold, position, resume, new.since, now, sound=True)
        self._bases[self._made] = base, replace(snapshot, id=self._made, role="base", created=now), new.counts

    def _insert(self, snapshot: Snapshot, kept: int) -> int:
        self._published += 1
        new = replace(snapshot, id=self._published, created=self._clock())
        role = [*(s for s in self._snapshots if s.role == new.role), new][-kept:]
        self._snapshots = [*(s for s in self._snapshots if s.role != new.role), *role]
        return new.id

    async def keep_candidate(self, snapshot: Snapshot) -> int:
        return self._insert(replace(snapshot, role="candidate"), CANDIDATES)

    async def drop_candidates(self) -> None:
        self._snapshots = [s for s in self._snapshots if s.role != "candidate"]

    async def replace(self, token: int, progress: Progress) -> int | None:
        self._fence(token)
        self._counted = FoldState(0, None, {})
        self._tastes, self._tallies, self._bases = {}, {}, {}
        return await self.commit(token, progress)

    async def drop_bases(self, token: int, before: int) -> None:
        self._fence(token)
        self._bases = {id_: kept for id_, kept in self._bases.items() if kept[0].since >= before}

    async def bases(self) -> list[Base]:
        return [base for base, _, _ in self._bases.values()]

    async def base(self, id: int) -> tuple[Snapshot, bytes] | None:  # noqa: A002  the word for it
        kept = self._bases.get(id)
        return kept[1:] if kept else None

    def _fence(self, token: int) -> None:
        if token != self._token:
            raise LostLeaseError(f"The lease with token {token} was taken over by one with token {self._token}.")

    async def fold_state(self) -> FoldState:
        return replace(self._counted, tallies=await self.tallies())

    async def current(self) -> int | None:
        return max((s.id for s in self._snapshots if s.role == "incumbent"), default=None)

    async def snapshots(self, role: str = "incumbent", limit: int = 20) -> list[Snapshot]:
        return [s for s in reversed(self._snapshots) if s.role == role][:limit]

    async def taste_rows(self, pseudonyms: Iterable[str]) -> dict[str, TasteRow]:
        return {who: self._tastes[who] for who in pseudonyms if who in self._tastes}

    async def tastes(self, after: str, limit: int) -> dict[str, TasteRow]:
        behind = sorted(who for who in self._tastes if who > after)[:limit]
        return {who: self._tastes[who] for who in behind}

    async def taste(self, pseudonym: str) -> bytes | None:
        row = self._tastes.get(pseudonym)
        return row.values if row else None

    async def taste_since(self, pseudonym: str) -> tuple[bytes, int] | None:
        row = self._tastes.get(pseudonym)
        return (row.values, row.first) if row else None

    async def tallies(self, title: str | None = None) -> dict[TallyKey, Tally]:
        return {k: replace(t) for k, t in self._tallies.items() if title is None or k[0] == title}

    async def wipe(self) -> bool:
        return True


class MemoryEdits:
    def __init__(self, log: MemoryLog, clock: Callable[[], int]):
        self._log, self._clock = log, clock
        self._edits: list[Edit] = []
        self._numbers = count(1)

    async def swap_setting(
        self, name: str, expected: bytes | None, value: bytes, edits: Sequence[EditDraft]
    ) -> bool:
        if not await self._log.swap_setting(name, expected, value):
            return False
        new = [Edit(next(self._numbers), self._clock(), edit) for edit in edits]
        self._edits = [*self._edits, *new][-KEPT_EDITS:]
        return True

    async def latest(self, limit: int, *, before: int | None = None, title: str | None = None) -> list[Edit]:
        found = (
            edit
            for edit in reversed(self._edits)
            if (before is None or edit.id < before) and title in {None, edit.what.title}
        )
        return list(islice(found, limit))


class MemoryPasses:
    def __init__(self, clock: Callable[[], int]):
        self._clock = clock
        self._spent: dict[str, int] = {}

    async def spend(self, name: str, until: int) -> bool:
        self._spent = {each: end for each, end in self._spent.items() if end + SPENT_MS > self._clock()}
        if name in self._spent:
            return False
        self._spent[name] = until
        return True

    async def spent(self, name: str) -> bool:
        return name in self._spent


def _changed(rows: Mapping[str, str], change: CapChange) -> Mapping[str, str]:
    kept = {} if change.anew else rows
    if change.turned:
        kept = {name: row for name, row in kept.items() if not name.startswith(OF_THE_HOUR)}
    return {name: row for name, row in {**kept, **change.rows}.items() if row is not None}


def _marked(kept: KeptBase, *, sound: bool) -> KeptBase:
    return replace(kept[0], sound=sound), kept[1], kept[2]


class MemoryStore:
    def __init__(self, clock: Callable[[], int], passing: Callable[[], int] | None = None):
        self.log = MemoryLog(clock, passing)
        self.edits = MemoryEdits(self.log, clock)
        self.passes = MemoryPasses(clock)
        self.state = MemoryState(clock)

    async def close(self) -> None:
        """Nothing to close."""
