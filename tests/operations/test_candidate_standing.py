"""The standing of a candidate: its condition, what would promote it, and its metrics."""

from math import isnan
from typing import Any

import pytest
from prometheus_client import REGISTRY

from app.operations.candidate_metrics import show_candidate
from app.operations.candidate_standing import CONDITIONS, Standing
from bandit.paired_difference import Difference, PairedDifference
from tests.operations.standings import standing

MINUTE, DAY = 60_000, 86_400_000
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "starting": ("starting", {"saved": None, "started": MINUTE, "oldest": 90 * DAY}),
    "starting, with an old log": ("stuck", {"saved": None, "started": 6 * MINUTE, "oldest": 90 * DAY}),
    "learning": ("learning", {"position": 99, "oldest": 90 * DAY}),
    "following": ("following", {}),
    "a quiet night": ("following", {"saved": 600 * MINUTE, "oldest": None}),
    "the first record after a quiet night": ("following", {"saved": 600 * MINUTE, "oldest": 5}),
    "as far behind as a promotion allows": ("following", {"head": 50_100}),
    "behind": ("behind", {"head": 50_101, "oldest": 3 * MINUTE}),
    "behind, but new": ("learning", {"position": 50, "head": 900_000, "oldest": 3 * MINUTE}),
    "dead": ("stuck", {"saved": 6 * MINUTE, "oldest": 6 * MINUTE}),
    "dead while it learned": ("stuck", {"position": 50, "saved": 6 * MINUTE, "oldest": DAY}),
    "without a trainer": ("waiting", {"leads": False, "saved": DAY, "oldest": DAY}),
    "during a pause": ("waiting", {"learns": "paused", "saved": DAY, "oldest": DAY}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_condition_of_a_candidate(case: str) -> None:
    condition, changes = CASES[case]
    found = standing(**changes).outlook
    assert found.condition == condition
    assert found.says.endswith(".")
    assert bool(found.remedy) == (condition in {"waiting", "behind", "stuck"})
    assert not found.remedy or found.remedy.endswith(".")


def test_one_that_is_stuck_says_for_how_long_and_how_much_waits() -> None:
    says = standing(saved=6 * MINUTE, oldest=6 * MINUTE, head=1_334).outlook.says
    assert "for 6 minutes" in says
    assert "records wait for it: 1,234." in says


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (standing(saved=None), "has saved nothing yet"),
        (standing(position=99), "1 records behind"),
        (standing(head=50_101), "50,001 records behind"),
        (standing(erased=5), "was erased since"),
        (standing(by_rule=True), "The rule promotes it"),
        (standing(), "`keyart candidate promote`"),
    ],
)
def test_it_says_what_would_promote_it(found: Standing, said: str) -> None:
    assert said in found.promotion


def gauge(name: str, **labels: str) -> float:
    value = REGISTRY.get_sample_value(f"keyart_candidate{name}", labels)
    assert value is not None
    return value


def test_the_metrics_tell_its_condition_its_lag_and_its_difference() -> None:
    paired = PairedDifference()
    for viewer in range(1000):
        paired.add(viewer, Difference(0.25, -1.0, 1.0))
    show_candidate(standing(head=350, oldest=3 * MINUTE, paired=paired))
    assert {each: gauge("", condition=each) for each in CONDITIONS} == {
        each: float(each == "following") for each in CONDITIONS
    }
    assert (gauge("_lag_records"), gauge("_lag_seconds")) == (250, 180)
    low, middle, high = (gauge("_difference", bound=each) for each in ("low", "estimate", "high"))
    assert low < middle == 0.25 < high
    show_candidate(None)
    assert not any(gauge("", condition=each) for each in CONDITIONS)
    assert isnan(gauge("_lag_seconds"))
    assert isnan(gauge("_difference", bound="low"))
