"""Clickbait in the loop: pictures that draw clicks and are then abandoned.

The audience is that of `keyart audience`, but its clickbait surely draws clicks: the quality of such a picture is
raised by three standard deviations. With one, as there, many are not what most would click.

A decision counts with what was expected of it, by the probabilities that it was drawn with and the audience's own
chances, and not with what then happened to be clicked and watched: the same in the mean, with less noise.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from app.audience.visits import Visits
from app.audience.world import LEFT_WITHIN, Floats, World, watching
from bandit.learners import new_learner
from bandit.reward import RewardRules
from tests.statistical.loop import Drawn, Loop, titles_of
from tests.statistical.samples import sample_titles

REWARDS = "click", "play"
STEPS = 3_500
BAIT = 3.0
WATCHED_ON = float(np.mean([watching((n + 0.5) / 1000) for n in range(1000)]))
"""Seconds, in the mean over those who do not leave at once."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What a policy came to, in the last quarter of its exposures.

    `bait` is what part of its fair share a clickbait picture got in the mean: under uniform choice it is 1. Only
    decisions count in which another picture was worth more where watching counts: a click alone earns a fifth of
    a watching, so what draws five times the clicks is no mistake.
    """

    bait: float
    seconds: float
    """Watched, for each exposure in the first place of a row."""


def ending(seed: int, reward: str, folder: Path) -> Ending:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.audience.world.BAIT", BAIT)
        return asyncio.run(_ending(seed, reward, folder))


async def _ending(seed: int, reward: str, folder: Path) -> Ending:
    titles = [title for title in sample_titles() if len(title.artworks) > 1]
    world = World(titles_of(titles), seed=seed)
    visits = Visits(world)
    loop = await Loop.over(world, titles, new_learner(), reward, folder)
    drawn = await loop.play((visits[number] for number in count()), STEPS)
    last = drawn[-STEPS // 4 :]
    return Ending(_bait(world, last), _seconds(world, last))


def _bait(world: World, drawn: Sequence[Drawn]) -> float:
    era = world.era(late=False)
    worth = era.click * era.worth("play", RewardRules(0).play_seconds)
    got = fair = 0.0
    for each in drawn:
        columns = list(each.candidates)
        bait = world.bait[columns]
        if not bait[worth[each.viewer, columns].argmax()]:
            got += float(bait @ each.probabilities)
            fair += float(bait.mean())
    return got / fair


def _seconds(world: World, drawn: Sequence[Drawn]) -> float:
    era = world.era(late=False)
    seconds: Floats = era.click * (era.watched * WATCHED_ON + (1 - era.watched) * LEFT_WITHIN / 2)
    return float(np.mean([seconds[each.viewer, list(each.candidates)] @ each.probabilities for each in drawn]))
