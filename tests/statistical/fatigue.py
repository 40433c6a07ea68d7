"""A world in which each showing of a picture to a viewer lowers the chance of a click, or raises it.

Few viewers come often, so that each is shown a picture many times. A decision counts with what was expected of it,
by the probabilities that it was drawn with and the audience's own chances: the same in the mean, with less noise.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.audience.visits import Outcome, Visit, Visits
from app.audience.world import Floats, World
from bandit.learners import new_learner
from bandit.types import Context
from tests.statistical.loop import Drawn, Loop, titles_of
from tests.statistical.samples import sample_titles

VIEWERS = 40
STEPS = 1_600
TIRING, NEUTRAL, WELCOME = 0.6, 1.0, 1.4
"""The factors of the chance of a click with each showing before; the chance stays below `MOST`."""
MOST = 0.9


@dataclass(eq=False)
class FatigueLoop(Loop):
    """Remembers how often each viewer was shown each picture, and lets this change the chance of a click."""

    factor: float = NEUTRAL
    informed: bool = True
    """Whether the policy knows the showings, as the service's does."""
    worth: list[float] = field(default_factory=list)
    """The chance of a click that was expected of each decision."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._base = self._era
        self._seen: NDArray[np.int64] = np.zeros(self._base.click.shape, np.int64)

    async def _showings(self, viewer: int, pictures: Sequence[str]) -> tuple[int, ...]:
        return await super()._showings(viewer, pictures) if self.informed else ()

    async def _show(self, visit: Visit, place: int, title: int, context: Context) -> Drawn:
        drawn = await super()._show(visit, place, title, context)
        chances = self._chances(visit.viewer)
        columns = list(drawn.candidates)
        self.worth.append(float(chances[columns] @ np.array(drawn.probabilities)))
        self._seen[visit.viewer, drawn.column] += 1
        return drawn

    def _outcome(self, visit: Visit, place: int, column: int) -> Outcome:
        click = self._base.click.copy()
        click[visit.viewer] = self._chances(visit.viewer)
        return self._visits.outcome(visit, place, column, replace(self._base, click=click))

    def _chances(self, viewer: int) -> Floats:
        fresh: Floats = self._base.click[viewer]
        changed: Floats = np.minimum(fresh * self.factor ** self._seen[viewer], np.maximum(MOST, fresh))
        return changed


def worth(seed: int, factor: float, folder: Path, *, informed: bool) -> float:
    """Return the chance of a click that was expected of a decision, in the mean over the second half."""
    return asyncio.run(_worth(seed, factor, folder, informed=informed))


async def _worth(seed: int, factor: float, folder: Path, *, informed: bool) -> float:
    titles = [title for title in sample_titles() if len(title.artworks) > 1]
    world = World(titles_of(titles), viewers=VIEWERS, seed=seed)
    visits = Visits(world)
    loop = await FatigueLoop.over(world, titles, new_learner(), "click", folder)
    assert isinstance(loop, FatigueLoop)
    loop.factor, loop.informed = factor, informed
    await loop.play((visits[number] for number in count()), STEPS)
    return float(np.mean(loop.worth[STEPS // 2 : STEPS]))
