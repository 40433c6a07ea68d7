"""Twenty correlated numbers of unknown scale and offset decide, and there are neither tags nor words."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tests.bench.quality.case import Outcome, Step

WORLD_SEED = 41
NUMBERS, ACTIONS, HIDDEN = 20, 6, 32
SHIFT = 3
"""Offsets are about so many times as large as what varies."""


@dataclass(frozen=True, slots=True)
class Dense:
    """What is clicked depends on the numbers in a linear way, or by way of 32 hidden units."""

    linear: bool

    def play(self, seed: int, steps: int) -> Iterator[Step]:
        world, random = np.random.default_rng(WORLD_SEED), np.random.default_rng(seed + 5)
        slopes = world.normal(0, 1, (ACTIONS, NUMBERS))
        mixing = world.normal(0, 1, (NUMBERS, NUMBERS)) / np.sqrt(NUMBERS)
        scale = np.exp(world.normal(0, 1.5, NUMBERS))
        offset = world.normal(0, 1, NUMBERS) * scale * SHIFT
        inner = world.normal(0, 1, (NUMBERS, HIDDEN)) / np.sqrt(NUMBERS)
        outer = world.normal(0, 1, (HIDDEN, ACTIONS))
        for _ in range(steps):
            z = mixing @ random.normal(size=NUMBERS)
            score = slopes @ z * 1.5 / np.sqrt(NUMBERS) if self.linear else np.tanh(2 * z @ inner) @ outer * 0.5
            p = 1 / (1 + np.exp(-(-1.5 + 1.5 * score)))
            context: dict[str, str | float] = {f"x{n}": float(x) for n, x in enumerate(z * scale + offset)}
            actions: list[dict[str, str | float]] = [{"id": f"a{n}"} for n in range(ACTIONS)]
            yield Step(context, actions, Outcome(p.tolist(), float(random.random())))
