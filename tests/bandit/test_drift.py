"""Statistics of drift: rates by parts, the spread of what is shown, and titles that collapsed."""

import random
from math import log, sqrt

import numpy as np
import pytest

from app.learning.drift_signs import ENOUGH_PREDICTED, ENOUGH_REWARDED, ENOUGH_SHOWN
from app.operations.drift_alarms import TOO_FEW, TOO_MANY
from bandit.drift import (
    ENOUGH,
    ENOUGH_BEST,
    SURE,
    Collapse,
    Estimate,
    Rate,
    Title,
    around,
    collapse,
    difference,
    mean_spread,
    rate,
    spread,
    titles_of,
)


def test_a_rate_is_the_ratio_of_the_sums() -> None:
    assert rate([1, 3], [10, 10]) == pytest.approx((0.2, 0.1))
    assert rate([2, 2], [10, 10]) == Rate(0.2, 0.0), "parts without differences leave no doubt"
    assert rate([0, 0], [0, 0]) is None
    assert rate([], []) is None


def test_the_error_allows_for_viewers_that_differ() -> None:
    """In each part one viewer has all exposures: as many observations as there are parts, and not as exposures."""
    rng = random.Random(1)
    parts, exposures, errors, means = 32, 500, [], []
    for _ in range(300):
        clicks = [exposures * (rng.random() < 0.3) for _ in range(parts)]
        found = rate(clicks, [exposures] * parts)
        assert found
        means.append(found.value)
        errors.append(found.error)
    spread_of_means = sqrt(sum((mean - 0.3) ** 2 for mean in means) / len(means))
    assert sum(errors) / len(errors) == pytest.approx(spread_of_means, rel=0.1)


HOURS, CONTROL = 24 * 7 * 12, 0.05


def certain_losses(seed: int, viewers: int, click_rate: float) -> int:
    """Look each hour of 12 weeks at two groups without any difference; return how often one certainly earns less.

    Viewers differ much in how often they come and click. They have hours of the day, and stay in their groups.
    """
    rng = np.random.default_rng(seed)
    visits = rng.lognormal(-1.1, 1.2, viewers) / 16
    clicks = np.minimum(0.9, click_rate * rng.gamma(0.5, 2, viewers))
    cells = (rng.random(viewers) < CONTROL) * 32 + rng.integers(0, 32, viewers)
    shown, clicked = np.zeros((HOURS, 64)), np.zeros((HOURS, 64))
    for hour in range(HOURS):
        showings = rng.poisson(visits * (1 + np.sin(2 * np.pi * hour / 24)))
        shown[hour] = np.bincount(cells, showings, 64)
        clicked[hour] = np.bincount(cells, rng.binomial(showings, clicks), 64)
    sums = np.stack([shown, clicked]).cumsum(axis=1)
    lost = 0
    for span in (24, 168):
        windows = sums.copy()
        windows[:, span:] -= sums[:, :-span]
        for bottoms, tops in zip(*windows.tolist(), strict=True):
            mine, other = rate(tops[:32], bottoms[:32]), rate(tops[32:], bottoms[32:])
            if mine and other and sum(bottoms[32:]) >= ENOUGH_SHOWN and sum(tops[32:]) >= ENOUGH_REWARDED:
                lost += difference(mine, other).high < 0
    return lost


@pytest.mark.soak
@pytest.mark.parametrize(("viewers", "click_rate"), [(20_000, 0.02), (4_000, 0.05), (5_000, 0.01)])
def test_equal_groups_are_hardly_ever_certain_to_differ(viewers: int, click_rate: float) -> None:
    """At most one service in 50 may get a false alarm in 12 weeks; docs/operations.md has the number found."""
    alarmed = sum(certain_losses(seed, viewers, click_rate) > 0 for seed in range(50))
    assert alarmed <= 1


def certain_misjudgements(seed: int, viewers: int, click_rate: float, *, kept: float = 1.0, days: int = 84) -> int:
    """Return at how many hourly looks a learner certainly misjudges a day's clicks, of which a part is `kept`.

    It predicts the mean of all viewers, who differ much in how often they come and click.
    """
    rng = np.random.default_rng(seed)
    visits = rng.lognormal(-1.1, 1.2, viewers) / 16
    clicks = np.minimum(0.9, click_rate * rng.gamma(0.5, 2, viewers))
    mean, parts, hours = (visits @ clicks) / visits.sum(), rng.integers(0, 32, viewers), 24 * days
    predicted, seen = np.zeros((hours, 32)), np.zeros((hours, 32))
    for hour in range(hours):
        showings = rng.poisson(visits * (1 + np.sin(2 * np.pi * hour / 24)))
        predicted[hour] = np.bincount(parts, showings * mean, 32)
        seen[hour] = np.bincount(parts, rng.binomial(showings, kept * clicks), 32)
    sums = np.stack([predicted, seen]).cumsum(axis=1)
    sums[:, 24:] -= sums[:, :-24].copy()
    found = 0
    for bottoms, tops in zip(*sums[:, 24:].tolist(), strict=True):
        ratio = rate(tops, bottoms)
        if ratio and sum(bottoms) >= ENOUGH_PREDICTED:
            found += around(ratio).low > TOO_MANY or around(ratio).high < TOO_FEW
    return found


@pytest.mark.soak
@pytest.mark.parametrize(("viewers", "click_rate"), [(20_000, 0.02), (4_000, 0.05), (20_000, 0.01)])
def test_a_right_learner_is_never_certain_to_be_wrong_and_lost_clicks_are(viewers: int, click_rate: float) -> None:
    """docs/operations.md has the numbers found."""
    assert not any(certain_misjudgements(seed, viewers, click_rate) for seed in range(10))
    lost = [certain_misjudgements(seed, viewers, click_rate, kept=0.5, days=4) for seed in range(10)]
    assert all(lost)


def test_a_difference_has_the_errors_of_both() -> None:
    expected = Estimate(0.25, 0.25 - SURE * 0.05, 0.25 + SURE * 0.05)
    assert difference(Rate(0.5, 0.03), Rate(0.25, 0.04)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([7, 7, 7], 1.0),
        ([10, 0], 0.0),
        ([3, 1], (0.75 * log(4 / 3) + 0.25 * log(4)) / log(2)),
        ([5], None),
        ([], None),
        ([0, 0], None),
    ],
)
def test_the_spread_is_a_part_of_the_greatest_possible_one(counts: list[int], expected: float | None) -> None:
    assert spread(counts) == (expected if expected is None else pytest.approx(expected))


ONE_SIDED = {"moon": 98, "sun": 2}
"""The floor of 0.02 leaves 0.99 to one picture."""


@pytest.mark.parametrize(
    ("personalized", "best_single", "collapsed"),
    [
        (ONE_SIDED, {"sun": 20}, True),
        (ONE_SIDED, {"moon": 20}, False),
        (ONE_SIDED, {"sun": 10, "moon": 10}, True),
        (ONE_SIDED, {"sun": 9, "moon": 6, "star": 5}, False),
        ({"moon": 95, "sun": 5}, {"sun": 20}, False),
        ({"moon": 96, "sun": 4}, {"sun": 20}, True),
    ],
)
def test_a_title_has_collapsed_if_everybody_gets_a_picture_that_is_not_the_best(
    personalized: dict[str, int], best_single: dict[str, int], *, collapsed: bool
) -> None:
    assert collapse([Title(personalized, best_single)], floor=0.02) == Collapse(1, float(collapsed))


@pytest.mark.parametrize(
    "title",
    [
        Title({"moon": ENOUGH}, {"moon": ENOUGH_BEST}),
        Title({"moon": ENOUGH - 1, "sun": 0}, {"sun": ENOUGH_BEST}),
        Title({"moon": ENOUGH, "sun": 0}, {"sun": ENOUGH_BEST - 1}),
        Title({"moon": ENOUGH, "sun": 0}, {}),
        Title({}, {}),
    ],
)
def test_a_title_without_a_choice_or_enough_showings_is_not_judged(title: Title) -> None:
    assert collapse([title], floor=0.02) == Collapse(0, 0.0)


def test_titles_count_by_their_showings() -> None:
    large, small = Title({"a": 300, "b": 0}, {"b": 20}), Title({"a": 50, "b": 50}, {"b": 20})
    assert collapse([large, small], floor=0.02) == Collapse(2, 0.75)
    assert mean_spread([large, small]) == pytest.approx(0.25)
    assert mean_spread([Title({"a": 50, "b": 49}, {})]) is None
    assert mean_spread([]) is None


def test_a_picture_that_only_others_were_shown_was_possible() -> None:
    titles = titles_of([("apollo", "moon", "personalized", 9), ("apollo", "sun", "uniform", 1)])
    assert titles == {"apollo": Title({"moon": 9, "sun": 0}, {})}
