"""A least share of marked actions is met exactly, and takes no more than it needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandit.exploration import with_floor, with_least

WEIGHTS = st.lists(st.floats(1e-6, 1), min_size=1, max_size=8)
DEMANDS = st.lists(st.tuples(st.lists(st.booleans(), min_size=8, max_size=8), st.floats(0.01, 0.25)), max_size=3)


@given(WEIGHTS, DEMANDS)
def test_each_demand_that_can_be_met_is_met(weights: list[float], demands: list[tuple[list[bool], float]]) -> None:
    before = with_floor(weights, 0.02)
    asked = [(marked[: len(before)], share) for marked, share in demands]
    after = with_least(before, asked)
    assert sum(after) == pytest.approx(1)
    assert min(after) > 0
    for marked, share in asked:
        if any(marked) and not all(marked):
            assert sum(p for p, mark in zip(after, marked, strict=True) if mark) >= share - 1e-9


def test_the_marked_get_more_in_proportion_and_the_others_less_by_one_factor() -> None:
    after = with_least([0.6, 0.3, 0.06, 0.04], [([False, False, True, True], 0.3)])
    assert after == pytest.approx([0.6 * 7 / 9, 0.3 * 7 / 9, 0.18, 0.12])


@pytest.mark.parametrize("marked", [[False, False], [True, True], [True, False]])
def test_a_demand_that_is_void_or_met_changes_nothing(marked: list[bool]) -> None:
    assert with_least([0.7, 0.3], [(marked, 0.5)]) == [0.7, 0.3]
