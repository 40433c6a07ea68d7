"""The totals of a fold: tallies for the report and the best single picture, tastes for the next decision."""

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from app.learning.caps import Caps, Verdict
from app.learning.log_join import Close, Credit
from app.learning.series import Series
from app.records import ANONYMOUS, BOT, PINNED, Decision, encode
from app.store.protocol import FoldState, Progress, StoredTastes, TallyKey, TasteRow
from bandit.tally import Tally
from bandit.taste import Base, Taste
from bandit.windows import CLICK, PLAY

UNUSED = Verdict(own=False, everyone=False)
"""The verdict on a pin, an editor's choice, and on a bot: both would distort the standard for the policy."""
REMEMBERED = 1_500
"""Tastes in memory, of up to 11 kB each: those of present viewers. Others are read again.

It has to be more than a fold takes at a time, because a chunk needs all its tastes in memory.
"""
SWEPT = 5_000
"""Tastes that are examined together."""
_decode_taste = msgspec.json.Decoder(Taste).decode
_decode_base = msgspec.json.Decoder(Base).decode


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
        self._tastes: dict[str, Taste | None] = {}
        self._changed_tallies: set[TallyKey] = set()
        self._changed_tastes: dict[str, tuple[float, float]] = {}
        """With the general rate at the change, so that a taste does not depend on the time of its commit."""
        self._aside: dict[str, bytes | None] = {}
        """Changed tastes outside memory, in the smaller form in which they are committed. None: forgotten."""
        self._swept = ""

    async def recall(self, profiles: Iterable[str]) -> None:
        """Load the tastes that are about to change, and put others aside if there are too many.

        One record may close any number of windows, and nothing is committed before all of them are counted.
        """
        wanted = set(profiles)
        absent = wanted.difference(self._tastes)
        if len(self._tastes) + len(absent) > REMEMBERED:
            self._put_aside(self._tastes.keys() - wanted)
        for who in absent.intersection(self._aside):
            self._tastes[who] = _taste_in(self._aside.pop(who))
        if unread := absent.difference(self._tastes):
            for who, row in (await self._stored.taste_rows(unread)).items():
                self._tastes[who] = _taste_in(row.state)

    def _put_aside(self, profiles: Iterable[str]) -> None:
        """Keep only the form of these tastes that the next commit writes."""
        for who in profiles:
            taste = self._tastes.pop(who)
            if who in self._changed_tastes:
                self._aside[who] = encode(taste) if taste else None

    def credit(self, step: Credit, decision: Decision, words: tuple[str, ...]) -> None:
        profile, gain, at = decision.profile, step.gain, step.stamp
        if profile and gain and not decision.pinned and self.caps.credits(profile, gain, at, step.rules):
            self._changing(profile).like(words, gain, at)

    def close(self, step: Close, decision: Decision, words: tuple[str, ...]) -> None:
        """Count an exposure. The report counts all; the choices depend only on those that the caps let pass."""
        closed = step.closed
        unused = decision.pinned or decision.bot
        verdict = UNUSED if unused else self._verdict(step, decision)
        group = _group(decision)
        self.series.count(closed, decision, group)
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
        if decision.profile and verdict.own:
            self._changing(decision.profile).show(words, closed.deadline)

    def _verdict(self, step: Close, decision: Decision) -> Verdict:
        """Ask the caps. Lots are only for the learner, because an unlikely click weighs ten times as much here."""
        return self.caps.take(decision, step.closed.deadline, step.rules, by_lot=False)

    def forget(self, profile: str) -> None:
        self.caps.forget(profile)
        self._drop(profile)

    def _drop(self, profile: str) -> None:
        self._aside.pop(profile, None)
        self._tastes[profile] = None
        self._changed_tastes[profile] = self._base.shown, self._base.liked

    async def sweep(self, before: int) -> None:
        """Forget, among the next tastes, those without an addition since `before`.

        The log must not keep older records, because a fold over the kept ones does not know these tastes either.
        """
        rows = await self._stored.tastes(self._swept, SWEPT)
        for who, row in rows.items():
            taste = self._tastes[who] if who in self._tastes else _taste_in(self._aside.get(who, row.state))
            if taste and taste.at < before:
                self._drop(who)
        self._swept = max(rows) if len(rows) == SWEPT else ""

    def progress(self) -> Progress:
        return Progress(
            self.position,
            encode(self._base),
            {who: self._row(who, Base(*base)) for who, base in self._changed_tastes.items()},
            {key: self._tallies[key] for key in self._changed_tallies},
            counted_caps=self.caps.change(),
            series=self.series.changes(),
        )

    def settle(self) -> None:
        self.series.settle()
        self.drop_changes()

    def drop_changes(self) -> None:
        """Keep no changes for a commit, except those of the series, which `take_over` hands over."""
        self.caps.settle()
        self._changed_tallies.clear()
        self._changed_tastes.clear()
        self._aside.clear()
        if len(self._tastes) > REMEMBERED:
            self._tastes.clear()

    def totals(self) -> tuple[Base, list[tuple[str, str, str, Tally]]]:
        return replace(self._base), [(*key, replace(tally)) for key, tally in sorted(self._tallies.items())]

    def take_over(self, other: "Totals") -> None:
        """Continue with the totals of another fold at the same position; the tastes stay."""
        self._base, self._tallies = other._base, other._tallies  # noqa: SLF001  its own kind
        self._changed_tallies = set(self._tallies)
        self.caps = other.caps.rewritten()
        self.series = other.series

    @property
    def changed(self) -> bool:
        return bool(self._changed_tallies or self._changed_tastes)

    def _changing(self, profile: str) -> Taste:
        self._changed_tastes[profile] = self._base.shown, self._base.liked
        taste = self._tastes.get(profile)
        if taste is None:
            taste = self._tastes[profile] = Taste()
        return taste

    def _row(self, profile: str, base: Base) -> TasteRow | None:
        state = self._aside.get(profile)
        taste = _taste_in(state) if profile in self._aside else self._tastes[profile]
        return TasteRow(state or encode(taste), encode(taste.values(base)), taste.first) if taste else None


def _taste_in(state: bytes | None) -> Taste | None:
    return _decode_taste(state) if state else None


def _group(decision: Decision) -> str:
    if decision.bot:
        return BOT
    return PINNED if decision.pinned else decision.group or ANONYMOUS
