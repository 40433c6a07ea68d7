"""The paired difference of two policies: its mean is exact, and its interval holds whenever one looks."""

import random
from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest

from bandit.paired_difference import ENOUGH, Difference, PairedDifference, score

PICTURES = 8
FLOOR = 0.05
LOOKS = 60


def difference(
    propensities: Sequence[float], targets: Sequence[float], expected: Sequence[float], chosen: int, reward: float
) -> Difference:
    return score(propensities, targets, expected, chosen).with_reward(reward)


@pytest.mark.parametrize("expected", [(0.0, 0.0, 0.0), (0.9, 0.1, 0.4), (1.0, 1.0, 0.0)])
def test_its_mean_over_all_draws_and_rewards_is_the_true_difference(expected: Sequence[float]) -> None:
    drawn, other, rates = (0.7, 0.2, 0.1), (0.1, 0.1, 0.8), (0.3, 0.05, 0.6)
    mean = 0.0
    for chosen, reward in product(range(3), (0.0, 1.0)):
        chance = drawn[chosen] * (rates[chosen] if reward else 1 - rates[chosen])
        mean += chance * difference(drawn, other, expected, chosen, reward).value
    true = sum((c - p) * rate for p, c, rate in zip(drawn, other, rates, strict=True))
    assert mean == pytest.approx(true, abs=1e-12)


def test_no_draw_and_no_reward_gives_more_than_the_greatest_or_less_than_the_least() -> None:
    rng = random.Random(3)
    for _ in range(200):
        drawn, other = ([each / sum(of) for each in of] for of in ([rng.random() + 0.01 for _ in "abc"],) * 2)
        other = other[::-1]
        expected = [rng.random() for _ in drawn]
        all_ = [difference(drawn, other, expected, chosen, r) for chosen in range(3) for r in (0.0, 0.5, 1.0)]
        values = [each.value for each in all_]
        assert min(values) == pytest.approx(all_[0].least)
        assert max(values) == pytest.approx(all_[0].greatest)


def test_two_equal_policies_never_differ() -> None:
    paired = PairedDifference()
    for viewer in range(1000):
        paired.add(viewer, difference((0.9, 0.1), (0.9, 0.1), (0.2, 0.7), viewer % 2, float(viewer % 3 == 0)))
    assert paired.mean == 0
    assert paired.interval() == (0, 0)


def test_nothing_is_said_of_few_viewers_however_many_decisions_they_have() -> None:
    paired = PairedDifference()
    for number in range(10_000):
        paired.add(number % (ENOUGH - 1), Difference(0.5, 0, 1))
    assert paired.interval() is None
    paired.add(ENOUGH, Difference(0.5, 0, 1))
    assert paired.interval()


def test_the_decisions_of_one_viewer_are_not_taken_for_independent() -> None:
    rng, once, often = random.Random(5), PairedDifference(), PairedDifference()
    for viewer in range(400):
        found = Difference(rng.choice([-1.0, 1.0]), -1, 1)
        once.add(viewer, found)
        for _ in range(20):
            often.add(viewer, found)
    first, second = once.interval(), often.interval()
    assert first
    assert second
    assert 0.7 < (second.high - second.low) / (first.high - first.low) < 1.5


def alarmed(seed: int, *, effect: float, decisions: int, expected: float, rate: float = 0.1) -> bool:
    """Tell whether a candidate that shows one rare picture is ever said to be better at one of 60 looks.

    Viewers have rates of their own, which that picture raises by `effect`. The candidate always expects
    the reward `expected` of that picture, whatever it earns.
    """
    rng = np.random.default_rng(seed)
    drawn, other = [FLOOR / PICTURES] * PICTURES, [FLOOR / PICTURES] * PICTURES
    drawn[0] += 1 - FLOOR
    other[-1] += 1 - FLOOR
    expectations = [rate] * (PICTURES - 1) + [expected]
    known = {
        (chosen, reward): difference(drawn, other, expectations, chosen, float(reward))
        for chosen, reward in product(range(PICTURES), (False, True))
    }
    viewers = decisions // 4
    rates = rng.beta(1, 1 / rate - 1, viewers)
    who, chosen = rng.integers(0, viewers, decisions), rng.choice(PICTURES, decisions, p=drawn)
    rewarded = rng.random(decisions) < np.where(chosen == PICTURES - 1, rates[who] + effect, rates[who])
    looks = set(np.geomspace(100, decisions, LOOKS).astype(int).tolist())
    paired = PairedDifference()
    for number, row in enumerate(zip(who.tolist(), chosen.tolist(), rewarded.tolist(), strict=True), 1):
        paired.add(row[0] * 7919, known[row[1], row[2]])
        if number in looks and (interval := paired.interval()) and interval.low > 0:
            return True
    return False


@pytest.mark.parametrize("expected", [0.1, 0.3])
def test_a_candidate_that_is_as_good_is_rarely_said_to_be_better(expected: float) -> None:
    """Without the decision that nobody saw, every third one that expects too much would be."""
    assert sum(alarmed(seed, effect=0.0, decisions=2000, expected=expected) for seed in range(30)) <= 4


def test_a_candidate_that_is_better_is_found() -> None:
    assert all(alarmed(seed, effect=0.5, decisions=20_000, expected=0.3) for seed in range(3))


@pytest.mark.soak
@pytest.mark.parametrize("rate", [0.02, 0.3])
@pytest.mark.parametrize("over", [0.0, 0.1, 0.2])
def test_in_a_thousand_runs_at_most_one_in_twenty_alarms_is_false(rate: float, over: float) -> None:
    """The bound is the binomial one around 5 %."""
    runs = 1000
    found = sum(alarmed(seed, effect=0.0, decisions=6000, expected=rate + over, rate=rate) for seed in range(runs))
    assert found <= 0.064 * runs
