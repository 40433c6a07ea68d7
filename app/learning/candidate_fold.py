"""The fold of a candidate: it learns like the trainer, and is compared with the incumbent. It reads no clock."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from math import isfinite

from app.catalogue.live import LiveCatalogue
from app.interventions import decode_order, replaces_model
from app.learning.candidate_file import State
from app.learning.caps import Caps
from app.learning.examples import example_of, example_of_past, witness_of
from app.learning.fold import STEPS
from app.learning.log_join import Close, Forget, LogJoin, Past, Step
from app.learning.quarantines import Quarantines
from app.records import Decision, Kind, Record, decode_decision, unknown
from app.store.protocol import Log, UnknownVersionError
from bandit.exploration import with_floor, with_least
from bandit.paired_difference import PairedDifference, difference
from bandit.policy import Learner, UnlearnableExample, check
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


class CandidateFold:
    """Learns each closed exposure, after it was compared by the candidate that had not learned it.

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
        self.paired = state.paired
        self.taken = 0
        """The number of closed exposures and erasures since it was made; no part of its state."""
        self._log_join, self._caps = LogJoin(state.rules), Caps.of(state.caps)

    async def feed(self, records: Sequence[Record]) -> None:
        """Take the next records. Raises `UnknownVersionError` if a later version of Keyart wrote one."""
        if strange := next(filter(None, map(unknown, records)), None):
            raise UnknownVersionError("The log", *strange)
        begin = 0
        for number, record in enumerate(records, 1):
            if self._replaces(record):
                await self._take(records[begin:number])
                self.since, self.paired, begin = record.position, PairedDifference(), number
        await self._take(records[begin:])

    def _replaces(self, record: Record) -> bool:
        """Tell whether an operator has ordered another incumbent here, so that the comparison begins again."""
        if record.kind != Kind.INTERVENTION or record.position <= self.since:
            return False
        return replaces_model(decode_order(record.body))

    async def _take(self, records: Sequence[Record]) -> None:
        steps = self._log_join.steps(records)
        while chunk := list(islice(steps, STEPS)):
            found = await self._find(chunk)
            for step in chunk:
                self._apply(step, found)
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

    def state(self) -> State:
        resume, rules = self._log_join.resume(self.position)
        self._caps.settle()
        known = self.learned, self.stamp, resume, rules, self._caps.rows()
        return State(*known, self.since, self.begun, self.erased, self.paired)

    async def _find(self, steps: Iterable[Step]) -> dict[int, Record]:
        wanted = {step.decision for step in steps if isinstance(step, Close) and step.position > self.learned}
        return await self._log.records(wanted)

    def _apply(self, step: Step, found: dict[int, Record]) -> None:
        if step.position <= self.learned:
            return
        self.taken += isinstance(step, Forget | Close | Past)
        if isinstance(step, Forget):
            self._caps.forget(step.profile)
            self.learner.forget(witness_of(step.profile))
        elif isinstance(step, Close) and step.decision in found:
            self._close(step, found[step.decision])
        elif isinstance(step, Past):
            self._learn_past(step)

    def _learn_past(self, step: Past) -> None:
        decision = step.imported.decision
        if self._quarantines.leaves_out(step, decision):
            return
        with suppress(LookupError, ValueError):  # the trainer's fold counts them; ValueError: unlearnable, too
            self.learner.learn(example_of_past(step, self._live_catalogue.at(decision.title, decision.revision)))

    def _close(self, step: Close, record: Record) -> None:
        try:
            decision = decode_decision(record.body)
            live_title = self._live_catalogue.at(decision.title, decision.revision)
        except (LookupError, ValueError):  # the trainer's fold counts them
            return
        if decision.pinned or decision.bot or self._quarantines.leaves_out(step, decision):
            return
        verdict = self._caps.take(decision, step.closed.deadline, step.rules)
        example = example_of(step, decision, live_title)
        try:
            check(example)
            if verdict.own and self._compares(step, decision, record.stamp):
                self._compare(decision, example)
            if verdict.everyone:
                self.learner.learn(example)
        except UnlearnableExample:
            return

    def _compares(self, step: Close, decision: Decision, decided: int) -> bool:
        """Tell whether this is the first showing of a decision of the incumbent since the candidate began.

        A decision is shown again only after its last window closed. A showing that opened within one window of
        the decision is therefore the first one.
        """
        opened = step.closed.deadline - step.rules.window
        first = opened < decided + step.rules.window
        return step.decision > self.since and first and decision.group in INCUMBENTS

    def _compare(self, decision: Decision, example: Example) -> None:
        context, actions = example.context, example.actions
        targets = self._mixture.mixed(self.learner.probabilities(context, actions), actions)
        expected = self._expected(context, actions) if self._expected else [0.0] * len(actions)
        found = difference(decision.probabilities, targets, expected, decision.chosen, example.reward)
        if isfinite(found.value) and isfinite(found.least) and isfinite(found.greatest):
            self.paired.add(_number(decision), found)


def _number(decision: Decision) -> int:
    """Return a number that represents the viewer: of the pseudonym, or without one of the decision's nonce."""
    return int(decision.profile[-8:], 16) if decision.profile else int.from_bytes(decision.nonce[-4:], "big")
