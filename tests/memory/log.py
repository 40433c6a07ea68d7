"""The log of a store in memory."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

import msgspec

from app.records import (
    DECISIONS,
    Erasure,
    Feedback,
    Kind,
    Record,
    Reference,
    Spot,
    decode_decision,
    encode,
    without_profile,
)
from app.store.log_time import LogTime
from app.store.protocol import (
    Begun,
    Draft,
    Event,
    Head,
    Hold,
    Size,
    StoreTimeoutError,
)

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
        self._begun: Begun | None = None
        self._settings: dict[str, bytes] = {}
        self._erasing: set[str] = set()

    async def check(self) -> None:
        """Do nothing: other processes have no access to it."""

    async def size(self) -> Size:
        return Size(sum(len(record.body) for record in self._records.values()))

    async def shrink(self, most: int) -> int:
        return 0

    def now(self) -> int:
        return self._time.now()

    async def log_decisions(self, drafts: Sequence[Draft], *, deadline: float | None = None) -> list[Hold]:
        _check(deadline)
        return [self._log_one(draft) for draft in drafts]

    def _log_one(self, draft: Draft) -> Hold:
        standing = self._holds.get(draft.key) if draft.key and draft.lasts else None
        if standing and standing.decision != draft.seen and standing.until > self.now():
            return self._with_exposure(standing)
        at = self.append(Kind.DEFERRED if draft.deferred else Kind.DECISION, draft.body)
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
        self, hold: Hold, *, deferred: bool, window: int, spot: Spot | None = None, deadline: float | None = None
    ) -> None:
        _check(deadline)
        fresh = msgspec.structs.replace(hold, opened_at=None if hold.deferred else hold.stamp)
        now = self._with_exposure(fresh)
        if now.opened_at is not None and self.now() < now.opened_at + window:
            return
        if not deferred:
            at = self.append(Kind.EXPOSURE, encode(Reference(hold.decision, spot)))
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
        self.append(event.kind, encode(Feedback(event.decision, opener, event.seconds, event.spot, event.ago)))
        if opened_at is None:
            opening = self._records.get(opener)
            opened_at = opening.stamp if opening else 0
        self._exposures[event.decision] = (opener, opened_at, happened | bit, max(seconds, event.seconds))
        return True

    async def tick(self, after: int) -> None:
        if self.now() - self._last.stamp >= after:
            self.append(Kind.TICK, b"")

    async def declare(self, rules: bytes) -> None:
        if self._settings.get("rules") != rules:
            self.append(Kind.RULES, rules)
            self._settings["rules"] = rules

    async def begun(self) -> Begun | None:
        return self._begun

    async def begin(self, terms: bytes, after: Begun | None) -> bool:
        if self._begun != after:
            return False
        self.append(Kind.EXPERIMENT, terms)
        self._begun = Begun(self._last.stamp, terms)
        return True

    async def log_imported(self, bodies: Sequence[bytes], name: str, expected: bytes | None, value: bytes) -> bool:
        if not await self.swap_setting(name, expected, value):
            return False
        for body in bodies:
            self.append(Kind.IMPORTED, body)
        return True

    async def rebase(self, body: bytes) -> None:
        self.append(Kind.BASE, body)

    async def head(self) -> Head:
        return self._last

    async def read(self, after: int, limit: int) -> list[Record]:
        first = max(after + 1, next(iter(self._records), 1))
        behind = (self._records.get(position) for position in range(first, self._last.position + 1))
        return list(islice((record for record in behind if record), limit))

    async def latest(self, before: int, limit: int) -> list[Record]:
        return [record for position, record in reversed(self._records.items()) if position < before][:limit]

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
            body = without_profile(record.kind, record.body, pseudonym)
            if body is not None:
                self._records[after] = msgspec.structs.replace(record, body=body)
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
        self.append(Kind.ERASURE, encode(Erasure(pseudonym)))

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

    def append(self, kind: Kind, body: bytes) -> Head:
        at = self._last = Head(self._last.position + 1, self.now())
        self._time.see(at.stamp)
        self._records[at.position] = Record(at.position, at.stamp, kind, body)
        return at
