"""Viewers, and the appeal of each picture to each of them: the simulator knows them, and the service does not.

Viewer v clicks picture a of title t, at spot j of a row, with this probability.

    p(v, a, j) = alive(v) · logistic(b + title(t) + eager(v) + S · (tags(v, a) + hidden(v, a)) / √2) · 0.96^j.

The page docs/audience.md describes each term under "The world". Effects of a household or a country cancel out
over households or countries, because the common part is everyone's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from app.audience.titles import Title

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

COUNTRIES = "DE", "FR", "BR", "JP"
DEVICES = "tv", "phone", "tablet"
HOUSEHOLDS = "alone", "couple", "family"
STRENGTH = 1.0
NEVER_CLICK = 0.1
LEANINGS = 3
CLICKBAIT, BAIT = 1 / 12, 1.0
TITLES_DIFFER, VIEWERS_DIFFER = 0.4, 0.4
"""Standard deviations, in logits, of a title's draw and of a viewer's eagerness."""
LOOKED, LOOKED_ON, CLICKED_ON = 0.95, 0.88, 0.96
"""Chance that the first picture of a row is looked at; by what that, and a click, falls from spot to spot."""
ROW = 8
LEFT_WITHIN = 20.0
WATCHED_MEDIAN, WATCHED_SPREAD = 1500.0, 0.8
CLICK_BEFORE_PLAY = 0.2
"""The reward of a click by the service's rule, if watching counts."""
NOTHING = 1e-9
_QUANTILES = (np.arange(200) + 0.5) / 200
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Viewers:
    """The viewers' attributes; arrays of one entry for each. `share` is their part of all visits."""

    country: Ints
    device: Ints
    household: Ints
    leaning: Floats
    eager: Floats
    alive: Bools
    share: Floats

    @classmethod
    def drawn(cls, count: int, dice: np.random.Generator) -> "Viewers":
        visits = dice.gamma(3.0, size=count)
        return cls(
            dice.integers(len(COUNTRIES), size=count),
            dice.integers(len(DEVICES), size=count),
            dice.integers(len(HOUSEHOLDS), size=count),
            dice.normal(size=(count, LEANINGS)) / np.sqrt(LEANINGS),
            dice.normal(0.0, VIEWERS_DIFFER, count),
            dice.random(count) >= NEVER_CLICK,
            visits / visits.sum(),
        )

    def traits(self) -> Floats:
        """Return viewers × traits: what all share, the leanings, and the household."""
        return np.column_stack([np.ones(len(self.share)), self.leaning, np.eye(len(HOUSEHOLDS))[self.household]])


@dataclass(frozen=True)
class Era:
    """The world while nothing changes: the two halves of appeal, and the chances that follow from them.

    Arrays are viewers × pictures of all titles, side by side. `click` is the chance of a click in the first spot
    of a row; `watched` is, of those who clicked a picture, the share that watches on.
    """

    tagged: Floats
    hidden: Floats
    click: Floats
    watched: Floats

    def worth(self, reward: str, play_seconds: float) -> Floats:
        """Return what a click on each picture earns in expectation, by the service's rule."""
        if reward == "click":
            return np.ones(len(self.watched))
        stay = np.mean([worth(watching(u), play_seconds) for u in _QUANTILES])
        leave = np.mean([worth(LEFT_WITHIN * u, play_seconds) for u in _QUANTILES])
        return self.watched * stay + (1 - self.watched) * leave


class World:
    """The audience of some titles. The same arguments make the same one.

    The columns of each title's first picture are `first`; its last entry is the number of pictures. A row has
    `row` titles. The factor of a click at each spot of it is `falls`, and the chance that its picture is looked at
    is `looked`. The clickbait pictures are `bait`.
    """

    def __init__(
        self,
        titles: Sequence[Title],
        *,
        viewers: int = 2000,
        click_rate: float = 0.12,
        drift: bool = False,
        seed: int = 7,
    ):
        dice = np.random.default_rng((seed, 1))
        self.titles, self.seed, self.click_rate = list(titles), seed, click_rate
        self.first = np.cumsum([0, *(len(title.artworks) for title in titles)])
        self.row = min(ROW, len(self.titles))
        self.falls: Floats = CLICKED_ON ** np.arange(self.row, dtype=np.float64)
        self.looked: Floats = LOOKED * LOOKED_ON ** np.arange(self.row, dtype=np.float64)
        self.viewers = Viewers.drawn(viewers, dice)
        self._draw = dice.normal(0.0, TITLES_DIFFER, len(self.titles))
        shows, count = _shows(titles), int(self.first[-1])
        meaning = _meaning(shows.shape[1], dice)
        self.bait = np.isin(np.arange(count), dice.permutation(count)[: max(1, round(CLICKBAIT * count))])
        quality, country = dice.normal(size=count), _contrasts(len(COUNTRIES), count, dice)
        self._watched = np.where(self.bait, dice.uniform(0.05, 0.15, count), dice.uniform(0.6, 0.9, count))
        self._by_country: Floats = np.sqrt(3 / 4) * country[self.viewers.country]
        self._eras = [self._era(shows @ meaning, quality)]
        if drift:  # half of the tags exchange their meaning, and the qualities are drawn again
            self._eras.append(self._era(shows @ _exchanged(meaning, dice), dice.normal(size=count)))

    def era(self, *, late: bool) -> Era:
        """Return the world before half-way or, `late`, after; without a drift they are the same."""
        return self._eras[-1] if late else self._eras[0]

    def columns(self, title: int) -> slice:
        return slice(int(self.first[title]), int(self.first[title + 1]))

    def mean(self, chances: Floats) -> float:
        """Return the mean of an array like `Era.click` under uniform choice, over all that is looked at."""
        by_title = self._means(self.viewers.share @ chances)
        return float(by_title.mean() * (self.looked @ self.falls) / self.looked.sum())

    def _era(self, meaning: Floats, quality: Floats) -> Era:
        """Return an era in which pictures mean that to each trait, and have that quality."""
        tagged = self._scaled(self.viewers.traits() @ meaning.T)
        hidden = self._scaled(np.sqrt(1 / 4) * (quality + BAIT * self.bait) + self._by_country)
        draw = np.repeat(self._draw, np.diff(self.first)) + self.viewers.eager[:, None]
        logits = draw + STRENGTH * (tagged + hidden) / np.sqrt(2)
        return Era(tagged, hidden, self._chances(logits), self._watched)

    def _scaled(self, appeal: Floats) -> Floats:
        """Bring the variance among the pictures of a title to 1; where no tag sets them apart, it stays 0."""
        within = appeal - np.repeat(self._means(appeal), np.diff(self.first), axis=1)
        spread = float(np.sqrt(np.mean(within**2)))
        return (appeal - appeal.mean()) / spread if spread > NOTHING else np.zeros_like(appeal)

    def _means(self, values: Floats) -> Floats:
        means: Floats = np.add.reduceat(values, self.first[:-1], axis=-1) / np.diff(self.first)
        return means

    def _chances(self, logits: Floats) -> Floats:
        """Find, by bisection, the level at which the mean is the click rate."""
        low, high = -15.0, 5.0
        for _ in range(30):
            level = (low + high) / 2
            chances: Floats = self.viewers.alive[:, None] / (1 + np.exp(-(logits + level)))
            low, high = (low, level) if self.mean(chances) > self.click_rate else (level, high)
        return chances


def _meaning(tags: int, dice: np.random.Generator) -> Floats:
    """Draw tags × traits: how much each trait of a viewer likes each tag."""
    everyone, leaning = dice.normal(size=(1, tags)), dice.normal(size=(LEANINGS, tags))
    household = np.sqrt(1 / 2) * _contrasts(len(HOUSEHOLDS), tags, dice)
    return np.vstack([np.sqrt(1 / 4) * everyone, np.sqrt(1 / 4) * leaning, household]).T


def _exchanged(meaning: Floats, dice: np.random.Generator) -> Floats:
    """Return the meanings after half of the tags have taken over each other's."""
    order = np.arange(len(meaning))
    half = dice.permutation(order)[: len(order) // 2 + 1]
    order[half] = np.roll(half, 1)
    return meaning[order]


def watching(u: float) -> float:
    """Return for how many seconds who watches on does, at the quantile `u`."""
    return float(WATCHED_MEDIAN * np.exp(WATCHED_SPREAD * _NORMAL.inv_cdf(u)))


def _contrasts(values: int, columns: int, dice: np.random.Generator) -> Floats:
    """Draw effects of variance 1 that cancel out over an attribute's values: what all share is counted apart."""
    drawn = dice.normal(size=(values, columns))
    contrasts: Floats = (drawn - drawn.mean(axis=0)) * np.sqrt(values / (values - 1))
    return contrasts


def worth(seconds: float, play_seconds: float) -> float:
    """Return what a click earns, by the service's rule, where watching counts."""
    return max(CLICK_BEFORE_PLAY, min(1.0, seconds / play_seconds))


def _shows(titles: Sequence[Title]) -> Floats:
    """Return pictures × tags, divided by √ of each picture's number of tags, to sum over a picture's tags."""
    artworks = [artwork for title in titles for artwork in title.artworks]
    tags = {tag: n for n, tag in enumerate(sorted({tag for artwork in artworks for tag in artwork.tags}))}
    shows = np.zeros((len(artworks), len(tags)))
    for row, artwork in zip(shows, artworks, strict=True):
        row[[tags[tag] for tag in artwork.tags]] = 1 / np.sqrt(max(1, len(artwork.tags)))
    return shows
