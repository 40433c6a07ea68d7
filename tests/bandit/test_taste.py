import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandit.taste import HALF_LIFE, LIMIT, SHOWN, TAGS, Base, Taste

EVERYONE = Base(shown=1000.0, liked=100.0)
NOW = 1_760_000_000_000
tags = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=4).map(tuple)
doings = st.lists(st.tuples(tags, st.booleans(), st.integers(0, HALF_LIFE)), max_size=60)


def after(happened: list[tuple[tuple[str, ...], bool, int]], start: int = NOW) -> Taste:
    taste, at = Taste(), start
    for words, liked, later in happened:
        at += later
        if liked:
            taste.like(words, 1.0, at)
        taste.show(words, at)
    return taste


def seen(words: str, times: int, liked: int, taste: Taste | None = None, at: int = NOW) -> Taste:
    taste = taste or Taste()
    for turn in range(times):
        if turn < liked:
            taste.like(tuple(words), 1.0, at)
        taste.show(tuple(words), at)
    return taste


def test_of_whom_nothing_is_known_nothing_is_said() -> None:
    assert Taste().values(EVERYONE) == {}


def test_tastes_are_centred_on_the_profiles_own_rate() -> None:
    """Who likes everything likes nothing in particular."""
    keen = seen("b", 100, 80, seen("a", 100, 80)).values(EVERYONE)
    assert all(abs(value) < 0.1 for value in keen.values())
    choosy = seen("b", 100, 5, seen("a", 100, 80)).values(EVERYONE)
    assert choosy["a"] > 0.3
    assert choosy["b"] < -0.3


def test_a_liking_raises_its_tags_at_once_before_the_window_closes() -> None:
    taste = seen("ab", 10, 1)
    before = taste.values(EVERYONE)
    taste.like(("a",), 1.0, NOW)
    after_it = taste.values(EVERYONE)
    assert after_it["a"] > before.get("a", 0.0)
    assert after_it["a"] > after_it.get("b", 0.0)


@given(doings, st.sampled_from("abcdefgh"))
def test_a_liking_never_lowers_its_own_tag(happened: list[tuple[tuple[str, ...], bool, int]], tag: str) -> None:
    taste = after(happened)
    taste.show((tag,), taste.at)
    indifferent = _all(taste).get(tag, 0.0)
    taste.like((tag,), 1.0, taste.at)
    assert _all(taste).get(tag, 0.0) >= indifferent - 0.05


def _all(taste: Taste) -> dict[str, float]:
    return taste.values(EVERYONE)


def test_what_was_liked_long_ago_counts_less_than_what_is_liked_now() -> None:
    taste = seen("a", 10, 8)
    for _ in range(3):
        seen("b", 10, 8, taste, NOW + 4 * HALF_LIFE)
        seen("c", 30, 0, taste, NOW + 4 * HALF_LIFE)
    values = taste.values(EVERYONE)
    assert values["b"] > values["a"] > values["c"]


def test_after_a_half_life_what_was_seen_counts_half() -> None:
    """Twice as much, one half-life ago, is the same as once now."""
    earlier, now = seen("a", 20, 8), seen("a", 10, 4)
    seen("b", 40, 1, earlier, NOW + HALF_LIFE)
    seen("b", 40, 1, now)
    assert earlier.values(EVERYONE) == pytest.approx(now.values(EVERYONE), abs=2e-3)


@given(doings)
def test_when_it_began_makes_no_difference(happened: list[tuple[tuple[str, ...], bool, int]]) -> None:
    one, other = (after(happened, start).values(EVERYONE) for start in (NOW, NOW + 5 * HALF_LIFE))
    both = one.keys() | other.keys()
    assert {tag: one.get(tag, 0.0) for tag in both} == pytest.approx(
        {tag: other.get(tag, 0.0) for tag in both}, abs=0.052
    )


def test_the_tags_are_bounded_and_those_with_most_behind_them_stay() -> None:
    taste = Taste()
    seen("x", 50, 5, taste)
    for number in range(300):
        taste.like((f"liked {number}",), 1.0, NOW)
        assert len(taste.tags) <= TAGS
        taste.show((f"shown {number}",), NOW)
        assert len(taste.tags) <= TAGS
    assert "x" in taste.tags


@given(doings)
def test_what_the_policy_sees_is_short_bounded_and_strongest_first(
    happened: list[tuple[tuple[str, ...], bool, int]],
) -> None:
    values = list(after(happened).values(EVERYONE).values())
    assert len(values) <= SHOWN
    assert all(0 < abs(value) <= LIMIT for value in values)
    assert [abs(value) for value in values] == sorted([abs(value) for value in values], reverse=True)


def test_at_most_so_many_tastes_are_shown() -> None:
    taste = Taste()
    for number in range(40):
        taste.like((f"tag {number}",), 5.0, NOW)
        taste.show((f"other {number}",), NOW)
    assert len(taste.values(EVERYONE)) == SHOWN


def test_everyones_rate_begins_low_and_follows_what_is_seen() -> None:
    assert Base().rate() == 0.05
    assert Base(shown=1e6, liked=3e5).rate() == pytest.approx(0.3, abs=1e-4)
