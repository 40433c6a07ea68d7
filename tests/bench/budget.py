"""A budget: what is measured, against what, and what it has to come to."""

from collections.abc import Callable
from statistics import median
from typing import Literal

import msgspec

Verdict = Literal["met", "missed"]
Summary = Literal["median", "worst"]


class Effort(msgspec.Struct, frozen=True):
    """How long to measure: rounds, and seconds of load in each."""

    rounds: int = 5
    seconds: int = 5

    def at_most(self, rounds: int) -> "Effort":
        return msgspec.structs.replace(self, rounds=min(rounds, self.rounds))


class Bound(msgspec.Struct, frozen=True):
    """What a figure has to come to; `digits` is how many behind the point mean anything."""

    sign: Literal["≥", "≤", "<"]
    value: float
    unit: str = ""
    digits: int = 0

    def met_by(self, figure: float) -> bool:
        if self.sign == "≥":
            return figure >= self.value
        return figure <= self.value if self.sign == "≤" else figure < self.value

    def write(self, figure: float) -> str:
        return f"{figure:,.{self.digits}f}{'' if self.unit.startswith('/') else ' '}{self.unit}".strip()

    def __str__(self) -> str:
        return f"{self.sign} {self.write(self.value)}"


class Rounds(msgspec.Struct, frozen=True):
    """The raw figures, round by round: Keyart's own, and those of what it is held against, if anything."""

    ours: list[float]
    theirs: list[float] = []
    notes: dict[str, float] = {}
    """What else was seen, by its name."""


class Finding(msgspec.Struct, frozen=True):
    """A budget and what was measured of it; `low` and `high` are the extremes of single rounds."""

    name: str
    what: str
    bound: Bound
    summary: Summary
    measured: float
    low: float
    high: float
    verdict: Verdict
    rounds: Rounds


class Budget(msgspec.Struct, frozen=True):
    """`measure` returns rounds; with a baseline the figure is the ratio of the medians."""

    name: str
    what: str
    bound: Bound
    measure: Callable[[Effort], Rounds]
    summary: Summary = "median"

    def judge(self, rounds: Rounds) -> Finding:
        ratios = [ours / theirs for ours, theirs in zip(rounds.ours, rounds.theirs, strict=False)]
        figures = ratios or rounds.ours
        measured = self._one(figures)
        if rounds.theirs:
            measured = median(rounds.ours) / median(rounds.theirs)
        return Finding(
            name=self.name,
            what=self.what,
            bound=self.bound,
            summary=self.summary,
            measured=measured,
            low=min(figures),
            high=max(figures),
            verdict="met" if self.bound.met_by(measured) else "missed",
            rounds=rounds,
        )

    def _one(self, figures: list[float]) -> float:
        if self.summary == "median":
            return median(figures)
        return min(figures) if self.bound.sign == "≥" else max(figures)
