"""Readings of the metrics, and what happened between two of them."""

from math import inf

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram

from app.operations.ring import EVERY_SECONDS, HOUR, MOST, Ring, Span
from app.telemetry.metrics import DECISIONS, FEEDBACK
from app.telemetry.reading import Reading, read, reading_of

BUCKETS = (0.001, 0.01, 0.1)


def decided(at: float, number: float, **more: float) -> Reading:
    """Return a reading `at` that many seconds."""
    return Reading(round(1000 * at), {"keyart_decisions_total": {"personalized": number, **more}})


def test_the_metrics_of_this_process_are_read() -> None:
    before = read(0)
    DECISIONS.labels("uniform", "drawn").inc(3)
    FEEDBACK.labels("click", "recorded").inc(2)
    FEEDBACK.labels("click", "rejected").inc(7)
    span = Span(before, read(1000))
    assert span.increase("keyart_decisions_total", "uniform") == 3
    assert span.increase("keyart_decisions_total") == 3
    assert span.increase("keyart_feedback_total", "click") == 2, "what was rejected is no feedback"


def test_a_failure_is_a_status_of_500_or_above_but_not_the_answer_that_it_is_not_ready() -> None:
    registry = CollectorRegistry()
    seconds = Histogram("keyart_request_seconds", "", ["route", "status"], buckets=BUCKETS, registry=registry)
    for route, status in (("/clicks", "503"), ("/artwork", "200"), ("/readyz", "503"), ("/clicks", "499")):
        seconds.labels(route, status).observe(0.005)
    reading = reading_of(registry.collect(), 0)
    assert reading.failed == 1
    assert reading.seconds == {0.001: 0, 0.01: 1, 0.1: 1, inf: 1}


def test_a_series_without_a_label_is_counted() -> None:
    registry = CollectorRegistry()
    Counter("keyart_snapshots_refused", "", registry=registry).inc(2)
    assert reading_of(registry.collect(), 0).count("keyart_snapshots_refused_total") == 2


def test_the_ring_keeps_an_hour() -> None:
    ring = Ring()
    for number in range(2 * MOST):
        ring.add(decided(number * EVERY_SECONDS, number))
    assert len(ring) == MOST
    assert ring.last(HOUR).seconds == HOUR
    assert ring.last(60).increase("keyart_decisions_total") == 60 / EVERY_SECONDS
    assert ring.last(60).rate("keyart_decisions_total") == 1 / EVERY_SECONDS
    assert len(ring.steps()) == MOST - 1
    assert ring.steps(1) == ring.steps()[-1:]


def test_a_young_ring_tells_what_it_has() -> None:
    ring = Ring([decided(0, 5)])
    assert ring.last(HOUR).seconds == ring.last(HOUR).rate("keyart_decisions_total") == 0
    assert ring.steps() == ring.steps(1) == []
    ring.add(decided(10, 25))
    assert ring.last(HOUR).rate("keyart_decisions_total") == 2


def test_a_clock_that_is_set_back_begins_the_ring_again() -> None:
    ring = Ring([decided(100, 1), decided(105, 2)])
    ring.add(decided(50, 3))
    assert (len(ring), ring.since) == (1, 50_000)


def test_a_counter_that_ends_with_its_trainer_has_not_fallen() -> None:
    assert Ring([decided(0, 100), decided(5, 10)]).last(60).increase("keyart_decisions_total") == 0


@pytest.mark.parametrize(
    ("counts", "half", "most"),
    [
        ((100, 100, 100, 100), 0.0005, 0.00099),
        ((0, 100, 100, 100), 0.0055, 0.00991),
        ((50, 100, 100, 100), 0.001, 0.00982),
        ((0, 0, 0, 100), 0.1, 0.1),
    ],
)
def test_a_quantile_lies_within_its_bucket_as_in_prometheus(
    counts: tuple[float, ...], half: float, most: float
) -> None:
    bounds = (*BUCKETS, inf)
    span = Span(Reading(0), Reading(5000, seconds=dict(zip(bounds, counts, strict=True))))
    assert span.quantile(0.5) == pytest.approx(half)
    assert span.quantile(0.99) == pytest.approx(most)


def test_nobody_asked_and_there_is_no_quantile_and_no_share() -> None:
    same = Reading(0, seconds=dict.fromkeys((*BUCKETS, inf), 7.0))
    assert Span(same, same).quantile(0.5) is None
    assert Span(same, same).fallback_share is None


def test_the_share_of_fallbacks_is_of_all_pictures() -> None:
    last = Reading(5000, {"keyart_decisions_total": {"uniform": 3}, "keyart_fallbacks_total": {"timeout": 1}})
    assert Span(Reading(0), last).fallback_share == 0.25
