import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandit.tally import CLIP, PSEUDO_DRAWS, Tally, best_single

tallies = st.builds(
    Tally,
    exposures=st.integers(0, 99),
    clicks=st.integers(0, 99),
    plays=st.integers(0, 99),
    reward=st.floats(0, 99),
    weight=st.floats(0, 99),
    weighted=st.floats(0, 99),
)


def drawn(times: int, rate: float, propensity: float = 0.5) -> Tally:
    tally = Tally()
    for turn in range(times):
        won = turn < times * rate
        tally.add(reward=float(won), propensity=propensity, clicked=won, played=False)
    return tally


def test_a_tally_counts_what_happened() -> None:
    tally = Tally()
    tally.add(reward=1.0, propensity=0.5, clicked=True, played=True)
    tally.add(reward=0.2, propensity=0.25, clicked=True, played=False)
    tally.add(reward=0.0, propensity=1.0, clicked=False, played=False)
    assert tally == Tally(3, 2, 1, 1.2, 7.0, 2.8)


@pytest.mark.parametrize(
    ("propensity", "weight"), [(1.0, 1.0), (0.2, 5.0), (0.1, CLIP), (0.004, CLIP), (0.0, CLIP)]
)
def test_the_weight_of_a_rare_draw_is_clipped(propensity: float, weight: float) -> None:
    tally = Tally()
    tally.add(reward=0.5, propensity=propensity, clicked=True, played=False)
    assert (tally.weight, tally.weighted) == (weight, weight / 2)


@given(tallies, tallies)
def test_adding_sums_each_count_and_changes_neither(one: Tally, other: Tally) -> None:
    before = repr((one, other))
    total = one + other
    assert (total.exposures, total.weight) == (one.exposures + other.exposures, one.weight + other.weight)
    assert (total.clicks, total.plays) == (one.clicks + other.clicks, one.plays + other.plays)
    assert (total.reward, total.weighted) == (one.reward + other.reward, one.weighted + other.weighted)
    assert repr((one, other)) == before


def test_the_best_single_is_what_does_best_when_draws_are_weighed() -> None:
    """Drawn often where it was liked anyway, the second would win by its mere count."""
    assert best_single("ab", {"a": drawn(200, 0.3, 0.2), "b": drawn(800, 0.2, 0.8)}) == 0


def test_a_picture_that_was_lucky_a_few_times_is_not_crowned() -> None:
    shown = {"lucky": drawn(2, 1.0, 1.0), "good": drawn(1000, 0.4), "bad": drawn(1000, 0.2)}
    assert best_single(shown, shown) == 1


def test_a_picture_that_was_unlucky_a_few_times_is_not_buried() -> None:
    shown = {"unlucky": drawn(3, 0.0), "good": drawn(1000, 0.4), "bad": drawn(1000, 0.2)}
    assert best_single(["bad", "unlucky"], shown) == 1


def test_what_was_never_shown_stands_at_the_mean() -> None:
    shown = {"good": drawn(1000, 0.4), "bad": drawn(1000, 0.1)}
    assert best_single(["bad", "new"], shown) == 1
    assert best_single(["new", "good"], shown) == 1


def test_the_estimate_is_shrunk_by_fifty_pseudo_draws() -> None:
    """Two of equal rates apart from the mean: the one with more behind it is farther from the mean."""
    shown = {"a": drawn(50, 0.5, 1.0), "b": drawn(51, 26 / 51, 1.0), "zero": drawn(500, 0.0, 1.0)}
    mean = 51 / 601
    scores = [(t.weighted + PSEUDO_DRAWS * mean) / (t.weight + PSEUDO_DRAWS) for t in shown.values()]
    assert best_single(shown, shown) == scores.index(max(scores)) == 1


@pytest.mark.parametrize("shown", [{}, {"a": Tally()}, {"a": drawn(10, 0.5), "b": drawn(10, 0.5)}])
def test_a_tie_goes_to_the_first(shown: dict[str, Tally]) -> None:
    assert best_single("ab", shown) == 0
    assert best_single("ba", shown) == 0
