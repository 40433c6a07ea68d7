import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandit.logistic import matching as matching_module
from bandit.logistic.matching import MOST, Floats, all_matched, matched

SAMPLES = 200_000
APART, APART_ON_AVERAGE = 0.03, 0.015
"""How far it may lie from Thompson sampling at most: sixteen quantiles stand for a normal."""
SINGLE = 1e-5
"""What single precision leaves of a difference."""
pairs = st.lists(st.tuples(st.floats(-20, 20), st.floats(0, 5)), min_size=1, max_size=40)


def of(*actions: tuple[float, float]) -> list[float]:
    """Return what is matched to actions of these means and deviations."""
    means, deviations = np.array(actions).T
    return matched(means, deviations)


def thompson(means: Floats, deviations: Floats, seed: int, samples: int = SAMPLES) -> list[float]:
    """Draw a value for each action, and count whose is the greatest (Chapelle & Li 2011, algorithm 1)."""
    drawn = np.random.default_rng(seed).normal(means, deviations, (samples, len(means)))
    return [float(share) for share in np.bincount(drawn.argmax(axis=1), minlength=len(means)) / samples]


@given(pairs)
def test_the_probabilities_sum_to_1(actions: list[tuple[float, float]]) -> None:
    probabilities = of(*actions)
    assert len(probabilities) == len(actions)
    assert all(0 <= p <= 1 for p in probabilities)
    assert abs(math.fsum(probabilities) - 1) < 1e-9


@pytest.mark.parametrize("n", [2, 5, 16])
def test_it_is_what_thompson_sampling_draws_from(n: int) -> None:
    rng = np.random.default_rng(n)
    apart = []
    for seed in range(6):
        means, deviations = rng.normal(0, 1, n), rng.uniform(0.05, 1.5, n)
        drawn, computed = thompson(means, deviations, seed), matched(means, deviations)
        apart.append(np.abs(np.subtract(drawn, computed)).max())
    assert max(apart) < APART
    assert np.mean(apart) < APART_ON_AVERAGE


@pytest.mark.parametrize("most", [1, 3_000, matching_module.TOGETHER])
def test_together_each_decision_has_to_the_last_bit_what_it_has_alone(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(matching_module, "TOGETHER", most)
    rng = np.random.default_rng(5)
    decisions = [
        (rng.normal(0, 1, n).astype(np.float32), rng.uniform(0, 1.5, n).astype(np.float32))
        for n in rng.integers(1, MOST + 5, 150)
    ]
    assert all_matched(decisions) == [matched(*decision) for decision in decisions]
    assert all_matched([]) == []


def test_for_two_actions_it_is_the_normal_of_their_difference() -> None:
    for gap in (0.0, 0.3, 1.0, 2.5):
        exact = 0.5 * (1 + math.erf(gap / math.sqrt(2) / math.sqrt(2)))
        assert of((gap, 1.0), (0.0, 1.0))[0] == pytest.approx(exact, abs=APART)


@pytest.mark.parametrize("n", [1, 2, 7, 16])
@pytest.mark.parametrize("deviation", [0.0, 1e-300, 0.5, 1e4])
def test_what_looks_alike_is_chosen_alike(n: int, deviation: float) -> None:
    assert of(*[(0.7, deviation)] * n) == pytest.approx([1 / n] * n)


def test_two_that_tie_among_others_have_the_same_probability() -> None:
    probabilities = of((1.0, 0.4), (0.2, 0.9), (1.0, 0.4), (-3.0, 0.1))
    assert probabilities[0] == probabilities[2]


@given(pairs, st.integers(0, 1000))
def test_each_probability_stands_where_its_action_does(actions: list[tuple[float, float]], seed: int) -> None:
    actions = list(dict.fromkeys(actions))  # of more than are compared, those that tie go by their place
    order = random.Random(seed).sample(range(len(actions)), len(actions))
    straight, shuffled = of(*actions), of(*[actions[index] for index in order])
    promise = sorted([mean + 2 * deviation for mean, deviation in actions], reverse=True)
    if len(promise) <= MOST or promise[MOST - 1] > promise[MOST]:
        assert shuffled == pytest.approx([straight[index] for index in order], abs=SINGLE)


@given(pairs, st.floats(-10, 10))
def test_only_differences_count(actions: list[tuple[float, float]], shift: float) -> None:
    apart = [(round(mean, 3), round(deviation, 3) + 0.01) for mean, deviation in actions]
    moved = [(mean + shift, deviation) for mean, deviation in apart]
    if len(actions) <= MOST:
        assert of(*moved) == pytest.approx(of(*apart), abs=0.01)


def test_who_is_sure_to_be_the_best_is_chosen_always() -> None:
    assert of((5.0, 0.1), (0.0, 0.1), (-5.0, 0.1)) == pytest.approx([1, 0, 0], abs=SINGLE)


def test_without_any_doubt_the_greatest_mean_is_chosen() -> None:
    assert of((0.1, 0.0), (0.3, 0.0), (0.2, 0.0)) == pytest.approx([0, 1, 0], abs=SINGLE)


def test_of_two_with_the_same_mean_below_the_best_who_is_less_known_is_tried_more() -> None:
    best, known, unknown = of((1.0, 0.1), (0.0, 0.1), (0.0, 2.0))
    assert best > unknown > 0.1 > known


def test_a_greater_mean_is_chosen_more() -> None:
    raised = [of((mean, 0.5), (0.0, 0.5), (0.1, 0.8))[0] for mean in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    assert raised == sorted(raised)
    assert len(set(raised)) == len(raised)


def test_of_many_actions_those_that_may_do_best_are_compared() -> None:
    rng = np.random.default_rng(9)
    means, deviations = rng.normal(0, 1, 500), rng.uniform(0.1, 0.5, 500)
    probabilities = np.array(matched(means, deviations))
    assert np.count_nonzero(probabilities) <= MOST
    assert set(np.flatnonzero(probabilities)) <= set(np.argsort(-(means + 2 * deviations))[:MOST])
    drawn = thompson(means, deviations, 1, samples=20_000)  # a share is drawn to within 0.004
    assert probabilities == pytest.approx(drawn, abs=0.1)
    assert np.argmax(probabilities) == np.argmax(drawn)


@pytest.mark.parametrize("n", [17, 100, 5000])
def test_of_many_that_tie_some_are_chosen_and_alike(n: int) -> None:
    probabilities = of(*[(0.0, 1.0)] * n)
    assert sum(probabilities) == pytest.approx(1)
    assert set(np.round(probabilities, 12)) == {0.0, 1 / MOST}


@pytest.mark.parametrize(("mean", "deviation"), [(1e4, 1.0), (-1e4, 1e-300), (0.0, 1e4), (1e4, 1e4)])
def test_numbers_far_apart_make_no_probability_that_is_none(mean: float, deviation: float) -> None:
    probabilities = of((mean, deviation), (0.0, 1.0), (0.5, 0.0))
    assert all(0 <= p <= 1 for p in probabilities)
    assert sum(probabilities) == pytest.approx(1)
