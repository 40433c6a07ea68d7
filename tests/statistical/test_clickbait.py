"""What counts as success is what the policy learns to bring about: clicks, or watching.

The seeds are fixed, so a test that passes once passes always. Each world is one observation: at the stated level a
policy to which clickbait is a picture like any other would pass for one set of seeds in a hundred.
"""

from collections.abc import Callable, Sequence

import pytest
from scipy import stats

from tests.statistical.clickbait import REWARDS, Ending, ending

pytestmark = pytest.mark.soak  # a minute of work, for a claim that few changes touch

LEVEL = 0.01
SEEDS = range(8)
Endings = dict[str, list[Ending]]


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> Endings:
    """The same worlds and visits, once with either reward."""
    return {
        reward: [ending(seed, reward, tmp_path_factory.mktemp("catalogue")) for seed in SEEDS]
        for reward in REWARDS
    }


def above(some: Sequence[float], others: Sequence[float]) -> bool:
    """Whether the one is greater than the other in the mean of all such worlds, by Student's paired test."""
    difference = [one - other for one, other in zip(some, others, strict=True)]
    return float(stats.ttest_1samp(difference, 0, alternative="greater").pvalue) < LEVEL


def of(endings: Sequence[Ending], what: Callable[[Ending], float]) -> list[float]:
    return [what(each) for each in endings]


def bait(ending: Ending) -> float:
    return ending.bait


def seconds(ending: Ending) -> float:
    return ending.seconds


FAIR = [1.0] * len(SEEDS)


def test_where_clicks_count_clickbait_is_shown_more_than_other_pictures(endings: Endings) -> None:
    assert above(of(endings["click"], bait), FAIR)


def test_where_watching_counts_less_clickbait_is_shown_and_more_is_watched(endings: Endings) -> None:
    assert above(of(endings["click"], bait), of(endings["play"], bait))
    assert above(of(endings["play"], seconds), of(endings["click"], seconds))
