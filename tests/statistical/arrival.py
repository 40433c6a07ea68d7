"""New pictures and new viewers in the loop: what the policy makes of them, and what they would like best.

The pictures and their tags are the samples, the audience is made up. A third of each title's pictures is held back
until half-way, and a quarter of the viewers stay away altogether.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from app.audience.visits import Visit, Visits, Yardstick
from app.audience.world import Floats, World
from assets.catalogue import Title
from bandit.learners import new_learner
from tests.statistical.loop import Drawn, Loop, titles_of
from tests.statistical.samples import sample_titles, with_artworks

VIEWERS = 1_000
STRANGERS = range(0, VIEWERS, 4)
"""They never come, and are strangers to the end."""
KNOWN_STEPS, STEPS = 3_500, 5_000
"""Exposures before the pictures come, and after."""
GUESSES = 60
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Levels:
    """Expected click rates of the first decisions for strangers, in the first place of a row.

    `single` is the picture of each title that is best over all viewers, `kin` the one that is best over those of
    the stranger's own country and household; both are named with foresight.
    """

    policy: float
    uniform: float
    single: float
    kin: float


@dataclass(frozen=True, eq=False)
class Arrival:
    """A world in which new pictures came half-way, with every decision before and after.

    `guess` is by how much the first choice among a title's new pictures, before any of them was ever shown, is
    clicked more often than one by chance.
    """

    world: World
    new: Mask
    before: Sequence[Drawn]
    after: Sequence[Drawn]
    guess: float
    strangers: Levels

    @property
    def fair(self) -> Floats:
        """Return each picture's probability under uniform choice."""
        sizes = np.diff(self.world.first)
        return 1 / np.repeat(sizes, sizes)

    def merit(self) -> Floats:
        """Return for how many visits each picture is the best of its title's, in multiples of its fair share."""
        click, share, merit = self.world.era(late=False).click, self.world.viewers.share, np.zeros(len(self.new))
        for title in range(len(self.world.titles)):
            columns = self.world.columns(title)
            best = click[:, columns].argmax(axis=1)
            merit[columns] = np.bincount(best, share, columns.stop - columns.start)
        return merit / self.fair

    def shown(self, decisions: Sequence[Drawn]) -> Floats:
        """Return each picture's mean probability when its title was looked at."""
        given, asked = np.zeros(len(self.new)), np.zeros(len(self.new))
        for drawn in decisions:
            given[list(drawn.candidates)] += drawn.probabilities
            asked[list(drawn.candidates)] += 1
        return given / np.maximum(asked, 1)

    def share(self, decisions: Sequence[Drawn], pictures: Mask) -> float:
        """Return in what multiple of their fair share these pictures were shown in the mean."""
        return float((self.shown(decisions) / self.fair)[pictures].mean())

    def found(self, decisions: Sequence[Drawn]) -> float:
        """Return by how much new pictures that deserve it are shown more than others: 0 if all are alike."""
        deserved = self.merit()[self.new]
        share = (self.shown(decisions) / self.fair)[self.new]
        return float(((deserved - deserved.mean()) * share).mean())

    def reached(self, decisions: Sequence[Drawn]) -> float:
        """Return how far these choices were expected to come from chance, 0, to the best possible, 1."""
        got = chance = best = 0.0
        for drawn in decisions:
            clicks = self.world.era(late=False).click[drawn.viewer, list(drawn.candidates)]
            got += float(clicks @ drawn.probabilities)
            chance += float(clicks.mean())
            best += float(clicks.max())
        return (got - chance) / (best - chance)


def arrival(seed: int, folder: Path) -> Arrival:
    return asyncio.run(_arrival(seed, folder))


async def _arrival(seed: int, folder: Path) -> Arrival:
    titles = [title for title in sample_titles() if len(title.artworks) > 2]
    known = _held_back(titles, Random(seed))
    world = World(titles_of(titles), viewers=VIEWERS, seed=seed)
    new = _new(world, known)
    visits = _acquainted(Visits(world))
    loop = await Loop.over(world, known, new_learner(), "click", folder)
    before = await loop.play(visits, KNOWN_STEPS)
    await loop.offer(titles)
    guess = await _first_guess(loop, new, [drawn.viewer for drawn in before[-GUESSES:]])
    after = await loop.play(visits, STEPS)
    return Arrival(world, new, before, after, guess, await _strangers(loop))


def _acquainted(visits: Visits) -> Iterator[Visit]:
    every = (visits[number] for number in count())
    return (visit for visit in every if visit.viewer not in STRANGERS)


def _held_back(titles: Sequence[Title], rng: Random) -> list[Title]:
    """Return the titles without a third of their pictures."""
    return [
        with_artworks(title, rng.sample(title.artworks, len(title.artworks) - len(title.artworks) // 3))
        for title in titles
    ]


def _new(world: World, known: Sequence[Title]) -> Mask:
    kept = {(title.id, artwork.id) for title in known for artwork in title.artworks}
    return np.array([(title.id, each.id) not in kept for title in world.titles for each in title.artworks])


async def _first_guess(loop: Loop, new: Mask, viewers: Sequence[int]) -> float:
    """Ask for choices among each title's new pictures alone."""
    guessed = chance = 0.0
    for viewer in viewers:
        context = await loop.context(viewer)
        for title in range(len(loop.world.titles)):
            columns, choice_probabilities = loop.choice_probabilities(context, title, among=new)
            clicks = loop.world.era(late=False).click[viewer, list(columns)]
            guessed += float(clicks @ choice_probabilities)
            chance += float(clicks.mean())
    return guessed / chance - 1


async def _strangers(loop: Loop) -> Levels:
    world, era = loop.world, loop.world.era(late=False)
    single, kin = Yardstick(world, era, "click", 1.0).single, _best_for_kin(world)
    sums = np.zeros(4)
    for viewer in STRANGERS:
        context = await loop.context(viewer)
        assert not context.taste
        for title in range(len(world.titles)):
            columns, choice_probabilities = loop.choice_probabilities(context, title)
            clicks = era.click[viewer, list(columns)]
            levels = clicks @ choice_probabilities, clicks.mean(), single[viewer, title], kin[viewer, title]
            sums += world.viewers.share[viewer] * np.array(levels)
    return Levels(*(sums / world.viewers.share[STRANGERS].sum() / len(world.titles)).tolist())


def _best_for_kin(world: World) -> Floats:
    """Return what the picture that is best for a country and household earns, viewers × titles."""
    viewers, click = world.viewers, world.era(late=False).click
    kin = viewers.country * 1000 + viewers.household
    earned = np.zeros((len(kin), len(world.titles)))
    for each in np.unique(kin):
        of = np.flatnonzero(kin == each)
        mean = viewers.share[of] @ click[of]
        for title in range(len(world.titles)):
            columns = world.columns(title)
            earned[of, title] = click[of, columns.start + int(mean[columns].argmax())]
    return earned
