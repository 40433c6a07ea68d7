"""Visits: the viewer, the row of titles, the pictures looked at, and the viewer's reaction to each."""

from typing import NamedTuple

import numpy as np

from app.audience.world import COUNTRIES, DEVICES, HOUSEHOLDS, LEFT_WITHIN, Era, Floats, World, watching


class Visit(NamedTuple):
    """One viewer before one row. The dice are thrown before anything is shown, one for each spot."""

    viewer: int
    titles: tuple[int, ...]
    looked: tuple[bool, ...]
    clicking: tuple[float, ...]
    staying: tuple[float, ...]
    watching: tuple[float, ...]


class Outcome(NamedTuple):
    """A viewer's reaction to a picture; `seconds` is 0 if it was not clicked."""

    clicked: bool
    left: bool
    seconds: float


class Visits:
    """All visits of a world by number. They do not depend on the pictures that are shown."""

    def __init__(self, world: World):
        self._world = world
        self._cumulative = np.cumsum(world.viewers.share)

    def __getitem__(self, number: int) -> Visit:
        world = self._world
        dice = np.random.default_rng((world.seed, 2, number))
        viewer = int(np.searchsorted(self._cumulative, dice.random() * self._cumulative[-1], side="right"))
        titles = dice.permutation(len(world.titles))[: world.row]
        looking, *throws = dice.random((4, world.row))
        return Visit(viewer, *(tuple(each.tolist()) for each in (titles, looking < world.looked, *throws)))

    def name(self, viewer: int) -> str:
        return f"audience-{self._world.seed}-{viewer}"

    def attributes(self, viewer: int) -> dict[str, str]:
        return {"household": HOUSEHOLDS[self._world.viewers.household[viewer]]}

    def circumstances(self, viewer: int) -> dict[str, str]:
        viewers = self._world.viewers
        return {"country": COUNTRIES[viewers.country[viewer]], "device": DEVICES[viewers.device[viewer]]}

    def outcome(self, visit: Visit, spot: int, column: int, era: Era) -> Outcome:
        chance = era.click[visit.viewer, column] * self._world.falls[spot]
        if visit.clicking[spot] >= chance:
            return Outcome(clicked=False, left=False, seconds=0.0)
        if visit.staying[spot] < era.watched[column]:
            return Outcome(clicked=True, left=False, seconds=watching(visit.watching[spot] or 1e-9))
        return Outcome(clicked=True, left=True, seconds=LEFT_WITHIN * visit.watching[spot])


class Yardstick:
    """The two levels for comparison: the best possible choices, and the best single picture of each title.

    The best choice is the one with the greatest expected reward by the service's rule; the best single picture has
    it over all visits. `best` and `single` are these rewards in the first spot of a row, viewers × titles.
    """

    def __init__(self, world: World, era: Era, reward: str, play_seconds: float):
        value = era.click * era.worth(reward, play_seconds)
        every = [value[:, world.columns(title)] for title in range(len(world.titles))]
        self.best: Floats = np.stack([each.max(axis=1) for each in every], axis=1)
        self.single: Floats = np.stack([each[:, (world.viewers.share @ each).argmax()] for each in every], axis=1)
