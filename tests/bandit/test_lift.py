"""The lift: its numbers from sums, and its false alarms."""

from math import inf, isinf

import numpy as np
import pytest

from bandit.confidence_sequences import Moments, sequence
from bandit.lift import (
    LEAST_POSITIVE,
    LEAST_PROFILES,
    TIGHTEST,
    Sample,
    bounded,
    effect,
    enough,
    missing,
    sample_ratio,
)
from tests.bench.lift import simulate

SHARES = {"personalized": 0.9, "best_single": 0.1, "default": 0.0}


def sampled(numbers: list[float]) -> Sample:
    return Sample(len(numbers), sum(n > 0 for n in numbers), sum(numbers), sum(n * n for n in numbers))


def test_the_sums_give_the_mean_and_interval_of_one_number_for_each_profile() -> None:
    rng = np.random.default_rng(3)
    groups = rng.choice(["personalized", "best_single"], p=[0.9, 0.1], size=4000)
    totals = np.where(groups == "personalized", rng.poisson(0.6, 4000), rng.poisson(0.4, 4000)).astype(float)
    samples = {group: sampled(list(totals[groups == group])) for group in ("personalized", "best_single")}
    found = effect(samples, SHARES, over="best_single")
    assert found

    each = np.where(groups == "personalized", totals / 0.9, -totals / 0.1)
    assert found.difference == pytest.approx(each.mean())
    moments = Moments(4000, float(each.mean()), float(each.var()))
    assert found.interval == pytest.approx(sequence(moments, tightest=TIGHTEST))
    treated, control = (np.where(groups == group, totals / SHARES[group], 0) for group in samples)
    assert (found.treated, found.control) == pytest.approx((treated.mean(), control.mean()))
    ratio = treated.mean() / control.mean() - 1
    assert found.ratio == pytest.approx(ratio)
    assert found.ratio_interval.low < ratio < found.ratio_interval.high


@pytest.mark.parametrize(
    ("profiles", "positive", "concludes"),
    [
        (LEAST_PROFILES, LEAST_POSITIVE, True),
        (LEAST_PROFILES - 1, LEAST_POSITIVE, False),
        (100_000, LEAST_POSITIVE - 1, False),
    ],
)
def test_nothing_is_concluded_from_few_profiles(profiles: int, positive: int, *, concludes: bool) -> None:
    samples = {
        "personalized": Sample(9 * profiles, 9 * positive, 9.0 * positive, 9.0 * positive),
        "best_single": Sample(profiles, positive, positive, positive),
    }
    assert enough(samples, over="best_single") is concludes
    assert (effect(samples, SHARES, over="best_single") is not None) is concludes
    assert (missing(samples, SHARES, over="best_single") == 0) is concludes


def test_it_tells_how_many_profiles_are_missing() -> None:
    samples = {"personalized": Sample(900, 300, 300, 300), "best_single": Sample(100, 25, 25, 25)}
    assert missing(samples, SHARES, over="best_single") == pytest.approx(2000)
    assert isinf(missing({}, SHARES, over="best_single"))
    few = {"personalized": Sample(45, 40, 40, 40), "best_single": Sample(5, 5, 5, 5)}
    assert missing(few, SHARES, over="best_single") == pytest.approx(950)


def test_more_profiles_are_told_until_the_difference_is_known() -> None:
    samples = {"personalized": Sample(9000, 1000, 1000, 1000), "best_single": Sample(1000, 100, 100, 100)}
    found = effect(samples, SHARES, over="best_single")
    assert found
    assert found.sign == 0
    assert found.difference == pytest.approx(1000 / 9000 - 0.1)
    more = 1 + found.more / 10_000
    later = {group: Sample(*(round(n * more * 1.01) for n in sample)) for group, sample in samples.items()}
    known = effect(later, SHARES, over="best_single")
    assert known
    assert (known.sign, known.more) == (1, 0)


def test_a_control_that_earns_more_is_a_loss() -> None:
    samples = {"personalized": Sample(9000, 1000, 1000, 1000), "best_single": Sample(1000, 900, 900, 900)}
    found = effect(samples, SHARES, over="best_single")
    assert found
    assert found.sign == -1
    assert found.interval.high < 0


def test_the_sample_ratio_is_that_of_groups_with_a_share() -> None:
    assert sample_ratio({"personalized": 9000, "best_single": 1000}, SHARES) == 1.0
    assert sample_ratio({"personalized": 9000, "best_single": 800}, SHARES) < 0.01


def test_an_answer_in_json_has_no_infinity() -> None:
    assert bounded((-0.5, inf)) == [-0.5, None]  # type: ignore[arg-type]


def test_groups_with_the_same_pictures_are_hardly_ever_told_apart_however_often_one_looks() -> None:
    """The same as the benchmark with its 1,000 runs, but short."""
    same = simulate(150, lift=0.0, seed=2, profiles=30_000, looks=20)
    assert same.difference <= 0.064 * 150
    assert same.silent < 30, "there were conclusions that could be wrong"


def test_a_lift_is_found_and_its_interval_holds_it() -> None:
    better = simulate(60, lift=1.0, seed=2, profiles=30_000, looks=20)
    assert better.found > 50
    assert max(better.difference, better.ratio) <= 0.064 * 60
    assert better.wrong == 0
