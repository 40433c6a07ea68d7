"""The rewards of each group, title and artwork."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

from typing_extensions import TypedDict

from app.evaluation.intervals import CONFIDENCE, Z
from app.evaluation.lift_report import Comparison, LiftReporter
from app.evaluation.lift_sentences import NO_EXPERIMENT
from app.records import ANONYMOUS, BOT, PINNED
from app.store.protocol import State
from bandit.groups import CANARY, LASTING
from bandit.tally import Tally


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


class GroupRates(Rates):
    """The rates in one group. `share` is the part of the title's exposures in it that showed the artwork."""

    share: float | None


class ArtworkRates(Rates):
    """The rates of an artwork.

    Do not compare the rates of artworks, because each is shown to other viewers: those who should like it. The
    `estimated_rate` is the mean reward if all viewers were shown the artwork, by self-normalized inverse
    propensity with weights up to 10. It is null before the first exposure within the caps.
    """

    estimated_rate: float | None
    groups: dict[str, GroupRates]


class TitleRates(Rates):
    artworks: dict[str, ArtworkRates]


class Report(TypedDict):
    """The counts by group, title and artwork. An exposure counts when its window closes.

    Until the first days of enough viewers are over, `lift` is null; `says` is a sentence about it. `warning` is
    not empty if the numbers of viewers contradict the shares. Exposures to bots are only in the group `bot`, and
    in no sum of a title or an artwork.
    """

    confidence: float
    groups: dict[str, Rates]
    lift: Comparison | None
    says: str
    warning: str
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
            for group in reported({group for _, _, group in tallies})
        }
        titles: dict[str, dict[str, dict[str, Tally]]] = {}
        for (title, artwork, group), tally in sorted(tallies.items()):
            artworks = titles.setdefault(title, {})
            artworks.setdefault(artwork, {})[group] = tally
        experiment = await LiftReporter(self.state).latest()
        return {
            "confidence": CONFIDENCE,
            "groups": {group: rates_of(tally) for group, tally in groups.items()},
            "lift": experiment["lift"] if experiment else None,
            "says": experiment["says"] if experiment else NO_EXPERIMENT,
            "warning": experiment["warning"] if experiment else "",
            "titles": {title: title_rates(artworks) for title, artworks in titles.items()},
        }


def reported(found: Collection[str]) -> tuple[str, ...]:
    """Return the groups of a report; the canary is one if it has any exposure."""
    return (*LASTING, *([CANARY] if CANARY in found else []), PINNED, ANONYMOUS, BOT)


def title_rates(artworks: dict[str, dict[str, Tally]]) -> TitleRates:
    shown = Counter[str]()
    for groups in artworks.values():
        shown.update({group: tally.exposures for group, tally in groups.items()})
    return {
        **rates_of(_sum(_of_people(groups) for groups in artworks.values())),
        "artworks": {artwork: _artwork_rates(groups, shown) for artwork, groups in artworks.items()},
    }


def _artwork_rates(groups: Mapping[str, Tally], shown: Mapping[str, int]) -> ArtworkRates:
    tally = _of_people(groups)
    return {
        **rates_of(tally),
        "estimated_rate": round(tally.weighted / tally.weight, 6) if tally.weight else None,
        "groups": {
            group: {**rates_of(each), "share": round(each.exposures / shown[group], 6) if shown[group] else None}
            for group, each in groups.items()
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
