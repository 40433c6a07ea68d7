"""The fold over the log: join, reward, learn, count. It reads no clock."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from app.catalogue.live import LiveCatalogue, LiveTitle
from app.learning.caps import Caps
from app.learning.counting import Counting
from app.learning.examples import example_of, example_of_past, witness_of, words_of
from app.learning.learner_faults import LearnerFaults
from app.learning.log_join import Begin, Close, Credit, Forget, LogJoin, Past, Step
from app.learning.quarantines import Quarantines
from app.learning.totals import Totals
from app.records import Decision, Record, decode_decision, encode, unknown
from app.store.protocol import (
    FoldState,
    Log,
    Progress,
    Snapshot,
    StoredTastes,
    UnknownVersionError,
)
from bandit.policy import FailedExample, Learner, UnlearnableExample
from bandit.types import Example

STEPS = 1000
"""Steps that are applied together, with one look-up for all their decisions."""
Found = dict[int, tuple[Decision, LiveTitle]]


@dataclass(slots=True)
class Seen:
    """The numbers that telemetry gets of a fold since it was made. They are not a part of its state."""

    examples: int = 0
    capped: int = 0
    strangers: int = 0
    refused: int = 0
    quarantined: int = 0
    on_time: int = 0
    late: int = 0


class Fold:
    """Goes through the log in order, and ends at the same state however often it is interrupted.

    Two parts advance independently: the learner, whose snapshots are large and rare, and the totals, which are
    small and used within a second. Each part stores its position. After a restart the fold reads again from the
    oldest open window, joins all records, and skips the records that a part has already taken.
    """

    def __init__(
        self,
        log: Log,
        stored: StoredTastes,
        live_catalogue: LiveCatalogue,
        learner: Learner,
        counted: FoldState,
        since: Snapshot | None,
        quarantines: Quarantines | None = None,
    ):
        self._log, self._live_catalogue = log, live_catalogue
        self.quarantines = Quarantines() if quarantines is None else quarantines
        self.learner = learner
        self.learned = since.position if since else 0
        self.position = since.resume - 1 if since else 0
        self.stamp = 0
        self.seen = Seen()
        self.paused = False
        """While it is true, the totals go on, and the learner stays at its position."""
        self._to_forget: list[str] = []
        """Profiles that were erased during a pause, and that the learner still knows."""
        self.forgotten = 0
        """The number of erasures that this fold has met; no part of its state, like `seen`."""
        self._faults = LearnerFaults()
        self.totals = Totals(stored, counted)
        self._log_join = LogJoin(since.rules if since else None)
        self.caps = Caps.of(counted.learned_caps) if since else Caps()
        """The learner's caps; the totals have their own."""

    async def feed(self, records: Sequence[Record]) -> None:
        """Take the next records. The state is that of one position only between calls.

        Raises `UnknownVersionError`, and takes none of them, if a later version of Keyart wrote one.
        """
        if strange := next(filter(None, map(unknown, records)), None):
            raise UnknownVersionError("The log", *strange)
        self.quarantines.note(records)
        if records and not self.totals.position:
            self.totals.lift.know_from(records[0].position)
            if records[0].position == 1:
                self.totals.series.begin(records[0].stamp)
        steps = self._log_join.steps(records)
        while chunk := list(islice(steps, STEPS)):
            found = await self._find(chunk)
            leaving = {step.profile for step in chunk if isinstance(step, Forget)}
            await self.totals.recall(leaving | {d.profile for d, _ in found.values() if d.profile})
            for step in chunk:
                self._apply(step, found)
            if len(chunk) == STEPS:  # one record may close many windows, and the lease has to be renewed meanwhile
                await asyncio.sleep(0)
        if records:
            self.position, self.stamp = records[-1].position, records[-1].stamp
            if not self.paused:
                self.learned = max(self.learned, self.position)
            self.totals.position = max(self.totals.position, self.position)
            self.totals.lift.close_cohorts(self.stamp)

    def snapshot(self) -> Snapshot:
        """Return the learner as it is. While the fold catches up, its learner is ahead of it."""
        resume, rules = self._log_join.resume(self.position)
        return Snapshot(0, "incumbent", self.learned, resume, 0, rules, self.learner.snapshot())

    def progress(self, snapshot: Snapshot | None = None) -> Progress:
        """Return the progress to commit. The learner's caps are written with its snapshots."""
        progress = self.totals.progress()
        if snapshot:
            progress.snapshot = snapshot
            progress.learned_caps = self.caps.change()
        return progress

    def settle(self, progress: Progress) -> None:
        self.totals.settle()
        if progress.snapshot:
            self.caps.settle()

    def drop_changes(self) -> None:
        """Keep nothing for a commit, in a fold that another one takes over."""
        self.totals.drop_changes()

    @property
    def open_windows(self) -> int:
        return len(self._log_join)

    @property
    def resume(self) -> int:
        """Return the position to read from again: that of the record that opened the oldest open window."""
        return self._log_join.resume(self.position)[0]

    @property
    def untouched(self) -> bool:
        return not (self.position or self.learned or self.totals.position)

    @property
    def level(self) -> bool:
        """Whether learner and totals are at the fold's position: only then the state is one position's."""
        return self.position == self.learned == self.totals.position

    # ---------------------------------------------------------------- bases

    def counting(self) -> bytes:
        """Return the totals at the position, without the tastes, because no learner reads them."""
        caps, taught = self.totals.caps.rows(), self.caps.rows()
        return encode(Counting(*self.totals.totals(), caps, taught, self.totals.series.state()))

    @property
    def forgets_later(self) -> bool:
        """Whether the learner still knows a profile that was erased during a pause."""
        return bool(self._to_forget)

    def promote(self, learner: Learner) -> None:
        """Continue with this learner, as if it had learned everything up to the position of a paused fold."""
        for profile in self._to_forget:
            self.caps.forget(profile)
            learner.forget(witness_of(profile))
        self._to_forget.clear()
        self.learner, self.learned = learner, self.position

    def take_over(self, other: "Fold") -> None:
        """Continue with the learner and totals of another fold over the same log, at the same position.

        The tastes stay, because each belongs to one profile.
        """
        self.learner, self.learned, self.caps = other.learner, other.learned, other.caps.rewritten()
        self.quarantines = other.quarantines
        self.totals.take_over(other.totals)

    # ---------------------------------------------------------------- one step

    async def _find(self, steps: Sequence[Step]) -> Found:
        """Read the decisions of the steps. A decision that is no longer kept is skipped.

        A record that is not a decision, or whose title is not readable, is refused, because it would fail again.
        """
        wanted = {step.decision for step in steps if isinstance(step, Close | Credit) and self._matters(step)}
        known = {step.position: step.imported.decision for step in steps if isinstance(step, Past)}
        found: Found = {}
        for position, record in (await self._log.records(wanted)).items():
            try:
                known[position] = decode_decision(record.body)
            except ValueError:
                self.seen.refused += 1
        for position, decision in known.items():
            try:
                found[position] = decision, self._live_catalogue.at(decision.title, decision.revision)
            except (LookupError, ValueError):
                self.seen.refused += 1
        return found

    def _matters(self, step: Close | Credit) -> bool:
        if isinstance(step, Credit) and not step.gain:
            return False
        return step.position > self.totals.position or self._teaches(step)

    def _teaches(self, step: Step) -> bool:
        return step.position > self.learned and not self.paused

    def _apply(self, step: Step, found: Found) -> None:
        new = step.position > self.totals.position
        match step:
            case Forget():
                self._forget(step)
            case Begin():
                if new:
                    self.totals.begin(step)
            case Credit():
                self.seen.late += new and step.gain is None
                self.seen.on_time += new and step.gain is not None
                if new and step.gain and step.decision in found:
                    self._credit(step, *found[step.decision])
            case Close():
                if step.decision in found:
                    self._close(step, *found[step.decision])
            case Past():
                if step.position in found:
                    self._take_past(step, *found[step.position])

    def _credit(self, step: Credit, decision: Decision, live_title: LiveTitle) -> None:
        if not self.quarantines.leaves_out(step, decision):
            self.totals.credit(step, decision, words_of(decision, live_title))

    def _forget(self, step: Forget) -> None:
        """Forget the taste, which belongs to the totals, and the profile in both caps."""
        if self._teaches(step):
            self.caps.forget(step.profile)
            self.learner.forget(witness_of(step.profile))
        elif step.position > self.learned:
            self._to_forget.append(step.profile)
        if step.position > self.totals.position:
            self.totals.forget(step.profile)
        self.forgotten += 1

    def _close(self, step: Close, decision: Decision, live_title: LiveTitle) -> None:
        if step.position > self.totals.position:
            self.totals.enter(step.closed, decision)
        if self.quarantines.leaves_out(step, decision):
            self.seen.quarantined += step.position > self.totals.position
            return
        predicted = None
        if self._teaches(step) and not (decision.pinned or decision.bot):
            predicted = self._learn(step, decision, live_title)
        if step.position > self.totals.position:
            picture = live_title.actions[decision.artwork].id
            self.totals.close(step, decision, words_of(decision, live_title), picture, predicted)

    def _take_past(self, step: Past, decision: Decision, live_title: LiveTitle) -> None:
        """Learn an imported exposure, without caps. It counts in tastes, and in no other total."""
        if self.quarantines.leaves_out(step, decision):
            self.seen.quarantined += step.position > self.totals.position
            return
        if self._teaches(step):
            self._teach(example_of_past(step, live_title))
        if step.position > self.totals.position:
            picture = live_title.actions[decision.artwork].id
            self.totals.remember(step, decision, words_of(decision, live_title), picture)

    def _learn(self, step: Close, decision: Decision, live_title: LiveTitle) -> float | None:
        verdict = self.caps.take(decision, step.closed.deadline, step.rules)
        if not verdict.everyone:
            self.seen.capped += not verdict.own
            self.seen.strangers += verdict.own
            return None
        return self._teach(example_of(step, decision, live_title))

    def _teach(self, example: Example) -> float | None:
        """Let the learner learn an example; return the reward that it predicted."""
        try:
            predicted = self.learner.learn(example)
        except UnlearnableExample as error:
            self.seen.refused += 1
            if isinstance(error, FailedExample):
                self._faults.tell(str(error), self.position)
            return None
        self.seen.examples += 1
        return predicted
