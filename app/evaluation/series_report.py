"""The rewards by hour or by day, of groups, devices and client releases."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal

from typing_extensions import TypedDict

from app.evaluation.intervals import interval_of, iso, mean_of
from app.store.protocol import DAY_MS, HOUR_MS, Dimension, State, Step, StepSums, Sums

Span = Literal["24h", "7d", "90d"]
HOURS_IN: Final[dict[Span, int]] = {"24h": 24, "7d": 7 * 24, "90d": 90 * 24}
MOST_NUMBERS: Final = 40_000
"""The most steps of all series together: an answer of at most some 4 MB."""
Key = tuple[str | None, str | None, str | None]


class SeriesTotals(TypedDict):
    """The sums of one series over the whole span; `reward` is the mean of an exposure."""

    exposures: int
    impressions: int
    clicks: int
    plays: int
    reward: float | None
    interval: list[float] | None


class OneSeries(TypedDict):
    """One series. A dimension that was not asked for is null.

    The lists have one entry for each of the times. `impressions`, `clicks` and `plays` count exposures that
    received one. `reward` is the mean reward of an exposure, and `interval` is that of `reward`; both are null
    where no exposure is.
    """

    group: str | None
    device: str | None
    release: str | None
    exposures: list[int]
    impressions: list[int]
    clicks: list[int]
    plays: list[int]
    reward: list[float | None]
    interval: list[list[float] | None]
    totals: SeriesTotals


# The functional form, because `from` is a word of Python's own.
SeriesReport = TypedDict(
    "SeriesReport",
    {
        "step": Step,
        "from": str,
        "until": str,
        "complete_since": str | None,
        "times": list[str],
        "series": list[OneSeries],
        "left_off": int,
    },
)
SeriesReport.__doc__ = """The series, those with the most exposures first. Times are in UTC; each begins a step.

The last step is not complete before the next one begins: `until` is the present time. Steps before
`complete_since` may lack exposures; it is null before the trainer has begun to count. `left_off` is the number of
series that did not fit into the answer.
"""


@dataclass(frozen=True, slots=True)
class SeriesReporter:
    state: State
    now: Callable[[], int]

    async def report(self, step: Step, span: Span, by: Collection[Dimension]) -> SeriesReport:
        """Return the series of the span that ends now."""
        now, length = self.now(), HOUR_MS if step == "hour" else DAY_MS
        number = HOURS_IN[span] * HOUR_MS // length
        first = now // length - number + 1
        most = max(1, MOST_NUMBERS // number)
        rows, left_off = await self.state.series(step, first * length, by, most)
        found = await asyncio.to_thread(_series, rows, first, number)
        began = await self.state.series_began()
        return {
            "step": step,
            "from": iso(first * length),
            "until": iso(now),
            "complete_since": None if began is None else iso(-(-began // length) * length),
            "times": [iso((first + n) * length) for n in range(number)],
            "series": found,
            "left_off": left_off,
        }


def _series(rows: list[StepSums], first: int, number: int) -> list[OneSeries]:
    steps: dict[Key, dict[int, Sums]] = {}
    totals: dict[Key, Sums] = {}
    for row in rows:
        if row.at < first + number:
            key = row.group, row.device, row.release
            steps.setdefault(key, {})[row.at - first] = row.sums
            totals.setdefault(key, Sums()).include(row.sums)
    keys = sorted(totals, key=lambda key: (-totals[key].exposures, [part or "" for part in key]))
    return [_one(key, steps[key], totals[key], number) for key in keys]


def _one(key: Key, steps: dict[int, Sums], total: Sums, number: int) -> OneSeries:
    every = [steps.get(n, _NOTHING) for n in range(number)]
    return {
        "group": key[0],
        "device": key[1],
        "release": key[2],
        "exposures": [each.exposures for each in every],
        "impressions": [each.impressions for each in every],
        "clicks": [each.clicks for each in every],
        "plays": [each.plays for each in every],
        "reward": [mean_of(each) for each in every],
        "interval": [interval_of(each) for each in every],
        "totals": {
            "exposures": total.exposures,
            "impressions": total.impressions,
            "clicks": total.clicks,
            "plays": total.plays,
            "reward": mean_of(total),
            "interval": interval_of(total),
        },
    }


_NOTHING: Final = Sums()
