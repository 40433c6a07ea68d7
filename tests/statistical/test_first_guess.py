"""What tags and visual features tell a policy of a picture that nobody has seen yet.

The pictures and their tags are the samples; the audience is made up. Its taste is half in what editors' words say
and half in what a picture looks like, each segment of viewers its own, so that neither tells all of it. A third of
the pictures of each title is held out: a policy learns from viewers of the others, and is then asked for its very
first choice among those that are new.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import pytest
from scipy import stats

from bandit.learners import new_learner
from bandit.types import Action, Context, Example
from tests.statistical.samples import sample_titles

pytestmark = pytest.mark.long

SEGMENTS = ("dawn", "noon", "dusk", "night")
VIEWS = 1_500
AUDIENCES = 16


@dataclass(frozen=True)
class Shown:
    """A sample picture as an editor and a camera describe it."""

    title: str
    id: str
    tags: tuple[str, ...]
    looks: Mapping[str, float]

    def action(self, *, words: bool, seen: bool) -> Action:
        return Action(self.id, self.title, self.tags if words else (), self.looks if seen else {})


@dataclass(frozen=True)
class Audience:
    """How much each segment likes each word and each look, and hence how often it clicks."""

    likes: Mapping[tuple[str, str], float]

    def clicks(self, segment: str, picture: Shown) -> float:
        words = sum(self.likes[segment, tag] for tag in picture.tags)
        looks = sum(self.likes[segment, name] * value for name, value in picture.looks.items())
        return 0.5 / (1 + math.exp(1.5 - words / 2 - 2 * looks))


@pytest.fixture(scope="module")
def pictures() -> list[Shown]:
    return [
        Shown(title.id, f"{title.id}/{artwork.id}", artwork.tags, artwork.features)
        for title in sample_titles()
        for artwork in title.artworks
    ]


def an_audience(pictures: Sequence[Shown], rng: Random) -> Audience:
    tastes = {name for picture in pictures for name in (*picture.tags, *picture.looks)}
    return Audience({(segment, name): rng.gauss(0, 1) for segment in SEGMENTS for name in sorted(tastes)})


def divided(pictures: Sequence[Shown], rng: Random) -> tuple[list[list[Shown]], list[list[Shown]]]:
    """The titles with the pictures that are known, and those with two or more that are new."""
    known, new = [], []
    for title in sorted({picture.title for picture in pictures}):
        own = [picture for picture in pictures if picture.title == title]
        rng.shuffle(own)
        held_out = len(own) // 3
        known.append(own[held_out:])
        if held_out > 1:
            new.append(own[:held_out])
    return known, new


def first_guess(pictures: Sequence[Shown], seed: int, *, words: bool, seen: bool) -> float:
    """How much more often than by chance the first choice among new pictures is clicked."""
    rng = Random(seed)
    audience = an_audience(pictures, rng)
    known, new = divided(pictures, rng)
    learner = new_learner()
    for _ in range(VIEWS):
        segment, shown = rng.choice(SEGMENTS), rng.choice(known)
        chosen = rng.randrange(len(shown))
        reward = float(rng.random() < audience.clicks(segment, shown[chosen]))
        actions = [picture.action(words=words, seen=seen) for picture in shown]
        learner.learn(Example(Context({"segment": segment}), actions, chosen, 1 / len(shown), reward))
    guessed = chance = 0.0
    for shown in new:
        for segment in SEGMENTS:
            actions = [picture.action(words=words, seen=seen) for picture in shown]
            choice_probabilities = learner.probabilities(Context({"segment": segment}), actions)
            clicks = [audience.clicks(segment, picture) for picture in shown]
            guessed += sum(p * click for p, click in zip(choice_probabilities, clicks, strict=True))
            chance += sum(clicks) / len(clicks)
    return guessed / chance - 1


def gains(pictures: Sequence[Shown], *, words: bool, seen: bool) -> list[float]:
    return [first_guess(pictures, seed, words=words, seen=seen) for seed in range(AUDIENCES)]


def better(some: Sequence[float], others: Sequence[float]) -> bool:
    difference = [one - other for one, other in zip(some, others, strict=True)]
    return float(stats.ttest_1samp(difference, 0, alternative="greater").pvalue) < 0.01


def test_words_and_looks_make_the_first_guess_of_a_new_picture_better_than_none(pictures: list[Shown]) -> None:
    none = gains(pictures, words=False, seen=False)
    words = gains(pictures, words=True, seen=False)
    looks = gains(pictures, words=False, seen=True)
    both = gains(pictures, words=True, seen=True)

    assert better(words, none)
    assert better(looks, none)
    assert better(both, none)
    assert better(both, looks)
