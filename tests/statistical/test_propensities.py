"""What is drawn follows what is logged.

The seeds are fixed, so a test that passes once passes always. They stand for any others: each was chosen before it
was looked at, and at the stated level a right draw would fail for one seed in a million.
"""

import random
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from bandit.exploration import with_floor
from bandit.learners import VOWPAL, new_learner
from bandit.logistic.learner import LogisticLearner
from bandit.policy import Learner
from bandit.sampling import draw, uniform_from
from bandit.types import Example, Probabilities
from tests.builders import a_context, some_actions
from tests.learners import needs_vowpal

FALSE_ALARM = 1e-6
FLOOR = 0.1
DECISIONS = 6_000
Drawing = Callable[[Probabilities, float], int]
Decisions = list[tuple[Probabilities, int]]
Making = Callable[[], Learner]


def decisions(drawing: Drawing, *, seed: int, make: Making) -> Decisions:
    """Decide as the service does, learning in between, so that no two distributions need be alike."""
    rng, learner = random.Random(seed), make()
    decided: Decisions = []
    for number in range(DECISIONS):
        context, actions = a_context(rng), some_actions(rng.choice([2, 3, 5, 8]))
        probabilities = with_floor(learner.probabilities(context, actions), FLOOR)
        nonce = number.to_bytes(8, "big") + seed.to_bytes(2, "big")
        chosen = drawing(probabilities, uniform_from(nonce))
        decided.append((probabilities, chosen))
        likes = chosen % 2 == (context.attributes["country"] == "DE")
        if number % 4 == 0:
            reward = float(rng.random() < (0.6 if likes else 0.2))
            learner.learn(Example(context, actions, chosen, probabilities[chosen], reward))
    return decided


def p_value(decided: Decisions) -> float:
    """Return how likely so large a difference between the drawn and the logged is, if there is none.

    For each index, the count of draws less the sum of its probabilities is normal with variance Σ p(1-p), and
    likewise within each tenth of the probabilities' range. Bonferroni's bound joins the tests.
    """
    indicators = [
        (p, index == chosen, index) for probabilities, chosen in decided for index, p in enumerate(probabilities)
    ]
    p, drawn, index = (np.array(column) for column in zip(*indicators, strict=True))
    edges = np.quantile(p, np.linspace(0, 1, 11))
    cells = [index == each for each in range(8)]
    cells += [(p >= low) & (p <= high) for low, high in pairwise(edges)]
    scores = [
        (drawn[cell].sum() - p[cell].sum()) / np.sqrt((p[cell] * (1 - p[cell])).sum())
        for cell in cells
        if cell.any()
    ]
    return float(min(1.0, len(scores) * 2 * stats.norm.sf(np.abs(scores).max())))


SQUARECB = "--cb_explore_adf --squarecb --gamma_scale 100 -l 0.1 -q CA -q CI"


def by_squarecb() -> Learner:
    from bandit.vowpal.learner import VowpalLearner  # noqa: PLC0415  it is not installed everywhere

    return VowpalLearner(SQUARECB)


@pytest.fixture(
    params=[
        LogisticLearner,
        pytest.param(partial(new_learner, VOWPAL), marks=needs_vowpal),
        pytest.param(by_squarecb, marks=needs_vowpal),
    ],
    ids=["logistic", "regcbopt", "squarecb"],
)
def make(request: pytest.FixtureRequest) -> Making:
    making: Making = request.param
    return making


@pytest.mark.parametrize("seed", [1, 2])
def test_draws_follow_the_logged_probabilities(seed: int, make: Making) -> None:
    decided = decisions(draw, seed=seed, make=make)
    assert len({tuple(probabilities) for probabilities, _ in decided}) > 15, "too much alike to tell"
    assert p_value(decided) > FALSE_ALARM


def test_the_importance_weights_average_to_1_for_each_action(make: Making) -> None:
    """What the estimators rest on: E[1{a}/p(a)] = 1, with variance 1/p - 1."""
    decided = decisions(draw, seed=3, make=make)
    for action in range(2):  # in every decision there are at least two
        weights = np.array([(chosen == action) / probabilities[action] for probabilities, chosen in decided])
        variance = np.array([1 / probabilities[action] - 1 for probabilities, _ in decided])
        z = (weights.sum() - len(decided)) / np.sqrt(variance.sum())
        assert 2 * stats.norm.sf(abs(z)) > FALSE_ALARM


def greedy(probabilities: Probabilities, u: float) -> int:
    return int(np.argmax(probabilities))


def unnormalized(probabilities: Probabilities, u: float) -> int:
    """Draw as if the floor had been forgotten in the draw, and only logged."""
    bare = [max(0.0, p - FLOOR / len(probabilities)) for p in probabilities]
    return draw(with_floor(bare, 0.0), u)


def slanted(probabilities: Probabilities, u: float) -> int:
    return draw(probabilities, u**1.4)


def off_by_one(probabilities: Probabilities, u: float) -> int:
    return (draw(probabilities, u) + (u < 0.05)) % len(probabilities)


@pytest.mark.parametrize("wrong", [greedy, unnormalized, slanted, off_by_one])
def test_a_wrong_draw_is_noticed(wrong: Drawing, make: Making) -> None:
    assert p_value(decisions(wrong, seed=1, make=make)) < FALSE_ALARM


def fixed(drawing: Drawing, distribution: Sequence[float], draws: int = 20_000) -> float:
    """Return the p-value of Pearson's χ² for draws from one distribution."""
    chosen = [drawing(distribution, uniform_from(number.to_bytes(8, "little"))) for number in range(draws)]
    observed = np.bincount(chosen, minlength=len(distribution))
    return float(stats.chisquare(observed, np.array(distribution) * draws).pvalue)


DISTRIBUTIONS = [[0.5, 0.5], [0.98, 0.005, 0.005, 0.01], [0.1] * 10, with_floor([1, 0, 0, 0, 0], 0.02)]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_draws_from_one_distribution_pass_pearsons_test(distribution: list[float]) -> None:
    assert fixed(draw, distribution) > FALSE_ALARM


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_pearsons_test_notices_a_slanted_draw(distribution: list[float]) -> None:
    assert fixed(lambda p, u: draw(p, u**1.3), distribution) < FALSE_ALARM
