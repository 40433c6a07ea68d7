"""What the policy does with pictures and with viewers that it has never seen.

The seeds are fixed, so a test that passes once passes always. Each world is one observation: at the stated level a
policy for which a claim does not hold would pass for one set of seeds in a hundred.
"""

from collections.abc import Callable, Sequence

import pytest
from scipy import stats

from tests.statistical.arrival import Arrival, Mask, arrival
from tests.statistical.loop import DELAY, FLOOR, Drawn

pytestmark = pytest.mark.soak  # a minute of work, for claims that few changes touch
LEVEL = 0.01
SEEDS = range(8)
When = Callable[[Arrival], Sequence[Drawn]]


def before(arrival: Arrival) -> Sequence[Drawn]:
    return arrival.before[-1500:]


def at_once(arrival: Arrival) -> Sequence[Drawn]:
    """Nothing was learned of the new pictures yet: what is done is a guess."""
    return arrival.after[:DELAY]


def soon(arrival: Arrival) -> Sequence[Drawn]:
    return arrival.after[2 * DELAY : 5 * DELAY]


def late(arrival: Arrival) -> Sequence[Drawn]:
    return arrival.after[-1000:]


@pytest.fixture(scope="module")
def arrivals(tmp_path_factory: pytest.TempPathFactory) -> list[Arrival]:
    return [arrival(seed, tmp_path_factory.mktemp("catalogue")) for seed in SEEDS]


def positive(arrivals: Sequence[Arrival], what: Callable[[Arrival], float]) -> bool:
    """Whether a figure is above 0 in the mean of all such worlds, by Student's test."""
    return float(stats.ttest_1samp([what(each) for each in arrivals], 0, alternative="greater").pvalue) < LEVEL


def good(arrival: Arrival) -> Mask:
    """The pictures that are best for more viewers than their fair share of choices would reach."""
    return arrival.merit() > 1


def new(arrival: Arrival) -> Mask:
    return arrival.new


def good_new(arrival: Arrival) -> Mask:
    return arrival.new & good(arrival)


def mean(figures: Sequence[float]) -> float:
    return sum(figures) / len(figures)


def share(arrivals: Sequence[Arrival], when: When, pictures: Callable[[Arrival], Mask]) -> float:
    """Return in what multiple of their fair share such pictures were shown: the mean over those of all worlds."""
    count = [int(pictures(each).sum()) for each in arrivals]
    shares = [each.share(when(each), pictures(each)) for each in arrivals]
    return sum(n * share for n, share in zip(count, shares, strict=True)) / sum(count)


def test_good_new_pictures_are_told_from_bad_ones(arrivals: list[Arrival]) -> None:
    assert positive(arrivals, lambda each: each.found(late(each)))


def test_new_pictures_are_not_buried(arrivals: list[Arrival]) -> None:
    """What is known has been picked out of many; a new picture, of which nothing is known, begins behind it.

    Buried is what only the floor shows: it is shown ten times as often. In the end a good one, which is best for
    more viewers than its fair share of choices would reach, gets more than that share.
    """
    assert share(arrivals, at_once, new) > 10 * FLOOR
    assert share(arrivals, late, good_new) > 1


def test_new_pictures_are_not_forced(arrivals: list[Arrival]) -> None:
    """No one of them is drawn for nearly everybody before anything is known of it, nor all of them together."""
    for each in arrivals:
        assert each.shown(at_once(each))[each.new].max() < 0.9
        assert each.share(at_once(each), each.new) < 2


def test_choices_are_hardly_worse_while_new_pictures_are_found_out_and_better_in_the_end(
    arrivals: list[Arrival],
) -> None:
    reached = {
        when: mean([each.reached(when(each)) for each in arrivals]) for when in (before, at_once, soon, late)
    }
    assert reached[at_once] > 0.8 * reached[before]
    assert reached[soon] > 0.9 * reached[before]
    assert reached[late] > reached[before]


def test_a_new_viewer_gets_at_once_what_is_liked_where_they_live_and_by_households_like_theirs(
    arrivals: list[Arrival],
) -> None:
    """Whatever is known of them is what the request and the profile say: there is no taste yet."""
    strangers = [each.strangers for each in arrivals]
    assert all(levels.policy > 1.3 * levels.uniform for levels in strangers)
    assert positive(arrivals, lambda each: each.strangers.policy / each.strangers.single - 1)
    assert mean([levels.policy / levels.single for levels in strangers]) > 1.05
