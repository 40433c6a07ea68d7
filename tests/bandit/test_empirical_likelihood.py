import numpy as np
import pytest
from scipy import optimize, stats

from bandit.empirical_likelihood import lower_bound, student, unlikeliness, upper_bound


@pytest.mark.parametrize("freedom", [10, 30, 100, 10_000])
def test_the_quantile_is_that_of_students_t(freedom: float) -> None:
    assert student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=2e-3)


def test_the_unlikeliness_is_that_of_the_best_weights() -> None:
    """A general optimizer finds the same weights of six numbers whose mean has to be 0."""
    numbers = np.array([-1.0, -0.5, 0.2, 0.7, 1.5, 2.0])
    free = optimize.minimize_scalar(
        lambda multiplier: -np.log1p(multiplier * numbers).sum(), bounds=(-0.49, 0.99), method="bounded"
    )
    weights = 1 / (6 * (1 + free.x * numbers))
    assert weights @ numbers == pytest.approx(0, abs=1e-5)
    assert weights.sum() == pytest.approx(1)
    assert unlikeliness(numbers) == pytest.approx(-2 * np.log(6 * weights).sum())


def test_a_bound_is_where_the_value_becomes_too_unlikely() -> None:
    tops = np.random.default_rng(2).exponential(1, 200)
    ones = np.ones(200)
    for bound in (lower_bound, upper_bound):
        edge = bound(tops, ones, clusters=200)
        assert unlikeliness(tops - edge) == pytest.approx(student(199) ** 2, rel=1e-3)


def test_the_interval_of_a_skewed_sample_is_longer_above() -> None:
    tops, ones = np.random.default_rng(2).exponential(1, 200), np.ones(200)
    below = tops.mean() - lower_bound(tops, ones, clusters=200)
    above = upper_bound(tops, ones, clusters=200) - tops.mean()
    assert 0 < below < above


def test_numbers_that_are_all_equal_have_no_width() -> None:
    tops, ones = np.full(5, 0.25), np.ones(5)
    assert lower_bound(tops, ones, clusters=5) == upper_bound(tops, ones, clusters=5) == 0.25
    assert unlikeliness(np.zeros(5)) == 0
