"""The log as an evaluation reads it: decisions that are shown, and exposures whose windows close."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.catalogue.live import LiveCatalogue, LiveTitle
from app.learning.caps import Caps
from app.learning.examples import example_of, example_of_past
from app.learning.log_join import Close, Forget, LogJoin, Past, Step, opened_by
from app.learning.quarantines import Quarantines
from app.records import DECISIONS, Decision, Kind, Record, decode_decision
from app.store.protocol import Log
from bandit.types import Example

BATCH = 1000
REMEMBERED = 8_000
"""Decisions with an open window that are kept in memory; others are read again at the close."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A decision as it is shown. `number` is its position in the log.

    A deferred decision that is held may be shown again; only the first time counts.
    """

    number: int
    decision: Decision
    live_title: LiveTitle


@dataclass(frozen=True, slots=True)
class Ended:
    """An exposure whose window has closed.

    `example` is what the learner learns of it: nothing if the caps leave it out. It `weighs` if the best single
    picture depends on it.
    """

    number: int
    decided: int
    """The stamp of the decision, in milliseconds."""
    decision: Decision
    live_title: LiveTitle
    close: Close
    example: Example | None
    weighs: bool

    @property
    def reward(self) -> float:
        return self.close.closed.reward


@dataclass(frozen=True, slots=True)
class Taught:
    """An imported exposure. The service learned from it, and showed nothing."""

    example: Example


Event = Shown | Ended | Forget | Taught


class _Known(NamedTuple):
    decision: Decision
    live_title: LiveTitle
    stamp: int
    deferred: bool


class Since(NamedTuple):
    """The position after which to read, and the reward rules in force there."""

    position: int
    rules: bytes | None


class Replay:
    """Reads the log in order, from its oldest record, or `since` a later one, up to a position.

    A policy may be asked at `Shown` what it would have chosen, and it may learn at `Ended`: then it knows what a
    service knew at that moment. Pins, bots, voided decisions, exposures in quarantine, and
    decisions whose title is not kept are left out.
    """

    def __init__(
        self,
        log: Log,
        live_catalogue: LiveCatalogue,
        quarantines: Quarantines | None = None,
        since: Since | None = None,
    ):
        self._log, self._live_catalogue = log, live_catalogue
        self._quarantines = Quarantines() if quarantines is None else quarantines
        self._join = LogJoin(since.rules if since else None)
        self._learned, self._counted = Caps(), Caps()
        self._open: dict[int, _Known] = {}
        self.unreadable: set[str] = set()
        """The revisions of titles that were not readable; their decisions are left out."""
        self.position = since.position if since else 0

    async def events(self, until: int) -> AsyncIterator[list[Event]]:
        """Yield the events of each batch of records, up to the position `until`."""
        while self.position < until:
            records = [each for each in await self._log.read(self.position, BATCH) if each.position <= until]
            if not records:
                return
            steps = [(record, list(self._join.steps([record]))) for record in records]
            await self._recall(steps)
            events = list(self._events(steps))
            self._let_go(events)
            self.position = records[-1].position
            yield events

    def _events(self, steps: Iterable[tuple[Record, list[Step]]]) -> Iterator[Event]:
        for record, taken in steps:
            for step in taken:
                if isinstance(step, Close):
                    yield from self._ended(step)
                elif isinstance(step, Past):
                    yield from self._taught(step)
                elif isinstance(step, Forget):
                    self._learned.forget(step.profile)
                    self._counted.forget(step.profile)
                    yield step
            if number := opened_by(record):
                yield from self._shown(number, record)

    def _shown(self, number: int, record: Record) -> Iterator[Shown]:
        """Yield the decision that a record shows, unless its own record has shown it already."""
        known = self._open.get(number)
        if known and (known.deferred or record.kind == Kind.DECISION):
            yield Shown(number, known.decision, known.live_title)

    def _ended(self, step: Close) -> Iterator[Ended]:
        known = self._open.get(step.decision)
        if known is None:
            return
        decision, at = known.decision, step.closed.deadline
        if self._quarantines.leaves_out(step, decision):
            return
        learned = self._learned.take(decision, at, step.rules).everyone
        weighs = self._counted.take(decision, at, step.rules, by_lot=False).everyone
        example = example_of(step, decision, known.live_title) if learned else None
        yield Ended(step.decision, known.stamp, decision, known.live_title, step, example, weighs)

    def _taught(self, step: Past) -> Iterator[Taught]:
        decision = step.imported.decision
        if self._quarantines.leaves_out(step, decision):
            return
        if live_title := self._title_of(decision):
            yield Taught(example_of_past(step, live_title))

    # ---------------------------------------------------------------- decisions

    async def _recall(self, steps: Sequence[tuple[Record, list[Step]]]) -> None:
        """Have the decisions in memory that the steps need, and not many more."""
        if len(self._open) > REMEMBERED:
            self._open.clear()
        wanted = {step.decision for _, taken in steps for step in taken if isinstance(step, Close)}
        for record, _ in steps:
            if record.kind == Kind.DECISION:
                self._remember(record)
            elif number := opened_by(record):
                wanted.add(number)
        absent = wanted.difference(self._open)
        for record in (await self._log.records(absent)).values() if absent else ():
            self._remember(record)

    def _let_go(self, events: Iterable[Event]) -> None:
        """Forget decisions that ended; one that is held and shown again is read again at its next close."""
        for event in events:
            if isinstance(event, Ended):
                self._open.pop(event.number, None)

    def _remember(self, record: Record) -> None:
        if record.kind not in DECISIONS:
            return
        decision = decode_decision(record.body)
        if decision.pinned or decision.bot:
            return
        if live_title := self._title_of(decision):
            deferred = record.kind == Kind.DEFERRED
            self._open[record.position] = _Known(decision, live_title, record.stamp, deferred)

    def _title_of(self, decision: Decision) -> LiveTitle | None:
        """Return the title as it was at a decision; None, and its revision is noted, if it is not readable."""
        try:
            return self._live_catalogue.at(decision.title, decision.revision)
        except (LookupError, ValueError):
            self.unreadable.add(decision.revision)
            return None
