"""The time series of the fold: sums by hour and by day, and the part of them that is still growing."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from app.store.protocol.drift import DriftChange, DriftHour

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
Step = Literal["hour", "day"]
Dimension = Literal["group", "device", "release"]
SeriesKey = tuple[str, str, str]
"""By hour: group, device and release. By day: title, artwork and group."""


class Sums(msgspec.Struct, array_like=True, gc=False):
    """The exposures of one key whose windows closed in one hour or day, and the sums of their feedback.

    `impressions`, `clicks` and `plays` count exposures that received one. `squares` is the sum of the squares of
    the rewards.
    """

    exposures: int = 0
    impressions: int = 0
    clicks: int = 0
    plays: int = 0
    reward: float = 0.0
    squares: float = 0.0

    def include(self, other: "Sums") -> None:
        self.exposures += other.exposures
        self.impressions += other.impressions
        self.clicks += other.clicks
        self.plays += other.plays
        self.reward += other.reward
        self.squares += other.squares


class Period(msgspec.Struct, frozen=True):
    """The hour or day that is still growing: its number since 1970, and its rows."""

    at: int = 0
    rows: list[tuple[str, str, str, Sums]] = []


class SeriesState(msgspec.Struct, frozen=True):
    """The state of the series that a fold continues with.

    From the stamp `began` on, no hour lacks an exposure; 0 means that none was counted. A fold that continues
    from a state that is not the store's is `apart`, so that its first commit replaces the store's rows.
    """

    began: int = 0
    hours: Period = Period()
    days: Period = Period()
    apart: bool = False
    drift: DriftHour = DriftHour()


NO_SERIES = SeriesState()


@dataclass(frozen=True, slots=True)
class SeriesChange:
    """The changed rows of one series; None deletes a row.

    Before they are written, rows of the periods from `since` on, and before `before`, are deleted.
    """

    rows: Iterable[tuple[int, SeriesKey, Sums | None]]
    since: int | None
    before: int


@dataclass(frozen=True, slots=True)
class SeriesChanges:
    """The changes of both series and of the sums of drift, and `began` if that has changed, too."""

    steps: Mapping[Step, SeriesChange]
    began: int | None = None
    drift: DriftChange | None = None


class StepSums(msgspec.Struct, frozen=True, gc=False):
    """The sums of one step. A dimension that nobody asked for has no value."""

    at: int
    group: str | None
    device: str | None
    release: str | None
    sums: Sums


class StoredSeries(Protocol):
    """The series, as the trainer committed them."""

    async def series_began(self) -> int | None:
        """Return the stamp from which on no hour lacks an exposure; None if none was counted."""

    async def series(
        self, step: Step, since: int, by: Collection[Dimension], most: int
    ) -> tuple[list[StepSums], int]:
        """Return sums by hour or by day, from the hour of the stamp `since` on, and how many series are left off.

        The `most` series with the most exposures are there; of equals, the first ones by name.
        """

    async def artwork_days(self, title: str, first: int, last: int) -> dict[int, dict[tuple[str, str], Sums]]:
        """Return the sums of a title's artworks and groups on the days that have any, from `first` to `last`."""

    async def period_rows(self, step: Step, at: int) -> dict[SeriesKey, Sums]:
        """Return the rows of one hour or one day."""

    async def periods(self, step: Step, first: int) -> list[int]:
        """Return the hours, or the days, that have rows, from `first` on."""
