"""Experiments: the sums of the profiles that entered each, by group."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import msgspec

from bandit.terms import Terms

OVER = -1
"""The number of the cohort of all profiles whose window is over."""
LiftKey = tuple[int, int, str]
"""The position of an experiment, the number of a cohort, and a group."""


class Measure(msgspec.Struct, array_like=True, gc=False):
    """The profiles with a total above 0, the sum of all totals, and the sum of their squares.

    All three are whole numbers: sums of fractions would depend on the order of the profiles.
    """

    positive: int = 0
    total: int = 0
    squares: int = 0

    def change(self, before: int, after: int) -> None:
        """Replace one profile's total."""
        self.positive += (after > 0) - (before > 0)
        self.total += after - before
        self.squares += after * after - before * before

    def include(self, other: "Measure") -> None:
        self.positive += other.positive
        self.total += other.total
        self.squares += other.squares


class Entered(msgspec.Struct, gc=False):
    """The profiles of one group in one cohort: they entered an experiment at about the same time.

    Those of `reported` sent an impression. Rewards are in thousandths.
    """

    profiles: int = 0
    reported: int = 0
    reward: Measure = msgspec.field(default_factory=Measure)
    clicks: Measure = msgspec.field(default_factory=Measure)
    plays: Measure = msgspec.field(default_factory=Measure)
    seconds: Measure = msgspec.field(default_factory=Measure)

    def measures(self) -> tuple[Measure, Measure, Measure, Measure]:
        return self.reward, self.clicks, self.plays, self.seconds

    def include(self, other: "Entered") -> None:
        self.profiles += other.profiles
        self.reported += other.reported
        for mine, theirs in zip(self.measures(), other.measures(), strict=True):
            mine.include(theirs)

    def numbers(self) -> tuple[int, ...]:
        measures = [number for each in self.measures() for number in msgspec.structs.astuple(each)]
        return (self.profiles, self.reported, *measures)

    @classmethod
    def of(cls, numbers: tuple[int, ...]) -> "Entered":
        profiles, reported, *rest = numbers
        return cls(profiles, reported, *(Measure(*rest[at : at + 3]) for at in range(0, 12, 3)))


class Experiment(msgspec.Struct):
    """An experiment, which began with the record at `position`, with the sums by cohort and group.

    No profile enters after the stamp `ended`, which is 0 as long as profiles enter. If the shares moved, the
    profiles whose windows were open at the stamp `cut` have left it. Their number is `left`.
    """

    position: int
    began: int
    terms: Terms
    ended: int = 0
    cut: int = 0
    left: int = 0
    rows: dict[tuple[int, str], Entered] = msgspec.field(default_factory=dict)


class LiftChange(NamedTuple):
    """The changes of experiments since the last commit. None deletes a row.

    `since` replaces everything: experiments from that position on are deleted before, and earlier ones have ended.
    """

    experiments: list[Experiment]
    """Experiments that changed; their rows are not read."""
    rows: Mapping[LiftKey, Entered | None]
    since: int | None = None


class StoredLift(Protocol):
    async def experiments(self) -> list[Experiment]:
        """Return all experiments with their sums, the oldest first."""
