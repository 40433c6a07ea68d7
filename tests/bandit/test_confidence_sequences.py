"""Confidence sequences, checked by simulation and against what defines them."""

from fractions import Fraction
from math import inf, isinf, prod

import numpy as np
import pytest
from numpy.typing import NDArray

from bandit.confidence_sequences import CONCENTRATION, Interval, Moments, mismatch, needed, ratio, sequence

TIGHTEST = 500.0


def moments_of(numbers: NDArray[np.float64]) -> Moments:
    return Moments(len(numbers), float(numbers.mean()), float(numbers.var()))


def test_the_intervals_hold_the_mean_at_all_times_together() -> None:
    """An interval for one look at 95 % misses the mean at one of these 60 looks in a third of all runs."""
    rng, missed = np.random.default_rng(4), 0
    looks = np.unique(np.geomspace(100, 4000, 60).astype(int))
    for _ in range(200):
        numbers = rng.exponential(1.0, 4000)
        bounds = [sequence(moments_of(numbers[:look]), tightest=TIGHTEST) for look in looks]
        missed += any(not low <= 1.0 <= high for low, high in bounds)
    assert missed <= 0.064 * 200


def test_the_interval_is_about_tightest_where_that_was_asked_for() -> None:
    def width(tightest: float) -> float:
        return sequence(Moments(1000, 0.0, 1.0), tightest=tightest).high

    assert width(1000) < 1.01 * min(width(tightest) for tightest in range(200, 5000, 100))
    assert width(1000) < min(width(50), width(20_000))


def test_a_smaller_alpha_makes_a_wider_interval() -> None:
    at = Moments(1000, 0.5, 1.0)
    inner, outer = (sequence(at, tightest=TIGHTEST, alpha=alpha) for alpha in (0.05, 0.01))
    assert outer.low < inner.low < 0.5 < inner.high < outer.high


def test_without_observations_everything_is_possible() -> None:
    assert sequence(Moments(0, 0.0, 0.0), tightest=TIGHTEST) == Interval(-inf, inf)


@pytest.mark.parametrize("effect", [0.02, -0.1, 0.4])
def test_so_many_observations_are_needed(effect: float) -> None:
    many = round(needed(2.0, effect, tightest=TIGHTEST))
    low, high = sequence(Moments(round(many * 1.002) + 1, effect, 2.0), tightest=TIGHTEST)
    assert low > 0 or high < 0
    low, high = sequence(Moments(round(many * 0.998) - 1, effect, 2.0), tightest=TIGHTEST)
    assert low <= 0 <= high


def test_no_effect_is_never_found() -> None:
    assert isinf(needed(1.0, 0.0, tightest=TIGHTEST))
    assert isinf(needed(1.0, 1e-9, tightest=TIGHTEST))
    assert needed(0.0, 0.1, tightest=TIGHTEST) <= 1


@pytest.mark.parametrize(
    ("top", "bottom", "expected"),
    [
        ((2.0, 3.0), (1.0, 2.0), (0.0, 2.0)),
        ((-1.0, 3.0), (1.0, 2.0), (-1.0, 2.0)),
        ((1.0, 3.0), (-1.0, 2.0), (-0.5, inf)),
        ((1.0, 3.0), (-1.0, 0.0), (-1.0, inf)),
        ((-2.0, -1.0), (1.0, 2.0), (-1.0, -1.0)),
    ],
)
def test_a_ratio_holds_if_both_intervals_do(
    top: tuple[float, float], bottom: tuple[float, float], expected: tuple[float, float]
) -> None:
    assert ratio(Interval(*top), Interval(*bottom)) == Interval(*expected)


# -------------------------------------------------------------------- the sample-ratio test

SHARES = (0.93, 0.05, 0.02)


def rising(start: Fraction, steps: int) -> Fraction:
    return prod((start + step for step in range(steps)), start=Fraction(1))


def test_the_p_value_is_the_inverse_of_the_bayes_factor() -> None:
    counts, shares = (3, 40, 2), (Fraction(9, 10), Fraction(8, 100), Fraction(2, 100))
    weight = Fraction(int(CONCENTRATION))
    marginal = prod(rising(weight * share, count) for share, count in zip(shares, counts, strict=True))
    null = prod(share**count for share, count in zip(shares, counts, strict=True))
    factor = marginal / rising(weight, sum(counts)) / null
    assert mismatch(counts, [float(share) for share in shares]) == pytest.approx(float(1 / factor), rel=1e-6)


def test_right_shares_are_hardly_ever_doubted_however_often_one_looks() -> None:
    rng, doubted = np.random.default_rng(6), 0
    for _ in range(300):
        counts = np.cumsum(rng.multinomial(500, SHARES, size=60), axis=0)
        doubted += any(mismatch([int(n) for n in row], SHARES) < 0.01 for row in counts)
    assert doubted <= 0.01 * 300 + 3


def test_wrong_shares_are_found() -> None:
    """A tenth of one group is lost."""
    counts = [int(100_000 * share) for share in SHARES]
    assert mismatch(counts, SHARES) == 1.0
    counts[1] = round(counts[1] * 0.9)
    assert mismatch(counts, SHARES) < 1e-6


def test_no_profile_proves_nothing() -> None:
    assert mismatch((0, 0, 0), SHARES) == 1.0
