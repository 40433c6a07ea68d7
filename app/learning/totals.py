"""The totals of a fold: tallies for the report and the best single picture, tastes for the next decision."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import msgspec

from app.learning.caps import Caps, Verdict
from app.learning.lift import Lift
from app.learning.log_join import Begin, Close, Credit, Past
from app.learning.series import Series
from app.records import ANONYMOUS, BOT, PINNED, Decision, encode
from app.store.protocol import FoldState, Progress, StoredTastes, TallyKey, TasteRow
from bandit.showings import shown
from bandit.tally import Tally
from bandit.taste import Base, Taste
from bandit.windows import CLICK, PLAY, Closed

UNUSED = Verdict(own=False, everyone=False)
"""The verdict on a pin, an editor's choice, and on a bot: both would distort the standard for the policy."""
REMEMBERED = 1_500
"""Tastes in memory, of up to 12 kB each with their showings: those of present viewers. Others are read again.

It has to be more than a fold takes at a time, because a chunk needs all its tastes in memory.
"""
SWEPT = 5_000
"""Tastes that are examined together."""
_decode_taste = msgspec.json.Decoder(Taste).decode
_decode_base = msgspec.json.Decoder(Base).decode


class Stored(NamedTuple):
    """The taste, the showings and the marks of a profile, in the form in which they are committed."""

    state: bytes
    showings: bytes
    marks: bytes


@dataclass(slots=True)
class Learned:
    """The taste of a profile, how often it was shown its latest pictures, and its marks in experiments."""

    taste: Taste = field(default_factory=Taste)
    showings: bytes = b""
    marks: bytes = b""

    @classmethod
    def of(cls, stored: Stored | TasteRow) -> "Learned":
        return cls(_decode_taste(stored.state), stored.showings, stored.marks)

    def stored(self) -> Stored:
        return Stored(encode(self.taste), self.showings, self.marks)


def tallies_in(rows: Iterable[tuple[str, str, str, Tally]]) -> dict[TallyKey, Tally]:
    return {(title, artwork, group): tally for title, artwork, group, tally in rows}


class NoTastes:
    """The tastes of a fold that begins without any, beside the fold in use, and that is never committed."""

    async def taste_rows(self, _: Iterable[str]) -> dict[str, TasteRow]:
        return {}

    async def tastes(self, *_: object) -> dict[str, TasteRow]:
        return {}


class Totals:
    """Keeps the changes since the last commit apart, so that a commit writes only these."""

    def __init__(self, stored: StoredTastes, counted: FoldState):
        self._stored = stored
        self.position = counted.position
        self.caps = Caps.of(counted.counted_caps)
        self._base = _decode_base(counted.base) if counted.base else Base()
        self._tallies = dict(counted.tallies)
        self.series = Series(counted.series)
        self.lift = Lift(counted.experiments, counted.knows_from)
        self._learned: dict[str, Learned | None] = {}
        self._changed_tallies: set[TallyKey] = set()
        self._changed_tastes: dict[str, tuple[float, float]] = {}
        """With the general rate at the change, so that a taste does not depend on the time of its commit."""
        self._changed_base = False
        """Whether an imported exposure changed the general rate, which other exposures change with a tally."""
        self._aside: dict[str, Stored | None] = {}
        """Changed tastes outside memory, in the smaller form in which they are committed. None: forgotten."""
        self._swept = ""

    async def recall(self, profiles: Iterable[str]) -> None:
        """Load the tastes that are about to change, and put others aside if there are too many.

        One record may close any number of windows, and nothing is committed before all of them are counted.
        """
        wanted = set(profiles)
        absent = wanted.difference(self._learned)
        if len(self._learned) + len(absent) > REMEMBERED:
            self._put_aside(self._learned.keys() - wanted)
        for who in absent.intersection(self._aside):
            stored = self._aside.pop(who)
            self._learned[who] = Learned.of(stored) if stored else None
        if unread := absent.difference(self._learned):
            for who, row in (await self._stored.taste_rows(unread)).items():
                self._learned[who] = Learned.of(row)

    def _put_aside(self, profiles: Iterable[str]) -> None:
        """Keep only the form of these tastes that the next commit writes."""
        for who in profiles:
            learned = self._learned.pop(who)
            if who in self._changed_tastes:
                self._aside[who] = learned.stored() if learned else None

    def credit(self, step: Credit, decision: Decision, words: tuple[str, ...]) -> None:
        profile, gain, at = decision.profile, step.gain, step.stamp
        if profile and gain and not decision.pinned and self.caps.credits(profile, gain, at, step.rules):
            self._changing(profile).taste.like(words, gain, at - step.ago)

    def close(
        self,
        step: Close,
        decision: Decision,
        words: tuple[str, ...],
        picture: str,
        predicted: float | None = None,
    ) -> None:
        """Count an exposure. The report counts all; the choices depend only on those that the caps let pass.

        A showing of a pinned picture counts among the showings of its viewer, who saw it like any other. The
        learner, if it just learned from the exposure, `predicted` its reward.
        """
        closed = step.closed
        unused = decision.pinned or decision.bot
        verdict = UNUSED if unused else self._verdict(step, decision)
        group = _group(decision)
        self.series.count(closed, decision, group, predicted)
        key = (decision.title, decision.artwork, group)
        self._changed_tallies.add(key)
        self._tallies.setdefault(key, Tally()).add(
            reward=closed.reward,
            propensity=decision.propensity,
            clicked=bool(closed.happened & CLICK),
            played=bool(closed.happened & PLAY),
            weighs=verdict.everyone,
        )
        if verdict.everyone:
            self._base.shown += 1.0
            self._base.liked += closed.reward
        if decision.profile and (verdict.own or decision.pinned):
            learned = self._changing(decision.profile)
            learned.showings = shown(learned.showings, picture)
            if verdict.own:
                learned.taste.show(words, closed.deadline - step.ago)
            else:
                learned.taste.meet(closed.deadline - step.ago)

    def remember(self, step: Past, decision: Decision, words: tuple[str, ...], picture: str) -> None:
        """Count an imported exposure in its viewer's taste and showings, and in the rate that tastes refer to."""
        self._base.shown += 1.0
        self._base.liked += step.reward
        self._changed_base = True
        if decision.profile:
            learned = self._changing(decision.profile)
            learned.showings = shown(learned.showings, picture)
            learned.taste.show(words, step.imported.at)
            if step.reward:
                learned.taste.like(words, step.reward, step.imported.at)
            learned.taste.imported = max(step.stamp, learned.taste.imported)

    def enter(self, closed: Closed, decision: Decision) -> None:
        """Count an exposure in the experiments that its profile has entered, or enters by it.

        An exposure in quarantine counts here, though in no other total: if exposures could be left out of a
        comparison after somebody looked at it, that person could choose its result.
        """
        profile = decision.profile
        if profile is None or decision.pinned or decision.bot:
            return
        learned = self._learned.get(profile)
        before = learned.marks if learned else b""
        after = self.lift.count(closed, decision, before)
        if after is not before:
            learned = self._changing(profile)
            learned.marks = after
            if not learned.taste.at:
                learned.taste.meet(closed.deadline)

    def begin(self, step: Begin) -> None:
        self.lift.begin(step.position, step.stamp, step.terms)

    def _verdict(self, step: Close, decision: Decision) -> Verdict:
        """Ask the caps. Lots are only for the learner, because an unlikely click weighs ten times as much here."""
        return self.caps.take(decision, step.closed.deadline, step.rules, by_lot=False)

    def forget(self, profile: str) -> None:
        self.caps.forget(profile)
        if learned := self._learned.get(profile):
            self.lift.forget(learned.marks)
        self._drop(profile)

    def _drop(self, profile: str) -> None:
        self._aside.pop(profile, None)
        self._learned[profile] = None
        self._changed_tastes[profile] = self._base.shown, self._base.liked

    async def sweep(self, before: int) -> None:
        """Forget, among the next tastes, those without an addition since `before`.

        The log must not keep older records, because a fold over the kept ones does not know these tastes either.
        """
        rows = await self._stored.tastes(self._swept, SWEPT)
        for who, row in rows.items():
            if (learned := self._present(who, row)) and learned.taste.latest < before:
                self._drop(who)
        self._swept = max(rows) if len(rows) == SWEPT else ""

    def _present(self, profile: str, row: TasteRow) -> Learned | None:
        """Return the present taste and showings of a profile, which may be newer than its row."""
        if profile in self._learned:
            return self._learned[profile]
        stored = self._aside.get(profile, row)
        return Learned.of(stored) if stored else None

    def progress(self) -> Progress:
        return Progress(
            self.position,
            encode(self._base),
            {who: self._row(who, Base(*base)) for who, base in self._changed_tastes.items()},
            {key: self._tallies.get(key) for key in self._changed_tallies},
            counted_caps=self.caps.change(),
            series=self.series.changes(),
            lift=self.lift.changes(),
        )

    def settle(self) -> None:
        self.series.settle()
        self.lift.settle()
        self.drop_changes()

    def drop_changes(self) -> None:
        """Keep no changes for a commit, except those of the series, which `take_over` hands over."""
        self.caps.settle()
        self._changed_tallies.clear()
        self._changed_tastes.clear()
        self._changed_base = False
        self._aside.clear()
        if len(self._learned) > REMEMBERED:
            self._learned.clear()

    def totals(self) -> tuple[Base, list[tuple[str, str, str, Tally]]]:
        return replace(self._base), [(*key, replace(tally)) for key, tally in sorted(self._tallies.items())]

    def take_over(self, other: "Totals") -> None:
        """Continue with the totals of another fold at the same position; the tastes and the lift stay.

        The lift has no part of an erased profile any more (`Lift.forget`).
        """
        gone = set(self._tallies)  # an artwork of which all exposures are in quarantine has no tally any more
        self._base, self._tallies = other._base, other._tallies  # noqa: SLF001  its own kind
        self._changed_tallies = gone.union(self._tallies)
        self.caps = other.caps.rewritten()
        self.series = other.series

    @property
    def changed(self) -> bool:
        return bool(self._changed_tallies or self._changed_tastes or self._changed_base or self.lift.changed)

    def _changing(self, profile: str) -> Learned:
        self._changed_tastes[profile] = self._base.shown, self._base.liked
        learned = self._learned.get(profile)
        if learned is None:
            learned = self._learned[profile] = Learned()
        return learned

    def _row(self, profile: str, base: Base) -> TasteRow | None:
        stored = self._aside.get(profile)
        learned = self._learned.get(profile) if stored is None else Learned.of(stored)
        if learned is None:
            return None
        state, showings, marks = stored or learned.stored()
        return TasteRow(state, encode(learned.taste.values(base)), learned.taste.first, showings, marks)


def _group(decision: Decision) -> str:
    if decision.bot:
        return BOT
    return PINNED if decision.pinned else decision.group or ANONYMOUS
