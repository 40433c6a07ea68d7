"""The sums by which drift is noticed: one row of them for each hour."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec

PARTS = 32
"""Parts of the profiles, by their pseudonyms.

Differences between parts show the size of chance. All exposures of a profile are in one part, so it does not
matter how much they depend on each other.
"""


def _numbers() -> list[int]:
    return [0] * PARTS


def _sums() -> list[float]:
    return [0.0] * PARTS


class GroupSums(msgspec.Struct, array_like=True):
    """The exposures and rewards of one group, by parts of the profiles."""

    exposures: list[int] = msgspec.field(default_factory=_numbers)
    rewards: list[float] = msgspec.field(default_factory=_sums)


class DriftSums(msgspec.Struct, array_like=True):
    """The sums of the exposures whose windows closed in one hour. Lists are by parts of the profiles.

    `drawn` are exposures of personalized viewers for which the policy drew among several pictures; `forced` are
    those that got a picture with the least probability.

    The logged probabilities let `expected` draws be such. In `settled` draws, all pictures but one had the least
    probability. The sum of the parts of choice that all pictures had alike is `even`.

    `predicted` and `seen` are the sums of rewards over the `examples` for which the learner said a prediction.
    """

    groups: dict[str, GroupSums] = {}
    drawn: int = 0
    forced: list[int] = msgspec.field(default_factory=_numbers)
    expected: list[float] = msgspec.field(default_factory=_sums)
    even: float = 0.0
    settled: int = 0
    examples: int = 0
    predicted: list[float] = msgspec.field(default_factory=_sums)
    seen: list[float] = msgspec.field(default_factory=_sums)


class DriftHour(msgspec.Struct, frozen=True):
    """The hour that is still growing, if anything was counted in it: its number since 1970, and its sums."""

    at: int = 0
    sums: DriftSums | None = None


@dataclass(frozen=True, slots=True)
class DriftChange:
    """The changed hours. Before they are written, hours from `since` on, and before `before`, are deleted."""

    hours: Mapping[int, DriftSums]
    since: int | None
    before: int


class ShownDays(msgspec.Struct, frozen=True, gc=False):
    """How often viewers of a group were shown an artwork of a title on some days."""

    title: str
    artwork: str
    group: str
    exposures: int


class StoredDrift(Protocol):
    """The sums, as the trainer committed them."""

    async def drift_hours(self, first: int) -> dict[int, DriftSums]:
        """Return the hours from `first` on that have sums."""

    async def shown_in_days(self, first: int, last: int) -> list[ShownDays]:
        """Return all showings on these days together, in no order; titles in the rest are left out."""
