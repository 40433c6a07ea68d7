"""Pictures differ, but not by viewer: the context and the tags say nothing."""

from collections.abc import Iterator

import numpy as np

from tests.bench.quality.case import Features, Outcome, Step

WORLD_SEED = 51
TITLES, PICTURES = 30, 6
BASE, SPREAD = -2.4, 0.5
COUNTRIES, DEVICES, ASPECTS = 5, 3, 11


def play(seed: int, steps: int) -> Iterator[Step]:
    quality = np.random.default_rng(WORLD_SEED).normal(0, SPREAD, (TITLES, PICTURES))
    choice_probabilities = 1 / (1 + np.exp(-(BASE + quality)))
    random = np.random.default_rng(seed)
    for _ in range(steps):
        title = int(random.integers(TITLES))
        country, device = f"c{int(random.integers(COUNTRIES))}", f"d{int(random.integers(DEVICES))}"
        context: Features = {"country": country, "device": device, "title": f"t{title}"}
        yield Step(
            context, _pictures(title), Outcome(choice_probabilities[title].tolist(), float(random.random()))
        )


def _pictures(title: int) -> list[Features]:
    return [{"id": f"t{title}v{n}", "aspect": f"g{(title * 3 + n * 5) % ASPECTS}"} for n in range(PICTURES)]
