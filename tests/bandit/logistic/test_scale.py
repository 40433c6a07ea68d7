import json
import math
import random
from statistics import mean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandit.logistic.scale import SETTLED, WIDEST, Scale

values = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.floats(-1e6, 1e6)


def after(seen: list[float]) -> Scale:
    scale = Scale()
    for value in seen:
        scale.observe(value)
    return scale


def some_ages(count: int = 300) -> list[float]:
    rng = random.Random(1)
    return [rng.gauss(40, 12) for _ in range(count)]


def test_before_there_are_two_different_values_a_number_says_nothing() -> None:
    assert Scale().score(7.0) == 0.0
    assert after([30.0]).score(99.0) == 0.0
    assert after([30.0] * 100).score(99.0) == 0.0


def test_a_score_is_the_distance_from_the_mean_in_standard_deviations() -> None:
    seen = [10.0, 20.0, 60.0]
    for value in (0.0, 30.0, 45.0):
        assert after(seen).score(value) == pytest.approx((value - mean(seen)) / pstdev(seen))


def test_a_feature_has_the_attributes_own_name() -> None:
    scale = after([10.0, 20.0])
    assert scale.feature(20.0) == ("", scale.score(20.0))


@given(st.lists(values, max_size=60), values)
def test_whatever_was_seen_a_score_lies_within_its_bounds(seen: list[float], asked: float) -> None:
    assert -WIDEST <= after(seen).score(asked) <= WIDEST


@given(st.lists(moderate, min_size=2, max_size=60), moderate, moderate)
def test_a_greater_value_never_has_a_lower_score(seen: list[float], one: float, other: float) -> None:
    low, high = sorted([one, other])
    scale = after(seen)
    assert scale.score(low) <= scale.score(high)


@pytest.mark.parametrize(
    ("times", "plus"), [(1000.0, 0.0), (1e-3, 0.0), (1.0, 1e6), (1e9, -1e12), (86_400.0, 1e9)]
)
def test_the_scores_are_the_same_in_every_unit_and_from_every_zero(times: float, plus: float) -> None:
    ages = some_ages()
    one, other = after(ages), after([times * age + plus for age in ages])
    for age in (20.0, 40.0, 70.0):
        assert other.score(times * age + plus) == pytest.approx(one.score(age), abs=1e-6)


@pytest.mark.parametrize("absurd", [1.79e9 * 1000, 1e300, -1e300, 1.7e308])
def test_a_value_out_of_all_proportion_leaves_the_others_apart(absurd: float) -> None:
    """A time in milliseconds came among times in seconds."""
    scale = after([*some_ages(), absurd])
    assert scale.score(60.0) - scale.score(20.0) > 2
    assert scale.score(absurd) == math.copysign(WIDEST, absurd)


@pytest.mark.parametrize("place", [0, 3, SETTLED - 1])
def test_one_among_the_first_values_that_is_out_of_all_proportion_does_not_make_others_equal_for_good(
    place: int,
) -> None:
    ages = some_ages(2000)
    scale = after([*ages[:place], 1.79e12, *ages[place:]])
    assert scale.score(60.0) - scale.score(20.0) > 1


def test_where_it_was_mistaken_about_the_spread_it_finds_the_right_one() -> None:
    rng = random.Random(2)
    close = [rng.gauss(0, 1) for _ in range(SETTLED + 1)]
    wide = [rng.gauss(500, 100) for _ in range(3000)]
    scale = after(close + wide)
    assert scale.mean == pytest.approx(500, abs=50)
    assert scale.score(600.0) - scale.score(400.0) == pytest.approx(2, abs=0.5)


def test_every_value_may_move_the_scores() -> None:
    scale = after(some_ages(40))
    before = scale.score(50.0)
    assert scale.observe(70.0)
    assert scale.score(50.0) != before


def test_looking_changes_nothing() -> None:
    scale = after(some_ages(40))
    before = scale.state()
    scale.feature(1e9)
    assert scale.state() == before


@given(st.lists(values, max_size=40), st.lists(values, max_size=40), values)
def test_stopped_and_restored_it_goes_on_the_same(before: list[float], then: list[float], asked: float) -> None:
    never_stopped = after(before + then)
    restored = Scale(**json.loads(json.dumps(after(before).state())))
    for value in then:
        restored.observe(value)
    assert json.dumps(restored.state()) == json.dumps(never_stopped.state())
    assert restored.score(asked) == never_stopped.score(asked)


@given(st.lists(values, max_size=60))
def test_what_it_keeps_is_finite(seen: list[float]) -> None:
    state = after(seen).state()
    assert all(map(math.isfinite, [*state.pop("early"), *state.values()]))
