"""Made clicks on real tastes: each picture of a title shows one aspect, and who likes it clicks more."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from tests.bench.quality.case import Features, Outcome, Step
from tests.bench.quality.movielens import FILMS, GENRES, Floats, Integers, movielens

CATALOGUE_SEED = 777
"""The catalogue belongs to the case; only viewers, order and coin flips go with a run's seed."""
TITLES = 60
NEW = 2
"""As many pictures of a title come half-way, where any do."""
SWAPPED = 10
"""As many of the 18 aspects exchange their meaning half-way, where they drift."""


@dataclass(frozen=True, slots=True)
class Title:
    id: str
    effect: float
    aspects: Integers
    pictures: list[Features]
    quality: Floats
    later: Floats
    """The qualities after a drift."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Titles by their film, and which aspect stands for which after a drift."""

    titles: dict[int, Title]
    swapped: Integers


@dataclass(frozen=True, slots=True)
class World:
    """What makes one of these cases: `base` is the log-odds of a click on an average picture."""

    base: float = -2.4
    strength: float = 0.9
    pictures: int = 6
    drifts: bool = False
    grows: bool = False
    scale: float = 1.0
    offset: float = 0.0

    def play(self, seed: int, steps: int) -> Iterator[Step]:
        """Yield visits of viewers to titles that they really rated.

        The context holds the taste of the first half of a viewer's ratings; clicks come from the second.
        """
        data, catalogue = movielens(), _catalogue(self.pictures, self.grows)
        random = np.random.default_rng(seed)
        visits = data.ratings[np.isin(data.ratings[:, 1], list(catalogue.titles))]
        visits = visits[random.integers(0, len(visits), steps)]
        coins = random.random(steps)
        contexts: dict[int, Features] = {}
        for n in range(steps):
            viewer, title = int(visits[n, 0]), catalogue.titles[int(visits[n, 1])]
            if viewer not in contexts:
                contexts[viewer] = data.viewers[viewer] | self._tastes(data.before[viewer])
            early = n < steps // 2
            count = self.pictures - NEW if self.grows and early else self.pictures
            p = self._click(title, data.after[viewer], None if early or not self.drifts else catalogue.swapped)
            pictures = [dict(picture) for picture in title.pictures[:count]]
            yield Step(contexts[viewer] | {"title": title.id}, pictures, Outcome(p[:count], float(coins[n])))

    def _tastes(self, taste: Floats) -> Features:
        rounded = [round(float(value), 3) * self.scale + self.offset for value in taste]
        return {f"taste_{genre}": value for genre, value in zip(GENRES, rounded, strict=True)}

    def _click(self, title: Title, taste: Floats, swapped: Integers | None) -> list[float]:
        aspects = title.aspects if swapped is None else swapped[title.aspects]
        quality = title.quality if swapped is None else title.later
        choice_probabilities = self.base + title.effect + quality + self.strength * taste[aspects]
        p: list[float] = (1 / (1 + np.exp(-choice_probabilities))).tolist()
        return p


@cache
def _catalogue(pictures: int, grows: bool) -> Catalogue:
    """Return the most rated films as titles; a title's own genres are among its aspects."""
    data = movielens()
    random = np.random.default_rng(CATALOGUE_SEED)
    films = np.argsort(-np.bincount(data.ratings[:, 1], minlength=FILMS), kind="stable")[:TITLES]
    together = data.genres.T @ data.genres
    np.fill_diagonal(together, 0)
    drawn = {}
    for film in films:
        aspects = _aspects(random, np.flatnonzero(data.genres[film]), together, pictures)
        quality, later = random.normal(0, 0.3, pictures), random.normal(0, 0.3, pictures)
        if grows:
            quality[pictures - NEW :] += np.where(random.random(NEW) < 1 / 3, 0.8, 0)
        drawn[int(film)] = aspects, quality, later
    effects = random.normal(0, 0.4, TITLES)
    titles = {}
    for (film, (aspects, quality, later)), effect in zip(drawn.items(), effects, strict=True):
        shown = _pictures(f"t{film}", aspects, data.genres[film])
        titles[film] = Title(f"t{film}", float(effect), aspects, shown, quality, later)
    swapped = np.arange(len(GENRES))
    moved = random.permutation(len(GENRES))[:SWAPPED]
    swapped[moved] = np.roll(moved, 1)
    return Catalogue(titles, swapped)


def _aspects(random: np.random.Generator, genres: Integers, together: Floats, pictures: int) -> Integers:
    """Return a title's own genres, and others that are often beside them, in some order."""
    own = genres[: pictures - 1]
    weights = together[own].sum(0) + 20
    weights[own] = 0
    others = random.choice(len(GENRES), pictures - len(own), replace=False, p=weights / weights.sum())
    return np.concatenate([own, others])[random.permutation(pictures)]


def _pictures(title: str, aspects: Integers, genres: Floats) -> list[Features]:
    return [
        {"id": f"{title}v{n}", "aspect": GENRES[aspect], "own": int(genres[aspect])}
        for n, aspect in enumerate(aspects)
    ]
