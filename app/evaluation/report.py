"""The rewards of each group, title and artwork."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist
from typing import Literal

from typing_extensions import TypedDict

from app.records import ANONYMOUS, BOT, PINNED
from app.store.protocol import State
from bandit.groups import GROUPS
from bandit.tally import Tally

CONFIDENCE = 0.95
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


class Rates(TypedDict):
    """Exposures, and the feedback and reward that they received.

    `rate` is the mean reward of an exposure. `interval` is that of `click_rate`. All three are null before the
    first exposure.
    """

    exposures: int
    clicks: int
    plays: int
    reward: float
    rate: float | None
    click_rate: float | None
    interval: list[float] | None


class ArtworkRates(Rates):
    groups: dict[str, Rates]


class TitleRates(Rates):
    artworks: dict[str, ArtworkRates]


class Lift(TypedDict):
    """By how much the personalized group clicks and earns more: ratios minus 1, and the interval of `clicks`."""

    over: Literal["best_single"]
    clicks: float
    interval: list[float]
    reward: float


class Report(TypedDict):
    """The counts by group, title and artwork. An exposure counts when its window closes.

    Until both groups have clicked, `lift` is null. Exposures to bots are only in the group `bot`, and in no sum of
    a title or an artwork.
    """

    confidence: float
    groups: dict[str, Rates]
    lift: Lift | None
    titles: dict[str, TitleRates]


@dataclass(frozen=True, slots=True)
class Reporter:
    state: State

    async def report(self, only: str | None = None) -> Report:
        """Return counts and rates by group, title and artwork, of one title alone if `only` names it.

        Exposures are counted when their windows close.
        """
        tallies = await self.state.tallies(only)
        groups = {
            group: _sum(t for (_, _, g), t in tallies.items() if g == group)
            for group in (*GROUPS, PINNED, ANONYMOUS, BOT)
        }
        titles: dict[str, dict[str, dict[str, Tally]]] = {}
        for (title, artwork, group), tally in sorted(tallies.items()):
            artworks = titles.setdefault(title, {})
            artworks.setdefault(artwork, {})[group] = tally
        return {
            "confidence": CONFIDENCE,
            "groups": {group: rates_of(tally) for group, tally in groups.items()},
            "lift": lift_of(groups["personalized"], groups["best_single"]),
            "titles": {title: title_rates(artworks) for title, artworks in titles.items()},
        }


def title_rates(artworks: dict[str, dict[str, Tally]]) -> TitleRates:
    return {
        **rates_of(_sum(_of_people(groups) for groups in artworks.values())),
        "artworks": {
            artwork: {**rates_of(_of_people(groups)), "groups": {g: rates_of(t) for g, t in groups.items()}}
            for artwork, groups in artworks.items()
        },
    }


def _of_people(groups: Mapping[str, Tally]) -> Tally:
    return _sum(tally for group, tally in groups.items() if group != BOT)


def _sum(tallies: Iterable[Tally]) -> Tally:
    return sum(tallies, Tally())


def rates_of(tally: Tally) -> Rates:
    n = tally.exposures
    return {
        "exposures": n,
        "clicks": tally.clicks,
        "plays": tally.plays,
        "reward": round(tally.reward, 6),
        "rate": round(tally.reward / n, 6) if n else None,
        "click_rate": round(tally.clicks / n, 6) if n else None,
        "interval": _wilson(tally.clicks, n),
    }


def _wilson(successes: int, n: int) -> list[float] | None:
    """Return the interval of a click rate (Wilson 1927), which is right for few exposures and rare clicks, too."""
    if not n:
        return None
    p, z2 = successes / n, Z * Z
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return [round(max(0.0, centre - half), 6), round(min(1.0, centre + half), 6)]


def lift_of(personalized: Tally, control: Tally) -> Lift | None:
    """Return how much more the personalized group clicks, and earns, than the control, as a ratio less one.

    The interval is that of a ratio of two proportions on the log scale (Katz et al. 1978). It takes exposures to
    be independent, which those of one profile are not: read it as the narrowest that may be true.
    """
    if not (personalized.clicks and control.clicks):
        return None
    ratio = (personalized.clicks / personalized.exposures) / (control.clicks / control.exposures)
    earned = (personalized.reward / personalized.exposures) / (control.reward / control.exposures)
    spread = Z * sqrt(sum(1 / t.clicks - 1 / t.exposures for t in (personalized, control)))
    low, high = exp(log(ratio) - spread), exp(log(ratio) + spread)
    return {
        "over": "best_single",
        "clicks": round(ratio - 1, 4),
        "interval": [round(low - 1, 4), round(high - 1, 4)],
        "reward": round(earned - 1, 4),
    }
