"""The fold of a candidate: it learns like the trainer, and is compared with the incumbent. It reads no clock."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from typing import NamedTuple

from app.catalogue.live import LiveCatalogue, LiveTitle
from app.interventions import decode_order, replaces_model
from app.learning.candidate_file import State
from app.learning.caps import Caps
from app.learning.comparing import Comparing
from app.learning.examples import context_of, example_of, example_of_past, witness_of
from app.learning.fold import STEPS
from app.learning.learner_faults import LearnerFaults
from app.learning.log_join import Close, Forget, LogJoin, Past, Step, opened_by
from app.learning.quarantines import Quarantines
from app.records import Decision, Kind, Record, decode_decision, unknown
from app.store.protocol import Log, UnknownVersionError
from bandit.exploration import with_floor, with_least
from bandit.paired_difference import PairedDifference, score
from bandit.policy import FailedExample, Learner, UnlearnableExample, check
from bandit.types import Action, Example

INCUMBENTS = frozenset({None, "personalized"})
"""The groups whose logged probabilities are the incumbent's. Viewers without a profile have no group."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """The probabilities that serving mixes in: the floor, and the tags with a least share of the pictures."""

    floor: float
    demands: Sequence[tuple[str, float]] = ()

    def mixed(self, probabilities: Sequence[float], actions: Sequence[Action]) -> list[float]:
        floored = with_floor(probabilities, self.floor)
        if not self.demands:
            return floored
        marks = [([tag in action.tags for action in actions], share) for tag, share in self.demands]
        return with_least(floored, marks)


class Opened(NamedTuple):
    """A record that shows a decision and opens a window of so many ms."""

    position: int
    stamp: int
    decision: int
    window: int


class CandidateFold:
    """Learns each closed exposure, and compares what the candidate would have chosen when it was shown.

    It learns imported exposures, too, and compares none: another system chose their pictures.
    It compares the first showing of each decision of the incumbent, from the start of the candidate or the latest
    promotion on. Later showings repeat a draw that the candidate has learned from.
    """

    def __init__(
        self,
        log: Log,
        live_catalogue: LiveCatalogue,
        learner: Learner,
        mixture: Mixture,
        quarantines: Quarantines,
        state: State,
    ):
        self._log, self._live_catalogue, self._mixture = log, live_catalogue, mixture
        self._quarantines = quarantines
        self.learner = learner
        self._expected = getattr(learner, "expected", None)
        self.position, self.learned, self.stamp = state.resume - 1, state.position, state.stamp
        self.since, self.begun, self.erased = state.since, state.begun, state.erased
        self.comparing = Comparing.restore(state.paired, state.scores)
        self.taken = 0
        """The number of closed exposures and erasures since it was made; no part of its state."""
        self._faults = LearnerFaults()
        self._log_join, self._caps = LogJoin(state.rules), Caps.of(state.caps)

    async def feed(self, records: Sequence[Record]) -> None:
        """Take the next records. Raises `UnknownVersionError` if a later version of Keyart wrote one."""
        if strange := next(filter(None, map(unknown, records)), None):
            raise UnknownVersionError("The log", *strange)
        begin = 0
        for number, record in enumerate(records, 1):
            if self._replaces(record):
                await self._take(records[begin:number])
                self.since, self.comparing, begin = record.position, Comparing(), number
        await self._take(records[begin:])

    def _replaces(self, record: Record) -> bool:
        """Tell whether an operator has ordered another incumbent here, so that the comparison begins again."""
        if record.kind != Kind.INTERVENTION or record.position <= self.since:
            return False
        return replaces_model(decode_order(record.body))

    async def _take(self, records: Sequence[Record]) -> None:
        events = self._events(records)
        while chunk := list(islice(events, STEPS)):
            found = await self._find(chunk)
            for event in chunk:
                self._apply(event, found)
            await asyncio.sleep(0)
        for record in records:
            if record.kind == Kind.ERASURE and self.erased is None and record.position > self.begun:
                self.erased = record.stamp
        if records and records[-1].position > self.learned:
            self.learned, self.stamp = records[-1].position, records[-1].stamp
        if records:
            self.position = records[-1].position

    @property
    def level(self) -> bool:
        """Whether it has read again everything that a fold before it had learned."""
        return self.position == self.learned

    @property
    def paired(self) -> PairedDifference:
        return self.comparing.paired

    def state(self) -> State:
        resume, rules = self._log_join.resume(self.position)
        self._caps.settle()
        known = self.learned, self.stamp, resume, rules, self._caps.rows()
        compared = self.comparing.paired, self.comparing.packed()
        return State(*known, self.since, self.begun, self.erased, *compared)

    def _events(self, records: Iterable[Record]) -> Iterator[Step | Opened]:
        """Yield the steps of each record, and after them that it shows a decision, perhaps for the first time."""
        for record in records:
            yield from self._log_join.steps([record])
            if record.kind != Kind.EXPOSURE and (decision := opened_by(record)):
                yield Opened(record.position, record.stamp, decision, self._log_join.current.window)

    async def _find(self, events: Iterable[Step | Opened]) -> dict[int, Record]:
        wanted = {each.decision for each in events if isinstance(each, Close | Opened) and self._is_new(each)}
        return await self._log.records(wanted)

    def _is_new(self, event: Step | Opened) -> bool:
        return event.position > self.learned

    def _apply(self, event: Step | Opened, found: dict[int, Record]) -> None:
        if not self._is_new(event):
            return
        self.taken += isinstance(event, Forget | Close | Past)
        if isinstance(event, Forget):
            self._caps.forget(event.profile)
            self.learner.forget(witness_of(event.profile))
        elif isinstance(event, Opened):
            self._open(event, found)
        elif isinstance(event, Close) and event.decision in found:
            self._close(event, found[event.decision])
        elif isinstance(event, Past):
            self._learn_past(event)

    def _learn_past(self, step: Past) -> None:
        decision = step.imported.decision
        if self._quarantines.leaves_out(step, decision):
            return
        with suppress(LookupError, ValueError):  # the trainer's fold counts them
            self._teach(example_of_past(step, self._live_catalogue.at(decision.title, decision.revision)))

    # ---------------------------------------------------------------- exposures

    def _open(self, event: Opened, found: dict[int, Record]) -> None:
        """Score an exposure that is to be compared, by the candidate as it is now."""
        self.comparing.let_go(event.stamp)
        record = found.get(event.decision)
        if record is None or event.decision <= self.since or not self.comparing.has_room:
            return
        known = self._known(record)
        # A decision is shown again only after its last window closed, so this showing is the first one
        if known and event.stamp < record.stamp + event.window and known[0].group in INCUMBENTS:
            with suppress(UnlearnableExample):
                self._score(event, *known)

    def _score(self, event: Opened, decision: Decision, live_title: LiveTitle) -> None:
        actions = [live_title.actions[artwork] for artwork in decision.candidates]
        context = context_of(decision, actions)
        check(Example(context, actions, decision.chosen, decision.propensity, 0.0))
        targets = self._mixture.mixed(self.learner.probabilities(context, actions), actions)
        expected = self._expected(context, actions) if self._expected else [0.0] * len(actions)
        found = score(decision.probabilities, targets, expected, decision.chosen)
        if all(map(isfinite, found)):
            self.comparing.open(event.position, event.stamp + event.window, _number(decision), found)

    def _close(self, step: Close, record: Record) -> None:
        known, opened = self._known(record), step.closed.opened
        if known is None or self._quarantines.leaves_out(step, known[0]):
            self.comparing.close(opened, None)
            return
        verdict = self._caps.take(known[0], step.closed.deadline, step.rules)
        self.comparing.close(opened, step.closed.reward if verdict.own else None)
        if verdict.everyone:
            self._teach(example_of(step, *known))

    def _teach(self, example: Example) -> None:
        try:
            self.learner.learn(example)
        except FailedExample as error:
            self._faults.tell(str(error), self.position)
        except UnlearnableExample:
            return  # the trainer's fold counts them

    def _known(self, record: Record) -> tuple[Decision, LiveTitle] | None:
        """Return a decision with its title; None if nothing is learned from it."""
        try:
            decision = decode_decision(record.body)
            live_title = self._live_catalogue.at(decision.title, decision.revision)
        except (LookupError, ValueError):  # the trainer's fold counts them
            return None
        return None if decision.pinned or decision.bot else (decision, live_title)


def _number(decision: Decision) -> int:
    """Return a number that represents the viewer: of the pseudonym, or without one of the decision's nonce."""
    return int(decision.profile[-8:], 16) if decision.profile else int.from_bytes(decision.nonce[-4:], "big")
