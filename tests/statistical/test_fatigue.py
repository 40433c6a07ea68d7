"""What the policy does where viewers tire of a picture, and where they do not.

The seeds are fixed, so a test that passes once passes always. Each world is one observation: at the stated level a
policy to which showings tell nothing would pass for one set of seeds in a hundred.
"""

from pathlib import Path

import pytest
from scipy import stats

from tests.statistical.fatigue import NEUTRAL, TIRING, WELCOME, worth

LEVEL = 0.01
SEEDS = range(5)


def gains(factor: float, folders: pytest.TempPathFactory) -> list[float]:
    """Return by which ratio less one knowing the showings raises the expected clicks, in each world."""
    return [_gain(seed, factor, folders.mktemp("catalogue"), folders.mktemp("catalogue")) for seed in SEEDS]


def _gain(seed: int, factor: float, one: Path, other: Path) -> float:
    return worth(seed, factor, one, informed=True) / worth(seed, factor, other, informed=False) - 1


@pytest.mark.parametrize(
    ("factor", "least"),
    [pytest.param(TIRING, 0.04, id="tiring"), pytest.param(WELCOME, 0.02, id="welcome", marks=pytest.mark.soak)],
)
def test_knowing_the_showings_earns_more_where_they_change_clicks(
    factor: float, least: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = gains(factor, tmp_path_factory)
    assert stats.ttest_1samp(found, 0, alternative="greater").pvalue < LEVEL
    assert sum(found) / len(found) > least


@pytest.mark.soak
def test_where_showings_change_nothing_knowing_them_costs_next_to_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    found = gains(NEUTRAL, tmp_path_factory)
    assert sum(found) / len(found) > -0.02
