"""The shares of a title's artworks in its exposures, by day and group."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from typing_extensions import TypedDict

from app.evaluation.intervals import iso, iso_day
from app.store.protocol import DAY_MS, State, Sums
from bandit.drift import spread

Days = dict[int, dict[tuple[str, str], Sums]]


class GroupShare(TypedDict):
    """For each day the exposures of the artwork in the group, and their share of the title's in the group.

    A share is null on a day on which the group was not shown the title.
    """

    exposures: list[int]
    share: list[float | None]


class ArtworkShares(TypedDict):
    artwork: str
    groups: dict[str, GroupShare]


# The functional form, because `from` is a word of Python's own.
SharesReport = TypedDict(
    "SharesReport",
    {
        "from": str,
        "until": str,
        "days": list[str],
        "kept": bool,
        "artworks": list[ArtworkShares],
        "entropy": dict[str, list[float | None]],
    },
)
SharesReport.__doc__ = """The shares of the artworks that were shown. Days are those of UTC; the last is today.

`kept` is false if the title was not among the busiest titles on any of the days: then nothing is kept of it.

Each group has the `entropy` of its shares on each day, as a part of the greatest possible one. It is 1 if the
group was shown all artworks of the day equally often, and 0 if it was shown only one. It is null without a choice.
"""


@dataclass(frozen=True, slots=True)
class SharesReporter:
    state: State
    now: Callable[[], int]

    async def report(self, title: str, number: int) -> SharesReport:
        """Return the shares on so many days. An exposure counts on the day on which its window closed."""
        now = self.now()
        last = now // DAY_MS
        days = range(last - number + 1, last + 1)
        found = await self.state.artwork_days(title, days.start, last)
        return {
            "from": iso(days.start * DAY_MS),
            "until": iso(now),
            "days": [iso_day(day) for day in days],
            "kept": bool(found),
            "artworks": _artworks(found, days),
            "entropy": _entropy(found, days),
        }


def _artworks(found: Days, days: range) -> list[ArtworkShares]:
    shown = Counter[tuple[int, str]]()
    for day, rows in found.items():
        for (_, group), sums in rows.items():
            shown[day, group] += sums.exposures
    artworks: dict[str, dict[str, GroupShare]] = {}
    for artwork, group in sorted({key for rows in found.values() for key in rows}):
        exposures = [_exposures(found, day, (artwork, group)) for day in days]
        shares = [
            round(part / whole, 6) if (whole := shown[day, group]) else None
            for day, part in zip(days, exposures, strict=True)
        ]
        artworks.setdefault(artwork, {})[group] = {"exposures": exposures, "share": shares}
    return [{"artwork": artwork, "groups": groups} for artwork, groups in artworks.items()]


def _entropy(found: Days, days: range) -> dict[str, list[float | None]]:
    groups = sorted({group for rows in found.values() for _, group in rows})
    return {group: [_spread(found.get(day, {}), group) for day in days] for group in groups}


def _spread(rows: dict[tuple[str, str], Sums], group: str) -> float | None:
    artworks = {artwork for artwork, _ in rows}
    found = spread(rows.get((artwork, group), Sums()).exposures for artwork in sorted(artworks))
    return None if found is None else round(found, 6)


def _exposures(found: Days, day: int, key: tuple[str, str]) -> int:
    sums = found.get(day, {}).get(key)
    return sums.exposures if sums else 0
