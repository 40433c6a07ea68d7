"""What is believed, beside the exact posterior, found by numerical integration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandit.logistic.belief import SURE, Affinity, Belief, Effects, Floats, Slopes

THETA = np.linspace(-12, 12, 24_001)
Seen = list[tuple[float, float]]
"""How much of the feature there was, and the reward."""


def exact(variance: float, seen: Seen) -> tuple[float, float]:
    """Return mean and variance of the posterior of one effect, after all that was seen."""
    logs = -(THETA**2) / (2 * variance)
    for amount, reward in seen:
        logs += reward * -np.logaddexp(0, -THETA * amount) + (1 - reward) * -np.logaddexp(0, THETA * amount)
    density = np.exp(logs - logs.max())
    density /= density.sum()
    mean = float(density @ THETA)
    return mean, float(density @ (THETA - mean) ** 2)


def believed(variance: float, seen: Seen, most_known: float = 1e9) -> tuple[float, float]:
    """Return what a belief in the one effect comes to."""
    held = np.zeros((2, 1))
    for amount, reward in seen:
        effects = one_effect(held, variance, amount)
        held = moved(effects, reward, most_known)
    return float(held[0, 0]), variance / (1 + float(held[1, 0]))


def beliefs(effects: Effects) -> list[Belief]:
    return list(map(Belief.of, effects.mean(), effects.variance()))


def moved(effects: Effects, reward: float, most_known: float = 1e9) -> Floats:
    pull, curve = zip(*[belief.surprise(reward) for belief in beliefs(effects)], strict=True)
    return effects.moved(pull, curve, most_known)


def one_effect(held: Floats, variance: float, amount: float) -> Effects:
    return Effects(held[:1], held[1:], np.array([[variance]]), np.array([amount]))


@pytest.mark.parametrize("variance", [0.01, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("amount", [1.0, -1.0, 0.3])
@pytest.mark.parametrize("reward", [0.0, 1.0])
def test_after_one_example_it_is_near_the_exact_posterior(variance: float, amount: float, reward: float) -> None:
    mean, left = exact(variance, [(amount, reward)])
    our_mean, our_left = believed(variance, [(amount, reward)])
    assert our_mean == pytest.approx(mean, rel=0.1)
    assert our_left == pytest.approx(left, rel=0.05)


@pytest.mark.parametrize("truth", [-2.0, 0.0, 0.7])
@pytest.mark.parametrize("variance", [0.3, 1.0])
def test_after_many_examples_it_is_near_the_exact_posterior(truth: float, variance: float) -> None:
    rng = np.random.default_rng(4)
    amounts = rng.choice([1.0, 0.5, -0.7], 400)
    rewards = rng.random(400) < 1 / (1 + np.exp(-truth * amounts))
    seen = [(float(amount), float(reward)) for amount, reward in zip(amounts, rewards, strict=True)]
    mean, left = exact(variance, seen)
    our_mean, our_left = believed(variance, seen)
    assert abs(our_mean - mean) < 0.3 * np.sqrt(left)
    assert our_left == pytest.approx(left, rel=0.15)


@pytest.mark.parametrize(("mean", "variance"), [(0.0, 1.0), (1.5, 0.1), (-3.0, 0.5), (-4.0, 2.0)])
def test_the_chance_is_the_mean_of_a_logistic_under_the_normal(mean: float, variance: float) -> None:
    rng = np.random.default_rng(5)
    sampled = 1 / (1 + np.exp(-rng.normal(mean, np.sqrt(variance), 200_000)))
    effects = one_effect(np.array([[mean], [0.0]]), variance, 1.0)
    [belief] = beliefs(effects)
    assert belief.chance == pytest.approx(sampled.mean(), abs=0.01)


def test_independent_effects_add_up() -> None:
    effects = Effects(
        np.array([[1.0, -2.0]]), np.array([[0.0, 3.0]]), np.array([[0.5, 0.4]]), np.array([2.0, 0.5])
    )
    assert effects.mean() == pytest.approx([1.0 * 2.0 - 2.0 * 0.5])
    assert effects.variance() == pytest.approx([0.5 * 2.0**2 + 0.4 / 4 * 0.5**2])


def test_what_is_shared_out_goes_to_those_that_are_known_least() -> None:
    effects = Effects(np.zeros((1, 2)), np.array([[0.0, 9.0]]), np.array([[0.5, 0.5]]), np.ones(2))
    [means, _] = moved(effects, 1.0)
    assert means[0] == pytest.approx(10 * means[1])


def test_each_prior_goes_its_own_way() -> None:
    """Two side by side end where each ends alone."""
    priors, rewards = (0.05, 0.8), (1.0, 0.0, 0.0, 1.0, 0.0)
    held = np.zeros((4, 1))
    for reward in rewards:
        effects = Effects(held[:2], held[2:], np.array(priors)[:, None], np.ones(1))
        held = moved(effects, reward)
    alone = [believed(prior, [(1.0, reward) for reward in rewards]) for prior in priors]
    assert held[:2, 0].tolist() == pytest.approx([mean for mean, _ in alone])
    assert [prior / (1 + known) for prior, known in zip(priors, held[2:, 0], strict=True)] == pytest.approx(
        [left for _, left in alone]
    )


def test_an_effect_counts_as_known_by_no_more_than_it_may() -> None:
    _, left = believed(0.5, [(1.0, 0.0)] * 5000, most_known=30)
    assert left == pytest.approx(0.5 / 31)


def test_what_has_been_seen_for_long_can_still_change() -> None:
    before, change = [(1.0, 0.0), (1.0, 1.0)] * 1500, [(1.0, 1.0)] * 60
    free, bound = (believed(1.0, before + change, most_known)[0] for most_known in (1e9, 30))
    assert bound > 4 * free > 0


def test_slopes_are_updated_as_a_kalman_filter_updates() -> None:
    """With the covariance (S⁻¹ + aaᵀc)⁻¹, by Sherman and Morrison."""
    covariance = np.array([[0.5, 0.2], [0.2, 0.3]])
    amounts, curvature, chance = np.array([1.5, -0.5]), 0.21, 0.3
    slopes, affinity = Slopes(0.2, 0.1, 0.5, 0.2, 0.3), Affinity(1.5, -0.5)
    assert slopes.mean(affinity) == pytest.approx(0.25)
    assert slopes.variance(affinity) == pytest.approx(float(amounts @ covariance @ amounts))
    belief = Belief(0.0, slopes.variance(affinity), chance)
    assert chance * (1 - chance) == pytest.approx(curvature)
    slopes.move(affinity, *belief.surprise(1.0))

    narrowed = np.linalg.inv(np.linalg.inv(covariance) + np.outer(amounts, amounts) * curvature)
    assert [slopes.own_own, slopes.own_kindred, slopes.kindred_kindred] == pytest.approx(
        narrowed[[0, 0, 1], [0, 1, 1]]
    )
    assert [slopes.own, slopes.kindred] == pytest.approx(np.array([0.2, 0.1]) + narrowed @ amounts * (1 - chance))


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.floats(0, 1))
def test_nothing_is_quite_sure(mean: float, variance: float, reward: float) -> None:
    belief = Belief.of(mean, variance)
    assert SURE <= belief.chance <= 1 - SURE
    pull, curve = belief.surprise(reward)
    assert -1 <= pull <= 1
    assert 0 < curve <= 0.25
