"""The caps on learning: a limit on the examples of each profile in an hour, and a low one for strangers."""

from binascii import crc32
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import msgspec

from app.records import LOT_BITS, Decision, encode
from app.store.protocol import OF_THE_HOUR, CapChange
from bandit.reward import RewardRules

HOUR_MS = 3_600_000
WELL_TAUGHT = 20_000
"""The examples of a title after which one stranger may teach it in each hour; before, only in some hours."""
NAMES, STRANGE_NAMES = 30_000, 10_000
"""The most profiles whose caps are kept in an hour, and how many of them may be strangers. More pass unchecked.

The learner and the totals together take some 10 MB.
"""
_NAME, _CREDIT, _TITLE, _HOUR = f"{OF_THE_HOUR}n", f"{OF_THE_HOUR}c", "t", "hour"
_LOTS = 1 << LOT_BITS
_FIRST_MARK, _MARKS = 0x100, 0x7000
"""The characters that represent titles. They are many, so that two titles of one profile rarely share one."""


class Verdict(NamedTuple):
    """Whether an exposure is within its profile's own caps, and whether it may change the choices for others."""

    own: bool
    everyone: bool


@dataclass(slots=True)
class TitleCap:
    """The examples of a title, and the strangers among them in its latest hour.

    The count `taught` leaves out examples of strangers beyond the cap. The strangers of the hour before are
    `before`. As long as a stranger of this hour may still teach, `open` is 1.
    """

    taught: int = 0
    hour: int = 0
    came: int = 0
    before: int = 0
    open: int = 0

    @classmethod
    def read(cls, row: str) -> "TitleCap":
        return cls(*map(int, row.split()))

    def row(self) -> str:
        return f"{self.taught} {self.hour} {self.came} {self.before} {self.open}"

    def admits(self, lot: int, hour: int) -> bool:
        """Tell whether this stranger of the hour may teach, by the lot that was drawn with the decision.

        The probability that an hour is open grows with the square of the title's examples, so that one click
        changes little at first. All strangers of the hour have the same chance, by the number of the hour before,
        or by the present number if that is greater. The first ones have no advantage, and a flood gets no more.
        """
        coin, ticket = divmod(lot, _LOTS)
        if self.hour != hour:
            self.before = self.came if self.hour == hour - 1 else 0
            self.hour, self.came = hour, 0
            self.open = int(coin * WELL_TAUGHT**2 < self.taught**2 * _LOTS)
        self.came += 1
        if not self.open or ticket * max(self.came, self.before) >= _LOTS:
            return False
        self.open = 0
        return True


@dataclass(slots=True)
class Caps:
    """The memory of one reader of examples, the learner or the totals, about the examples that it took.

    It is a separate fold over the log, because the learner and the totals advance independently. A profile has a
    character for each of its exposures that were taken in the hour; the character says the title.
    """

    hour: int = 0
    _names: dict[str, str] = field(default_factory=dict)
    _credits: dict[str, int] = field(default_factory=dict)
    _titles: dict[str, TitleCap] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)
    _turned: bool = False
    _anew: bool = True

    @classmethod
    def of(cls, rows: Mapping[str, str]) -> "Caps":
        caps = cls(int(rows.get(_HOUR, "0")), _anew=False)
        for name, value in rows.items():
            if name.startswith(_NAME):
                caps._names[name[len(_NAME) :]] = value
            elif name.startswith(_CREDIT):
                caps._credits[name[len(_CREDIT) :]] = int(value)
            elif name.startswith(_TITLE):
                caps._titles[name[len(_TITLE) :]] = TitleCap.read(value)
        return caps

    @classmethod
    def restore(cls, state: bytes) -> "Caps":
        return cls.of(_decode(state))

    def state(self) -> bytes:
        """Return the whole state as bytes; equal caps give equal bytes."""
        return encode(self.rows())

    def rows(self) -> dict[str, str]:
        """Return the whole state in the form that `of` takes, in the order of the names."""
        names = [
            *(_NAME + who for who in self._names),
            *(_CREDIT + who for who in self._credits),
            *(_TITLE + title for title in self._titles),
            _HOUR,
        ]
        return {name: row for name in sorted(names) if (row := self._row(name)) is not None}

    def rewritten(self) -> "Caps":
        """Return the same caps; the next change writes all of them, and replaces the stored ones."""
        rows = self.rows()
        caps = Caps.of(rows)
        return replace(caps, _anew=True, _changed=set(rows))

    # ---------------------------------------------------------------- taking in

    def take(self, decision: Decision, deadline: int, rules: RewardRules, *, by_lot: bool = True) -> Verdict:
        """Count an exposure whose window has closed, and tell for what it may be used.

        `by_lot` lets strangers draw lots for titles that were taught enough.
        """
        self._turn(deadline)
        own = self._own(decision, rules)
        return Verdict(own, own and self._teaches(decision, rules, by_lot=by_lot))

    def credits(self, profile: str, gain: float, at: int, rules: RewardRules) -> bool:
        """Count a reward in a profile's own taste, and tell whether it may be added."""
        if not rules.learn_cap:
            return True
        self._turn(at)
        earned = self._credits.get(profile, 0)
        if earned >= rules.learn_cap * 1000:
            return False
        if earned or len(self._credits) < NAMES:
            self._credits[profile] = earned + round(gain * 1000)
            self._changed.add(_CREDIT + profile)
        return True

    def forget(self, profile: str) -> None:
        for prefix, kept in ((_NAME, self._names), (_CREDIT, self._credits)):
            kept.pop(profile, None)
            self._changed.add(prefix + profile)

    def _turn(self, at: int) -> None:
        hour = at // HOUR_MS
        if hour > self.hour:
            self.hour, self._turned = hour, True
            self._names, self._credits = {}, {}
            self._changed = {name for name in self._changed if not name.startswith(OF_THE_HOUR)}
            self._changed.add(_HOUR)

    def _own(self, decision: Decision, rules: RewardRules) -> bool:
        profile, most = decision.profile, rules.learn_cap
        if not profile or not most:
            return True
        marks, mark = self._names.get(profile, ""), _mark(decision.title)
        if len(marks) >= most or (rules.title_cap and marks.count(mark) >= rules.title_cap):
            return False
        strange = decision.stranger and rules.stranger_cap
        if marks or len(self._names) < (STRANGE_NAMES if strange else NAMES):
            self._names[profile] = marks + mark
            self._changed.add(_NAME + profile)
        return True

    def _teaches(self, decision: Decision, rules: RewardRules, *, by_lot: bool) -> bool:
        title = self._titles.get(decision.title)
        if title is None:
            title = self._titles[decision.title] = TitleCap()
        self._changed.add(_TITLE + decision.title)
        if decision.stranger and 0 < rules.stranger_cap <= title.taught:
            # A stranger's example does not count as taught: it would admit more strangers.
            return by_lot and title.admits(decision.stranger, self.hour)
        title.taught += 1
        return True

    # ---------------------------------------------------------------- looking

    def taken(self) -> dict[str, int]:
        """Return how many exposures of each profile were taken in the current hour."""
        return {who: len(marks) for who, marks in self._names.items()}

    def full(self, decision: Decision, rules: RewardRules) -> bool:
        """Tell whether almost no part of the decision's reward would be taken now."""
        marks = self._names.get(decision.profile or "", "")
        if rules.learn_cap and len(marks) >= rules.learn_cap:
            return True
        if rules.title_cap and marks.count(_mark(decision.title)) >= rules.title_cap:
            return True
        return bool(rules.stranger_cap and decision.stranger and self.taught(decision.title) >= rules.stranger_cap)

    def taught(self, title: str) -> int:
        return self._titles[title].taught if title in self._titles else 0

    # ---------------------------------------------------------------- writing down

    def change(self) -> CapChange:
        return CapChange({name: self._row(name) for name in self._changed}, self._turned, self._anew)

    def settle(self) -> None:
        self._changed.clear()
        self._turned = self._anew = False

    def _row(self, name: str) -> str | None:
        if name == _HOUR:
            return str(self.hour)
        if name.startswith(_TITLE):
            return self._titles[name[len(_TITLE) :]].row()
        if name.startswith(_NAME):
            return self._names.get(name[len(_NAME) :])
        earned = self._credits.get(name[len(_CREDIT) :])
        return None if earned is None else str(earned)


_decode = msgspec.json.Decoder(dict[str, str]).decode


def _mark(title: str) -> str:
    return chr(_FIRST_MARK + crc32(title.encode()) % _MARKS)
