"""Stages, what is beyond the limits, and where the knee is."""

from dataclasses import replace
from typing import Any

import pytest

from tests.load.meter import Meter
from tests.load.stages import Calls, Limits, Ramp, Stage, calls, exceeded, knee
from tests.load.summary import told

LIMITS = Limits(p95_ms=100, followed=0.9, fallbacks=0.01, locust=0.9)
PAGES, SINGLES, PICTURES = "POST /artwork (40)", "GET /artwork", "GET /images"


def stage(viewers: int, p95: float = 20.0, **changes: Any) -> Stage:
    """Return a stage of 10 s, within the limits unless told otherwise."""
    found = Stage(
        viewers=viewers,
        seconds=10.0,
        named={PAGES: Calls(400, 4.0, p95, 2 * p95), PICTURES: Calls(4000, 1.0, 3.0, 5.0)},
        total=Calls(4400, 4.0, p95, 2 * p95),
        failures=0,
        decisions=16_000,
        fallbacks=0,
        waited=0.01 * viewers * 10,
        locust=0.3,
        service=0.4,
        late_ms=1.0,
    )
    return replace(found, **changes)


def test_the_knee_is_the_last_stage_within_the_limits() -> None:
    found = knee([stage(50), stage(70), stage(98, 130), stage(98, 140)], LIMITS)

    assert found.held == stage(70)
    assert found.gave_way == stage(98, 140)
    assert found.reasons == [f"p95 of {PAGES} was 140 ms"]
    assert not found.by_locust


def test_a_stage_that_is_beyond_the_limits_once_only_is_forgiven() -> None:
    found = knee([stage(50), stage(70, 300), stage(70), stage(98, 130), stage(98)], LIMITS)

    assert found.held == stage(98)
    assert found.gave_way is None


def test_what_comes_after_the_knee_is_not_looked_at() -> None:
    found = knee([stage(50), stage(70, 130), stage(70, 130), stage(98), stage(137)], LIMITS)

    assert found.held == stage(50)


def test_a_service_may_give_way_in_the_first_stage() -> None:
    found = knee([stage(50, 300), stage(50, 300)], LIMITS)

    assert found.held is None
    assert found.gave_way == stage(50, 300)


def test_without_stages_there_is_no_knee() -> None:
    assert knee([], LIMITS).gave_way is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"waited": 150.0}, "85% of what was offered came through"),
        ({"failures": 3}, "3 requests failed"),
        ({"fallbacks": 161}, "1.0% of the decisions were fallbacks"),
        ({"locust": 0.95}, "locust itself used 95% of its core"),
        ({"named": {SINGLES: Calls(40, 5.0, 101.0, 200.0)}}, "p95 of GET /artwork was 101 ms"),
    ],
)
def test_each_limit_is_one(changes: dict[str, Any], reason: str) -> None:
    assert exceeded(stage(100, **changes), LIMITS) == [reason]


@pytest.mark.parametrize(
    "changes",
    [
        {"waited": 99.0},
        {"fallbacks": 160},
        {"locust": 0.89},
        {"named": {SINGLES: Calls(39, 5.0, 900.0, 900.0)}},  # too few to tell
        {"named": {PICTURES: Calls(4000, 5.0, 900.0, 900.0)}},  # nobody's page waits for them
        {"decisions": 0},
    ],
)
def test_what_stays_within_them_is_not_held_against_it(changes: dict[str, Any]) -> None:
    assert exceeded(stage(100, **changes), LIMITS) == []


def test_it_is_said_that_locust_gave_way_and_not_the_service() -> None:
    stages = [stage(50), stage(70, 130, locust=0.97), stage(70, 130, locust=0.97)]
    found = knee(stages, LIMITS)

    assert found.by_locust
    assert told(Ramp(stages=stages, ended=""), found).startswith("locust gave way, the service held 50 viewers")


def test_a_knee_is_told_with_its_rates_and_what_gave_way() -> None:
    stages = [stage(450), stage(608, 130), stage(608, 130)]

    assert told(Ramp(stages=stages, ended=""), knee(stages, LIMITS)) == (
        "knee at 450 viewers: 440 requests/s, 1,600 decisions/s, p50 4 ms, p95 20 ms, p99 40 ms; "
        f"at 608 p95 of {PAGES} was 130 ms (the service used 40% of a core)"
    )


def test_where_nothing_gave_way_it_is_said_how_far_it_went() -> None:
    ramp = Ramp(stages=[stage(50)], ended="the 20 s that it may take were over")

    assert told(ramp, knee(ramp.stages, LIMITS)) == (
        "no knee up to 50 viewers: 440 requests/s, 1,600 decisions/s, p50 4 ms, p95 20 ms, p99 40 ms "
        "(the 20 s that it may take were over)"
    )


def test_percentiles_are_times_that_were_seen() -> None:
    assert calls([float(n) for n in range(100, 0, -1)]) == Calls(100, 50.0, 95.0, 99.0)
    assert calls([7.0]) == Calls(1, 7.0, 7.0, 7.0)
    assert calls([]) == Calls(0, 0.0, 0.0, 0.0)


def test_a_meter_counts_from_when_it_began() -> None:
    meter = Meter()
    meter.add(PAGES, 500.0, failed=True, decisions=40, fallbacks=40)
    meter.begin()
    meter.add(PAGES, 12.0, failed=False, decisions=40, fallbacks=2)
    meter.add(PICTURES, 3.0, failed=True, decisions=0, fallbacks=0)
    meter.late(4.0)

    found = meter.end(viewers=5)

    assert found.named == {PICTURES: Calls(1, 3.0, 3.0, 3.0), PAGES: Calls(1, 12.0, 12.0, 12.0)}
    assert (found.failures, found.decisions, found.fallbacks) == (1, 40, 2)
    assert found.waited == pytest.approx(0.015)
    assert found.late_ms == 4.0
    assert found.service is None
