"""The floor, the draw and the groups."""

from collections import Counter
from itertools import accumulate
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandit.exploration import one_of, uniform, with_floor
from bandit.groups import Group, Groups
from bandit.sampling import draw, uniform_from

weights = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=64).filter(lambda ps: sum(ps) > 1e-3)
floors = st.floats(1e-4, 0.5)
GROUPS = Groups(b"k" * 32, best_single=0.05, uniform=0.02, default=0.1)


# -------------------------------------------------------------------- the floor


@given(weights, floors)
def test_with_the_floor_probabilities_sum_to_1_and_none_is_0(probabilities: list[float], floor: float) -> None:
    mixed = with_floor(probabilities, floor)
    assert abs(sum(mixed) - 1) < 1e-12
    assert min(mixed) >= floor / len(mixed) * (1 - 1e-12)


@given(weights, floors)
def test_the_floor_is_taken_from_all_alike(probabilities: list[float], floor: float) -> None:
    mixed = with_floor(probabilities, floor)
    total = sum(probabilities)
    for p, m in zip(probabilities, mixed, strict=True):
        assert isclose(m, (1 - floor) * p / total + floor / len(mixed), rel_tol=1e-9)


@given(weights)
def test_without_a_floor_the_distribution_is_only_normalized(probabilities: list[float]) -> None:
    total = sum(probabilities)
    assert with_floor(probabilities, 0.0) == pytest.approx([p / total for p in probabilities])


@given(st.integers(1, 64))
def test_uniform_gives_all_the_same(n: int) -> None:
    assert abs(sum(uniform(n)) - 1) < 1e-12
    assert len(set(uniform(n))) == 1


def test_one_of_gives_all_to_one() -> None:
    assert one_of(3, 1) == [0.0, 1.0, 0.0]


# -------------------------------------------------------------------- the draw


def test_the_draw_is_the_first_index_whose_cumulative_probability_exceeds_u() -> None:
    probabilities = [0.25, 0.0, 0.5, 0.25]
    assert [draw(probabilities, u) for u in (0.0, 0.249, 0.25, 0.749, 0.75, 0.999)] == [0, 0, 2, 2, 3, 3]


@given(weights, st.floats(0, 1, exclude_max=True))
def test_what_is_drawn_brackets_u(probabilities: list[float], u: float) -> None:
    probabilities = with_floor(probabilities, 0.0)
    index = draw(probabilities, u)
    cumulative = [0.0, *accumulate(probabilities)]
    assert probabilities[index] > 0
    assert cumulative[index] <= u < max(cumulative[index + 1], 1.0 if index == _last(probabilities) else 0.0)


def _last(probabilities: list[float]) -> int:
    return max(index for index, p in enumerate(probabilities) if p > 0)


@pytest.mark.parametrize("beyond", [[], [0.0], [0.0, 0.0]])
def test_where_rounding_leaves_a_gap_the_last_possible_action_fills_it(beyond: list[float]) -> None:
    probabilities = [0.1] * 10 + beyond
    assert max(accumulate(probabilities)) < 1  # added one by one, as the draw does; sum() of 3.12 compensates
    assert draw(probabilities, 1 - 2**-53) == 9


def test_the_same_seed_draws_the_same_and_others_differ() -> None:
    assert uniform_from(b"decision") == uniform_from(b"decision") == 0.9894950053547187
    assert len({uniform_from(bytes([one, other])) for one in range(100) for other in range(100)}) == 10_000


def test_a_seed_gives_all_of_53_bits_below_1() -> None:
    numbers = [uniform_from(number.to_bytes(4, "big")) for number in range(2000)]
    assert all(0 <= u < 1 for u in numbers)
    assert all((u * 2**53).is_integer() for u in numbers)
    assert sum((u * 2**53) % 2 for u in numbers) == pytest.approx(1000, abs=150)


# -------------------------------------------------------------------- the groups


def test_the_shares_are_approached() -> None:
    n = 50_000
    counts = Counter(GROUPS.of(f"profile {number}") for number in range(n))
    shares: dict[Group, float] = {"best_single": 0.05, "uniform": 0.02, "default": 0.1, "personalized": 0.83}
    for group, share in shares.items():
        assert abs(counts[group] - n * share) < 5 * (n * share * (1 - share)) ** 0.5


def test_a_profile_stays_in_its_group_for_good() -> None:
    """These were written down once: a change of the hash would move everyone."""
    members = {"ada": "personalized", "profile 6": "default", "\ud800": "personalized"}
    assert {profile: GROUPS.of(profile) for profile in members} == members
    assert [n for n in range(200) if GROUPS.of(f"profile {n}") == "uniform"] == [3, 12, 43, 132, 149, 157]


def test_another_key_makes_other_groups() -> None:
    other = Groups(b"o" * 32, best_single=0.05, uniform=0.02, default=0.1)
    profiles = [str(number) for number in range(2000)]
    assert [GROUPS.of(profile) for profile in profiles] != [other.of(profile) for profile in profiles]


@given(st.text(st.characters(exclude_categories=[])))
def test_a_greater_share_takes_nobody_out_of_its_group(profile: str) -> None:
    smaller, greater = (Groups(b"k", best_single=share, uniform=0.0) for share in (0.3, 0.6))
    if smaller.of(profile) == "best_single":
        assert greater.of(profile) == "best_single"


@pytest.mark.parametrize("group", ["best_single", "uniform", "default"])
def test_a_change_of_one_share_moves_no_more_profiles_than_it_has_to(group: Group) -> None:
    shares = {"best_single": 0.05, "uniform": 0.02, "default": 0.1}
    before, after = Groups(b"k", **shares), Groups(b"k", **{**shares, group: shares[group] + 0.1})
    moved = {(before.of(who), after.of(who)) for who in map(str, range(5000))}
    assert {each for each in moved if each[0] != each[1]} == {("personalized", group)}


def test_the_canary_has_its_share_of_all_profiles_and_moves_no_profile_of_a_control() -> None:
    shares = {"best_single": 0.05, "uniform": 0.02, "default": 0.1}
    without, small, large = (Groups(b"k", **shares, canary=share) for share in (0.0, 0.1, 0.2))
    profiles = list(map(str, range(20_000)))
    moved = Counter((without.of(who), small.of(who)) for who in profiles if without.of(who) != small.of(who))
    assert moved.keys() == {("personalized", "canary")}
    assert abs(moved.total() / 20_000 - 0.1) < 0.01
    assert all(large.of(who) == "canary" for who in profiles if small.of(who) == "canary")
    everyone = Groups(b"k", **shares, canary=small.rest)
    assert {everyone.of(who) for who in profiles} == {"best_single", "uniform", "default", "canary"}


@pytest.mark.parametrize(
    ("best_single", "uniform", "default"), [(0.7, 0.1, 0.2), (0.1, 0.7, 0.2), (0.45, 0.45, 0.1), (0.0, 0.0, 1.0)]
)
def test_great_shares_leave_nobody_without_a_group(best_single: float, uniform: float, default: float) -> None:
    groups = Groups(b"k", best_single, uniform, default)
    counts = Counter(groups.of(str(number)) for number in range(20_000))
    assert counts["personalized"] <= 1, "the shares add up to 1, but for rounding"
    for group, share in (("best_single", best_single), ("uniform", uniform), ("default", default)):
        assert abs(counts[group] / 20_000 - share) < 0.015  # type: ignore[index]


@given(st.text())
def test_a_share_of_1_is_everyone_and_of_0_is_nobody(profile: str) -> None:
    assert Groups(b"k", best_single=1.0, uniform=0.0).of(profile) == "best_single"
    assert Groups(b"k", best_single=0.0, uniform=0.0).of(profile) == "personalized"
