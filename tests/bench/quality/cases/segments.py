"""One attribute decides which picture is clicked, three more say nothing, and no tag tells."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tests.bench.quality.case import Features, Outcome, Step

WORLD_SEED = 31
SEGMENTS, TITLES, PICTURES = 6, 30, 6
NOISE, VALUES = 3, 5
"""Attributes that say nothing, and how many values each of them has."""


@dataclass(frozen=True, slots=True)
class Segments:
    """`base` is the log-odds of a click on an average picture."""

    base: float = -2.4

    def play(self, seed: int, steps: int) -> Iterator[Step]:
        world, random = np.random.default_rng(WORLD_SEED), np.random.default_rng(seed + 1)
        liking = world.normal(0, 1, (SEGMENTS, TITLES, PICTURES))
        quality = world.normal(0, 0.3, (TITLES, PICTURES))
        for _ in range(steps):
            segment, title = int(random.integers(SEGMENTS)), int(random.integers(TITLES))
            noise = {f"n{n}": f"v{int(random.integers(VALUES))}" for n in range(NOISE)}
            context: Features = {"segment": f"s{segment}", **noise, "title": f"t{title}"}
            p = 1 / (1 + np.exp(-(self.base + quality[title] + liking[segment, title])))
            actions: list[Features] = [{"id": f"t{title}v{n}"} for n in range(PICTURES)]
            yield Step(context, actions, Outcome(p.tolist(), float(random.random())))
