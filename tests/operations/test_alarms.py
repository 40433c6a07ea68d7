"""Alarms: when they come, when they go, and that they are those of docs/examples/alerts.yml."""

import re
from dataclasses import replace
from math import nan
from typing import Any

import pytest

from app.interventions import Given, Interventions, Quarantine
from app.operations import alarms as subject
from app.operations import candidate_alarms, drift_alarms
from app.operations.alarms import Seen, alarms
from app.operations.ring import HOUR, Ring
from app.store.protocol import Size
from app.telemetry.reading import Reading
from tests.docs.pages import page
from tests.docs.test_alerts import expressions
from tests.operations.standings import standing

GIVEN = Given(7, 1_790_000_000_000, "admin", "key", "Because")
CALM = Seen(position=100, size=Size(10, most=1000), window_seconds=600)
FOLDED = {"keyart_trainer_position": 100.0, "keyart_snapshot_age_seconds": 1.0}
ELSEWHERE = {"KeyartDown", "KeyartBackupOld"}
"""Alerts that the service itself cannot see: nobody is told by who is down."""
HERE_ALONE = {"KeyartNotReady", "KeyartSnapshotOld", "KeyartWorkersEnd"}


def ring(seconds: float = HOUR, gauges: dict[str, float] = FOLDED, **counts: Any) -> Ring:
    """Return a ring in which these counters, with the values of their labels, rose evenly from 0."""
    named = {f"keyart_{name}_total": values for name, values in counts.items()}

    def at(part: float) -> Reading:
        risen = {name: {key: part * value for key, value in values.items()} for name, values in named.items()}
        return Reading(round(1000 * part * seconds), risen, gauges=gauges)

    steps = max(1, round(seconds / 60))
    return Ring(at(number / steps) for number in range(steps + 1))


def names(ring: Ring, **seen: Any) -> list[str]:
    return [alarm.name for alarm in alarms(ring, replace(CALM, **seen))]


DRIFTED: dict[str, dict[str, float]] = {
    "KeyartWorseThanControl": {"keyart_gap high uniform week": -0.001},
    "KeyartCollapse": {"keyart_collapsed_share": 0.51},
    "KeyartExploration": {"keyart_forced_ratio low": 1.26, "keyart_forced_ratio high": 2.0},
    "KeyartCalibration": {"keyart_calibration low": 0.1, "keyart_calibration high": 0.79},
}
BUSY: dict[str, Any] = {"decisions": {"personalized": 100_000.0}, "examples": {"learned": 50_000.0}}
CASES: dict[str, tuple[Ring, dict[str, Any]]] = {
    "KeyartNotReady": (ring(), {"waits_for": "It waits for a catalogue."}),
    "KeyartStoreLost": (ring(), {"lost": "log.sqlite was deleted."}),
    "KeyartServingDefault": (ring(), {"in_force": Interventions(serving_default=GIVEN)}),
    "KeyartModelFrozen": (ring(), {"in_force": Interventions(frozen=GIVEN)}),
    "KeyartLearningPaused": (ring(), {"in_force": Interventions(learning_paused=GIVEN)}),
    "KeyartQuarantine": (ring(), {"quarantine": Quarantine(GIVEN, 1, 2)}),
    "KeyartFallbacks": (ring(**BUSY, fallbacks={"timeout": 1100.0}), {}),
    "KeyartNoTrainer": (ring(), {"no_trainer": "No trainer leads."}),
    "KeyartTrainerBehind": (ring(), {"position": 10_101}),
    "KeyartSnapshotRefused": (ring(snapshots_refused={"": 1.0}), {}),
    "KeyartSnapshotOld": (ring(gauges={**FOLDED, "keyart_snapshot_age_seconds": 301.0}, **BUSY), {}),
    "KeyartLearnsNothing": (ring(decisions={"personalized": 1001.0}), {}),
    **{name: (ring(gauges=FOLDED | signs), {}) for name, signs in DRIFTED.items()},
    "KeyartCandidateStuck": (ring(), {"candidate": standing(saved=300_001, oldest=300_001)}),
    "KeyartCandidateBehind": (ring(), {"candidate": standing(head=50_101)}),
    "KeyartCandidateEnds": (ring(candidate_ended={"": 6.0}), {"candidate": standing()}),
    "KeyartWorkerHung": (ring(5, workers_replaced={"hung": 1.0}), {}),
    "KeyartWorkersEnd": (ring(workers_replaced={"ended": 3.0}), {}),
    "KeyartConnectionsCrowded": (ring(connections_ended={"evicted": 400.0}), {}),
    "KeyartLogFills": (ring(), {"size": Size(801, most=1000)}),
    "KeyartDiskFills": (ring(), {"free": 0.19}),
}
NOT_YET_DRIFTED: dict[str, dict[str, float]] = {
    "worse": {"keyart_gap high uniform week": 0.0, "keyart_gap low uniform week": -1.0},
    "unknown": {"keyart_gap high uniform week": nan, "keyart_calibration low": nan},
    "collapsed": {"keyart_collapsed_share": 0.5},
    "fallen": {"keyart_shown_entropy common": 0.1, "keyart_shown_entropy before": 0.3},
    "still wide": {"keyart_shown_entropy common": 0.2, "keyart_shown_entropy before": 1.0},
    "settled": {"keyart_settled_share recent": 1.0, "keyart_settled_share before": 0.7},
    "settling": {"keyart_settled_share recent": 0.95, "keyart_settled_share before": 0.0},
    "exploring": {"keyart_even_share recent": 0.006, "keyart_exploration_floor": 0.02},
    "even": {"keyart_even_share recent": 1.0, "keyart_even_share before": 0.5},
    "mostly even": {"keyart_even_share recent": 0.9, "keyart_even_share before": 0.0},
    "forced": {"keyart_forced_ratio low": 1.25, "keyart_forced_ratio high": 9.0},
    "seldom forced": {"keyart_forced_ratio low": 0.0, "keyart_forced_ratio high": 0.8},
    "calibrated": {"keyart_calibration low": 1.25, "keyart_calibration high": 9.0},
    "overconfident": {"keyart_calibration low": 0.0, "keyart_calibration high": 0.8},
}
NOT_YET: dict[str, tuple[Ring, dict[str, Any]]] = {
    "KeyartFallbacks": (ring(**BUSY, fallbacks={"timeout": 1000.0}), {}),
    "KeyartTrainerBehind": (ring(), {"position": 10_100}),
    "KeyartSnapshotOld": (ring(gauges={**FOLDED, "keyart_snapshot_age_seconds": 9999.0}), {}),
    "KeyartLearnsNothing": (ring(1700, decisions={"personalized": 9999.0}), {}),
    "KeyartCandidateStuck": (ring(), {"candidate": standing(saved=300_001, oldest=300_000)}),
    "KeyartCandidateBehind": (ring(), {"candidate": standing(head=50_100)}),
    "KeyartCandidateEnds": (ring(candidate_ended={"": 9.0}), {"candidate": None}),
    "KeyartWorkersEnd": (ring(workers_replaced={"ended": 2.0}), {}),
    "KeyartConnectionsCrowded": (ring(connections_ended={"evicted": 350.0, "malformed": 9999.0}), {}),
    "KeyartLogFills": (ring(), {"size": Size(10**12, most=0)}),
    "KeyartDiskFills": (ring(), {"free": 0.2}),
}


@pytest.mark.parametrize("name", CASES)
def test_an_alarm_comes(name: str) -> None:
    readings, seen = CASES[name]
    assert names(readings, **seen) == [name]


@pytest.mark.parametrize("name", NOT_YET)
def test_an_alarm_does_not_come_at_its_bound(name: str) -> None:
    readings, seen = NOT_YET[name]
    assert names(readings, **seen) == []


@pytest.mark.parametrize("name", NOT_YET_DRIFTED)
def test_drift_is_no_alarm_at_its_bound(name: str) -> None:
    assert names(ring(gauges=FOLDED | NOT_YET_DRIFTED[name])) == []


def test_requests_that_fail_are_an_alarm() -> None:
    readings = Ring([Reading(0, gauges=FOLDED), Reading(5000, gauges=FOLDED, failed=1.0)])
    assert names(readings) == ["KeyartRequestsFail"]
    readings.add(Reading(400_000, gauges=FOLDED, failed=1.0))
    readings.add(Reading(405_000, gauges=FOLDED, failed=1.0))
    assert names(readings) == [], "it ends when none failed for five minutes"


def test_a_service_that_just_started_has_no_alarm() -> None:
    assert names(Ring([Reading(0)]), position=0) == []


def test_an_alarm_of_an_hour_ago_has_ended() -> None:
    readings = ring(HOUR, workers_replaced={"hung": 0.0})
    for minute in range(61):
        readings.add(
            Reading(
                1000 * (HOUR + 60 * (minute + 1)), {"keyart_workers_replaced_total": {"hung": 1.0}}, gauges=FOLDED
            )
        )
    assert names(readings) == []


def test_an_alarm_names_the_reason_of_most_fallbacks() -> None:
    [alarm] = alarms(ring(**BUSY, fallbacks={"timeout": 1.0, "log_full": 5000.0}), CALM)
    assert "'log_full'" in alarm.says
    assert "4.8 %" in alarm.says


def test_they_are_the_alerts_of_the_example() -> None:
    known = {*CASES, "KeyartRequestsFail"}
    assert known - HERE_ALONE == expressions().keys() - ELSEWHERE


@pytest.mark.parametrize(
    ("alert", "bound"),
    [
        ("KeyartFallbacks", subject.MOST_FALLBACKS),
        ("KeyartConnectionsCrowded", subject.MOST_CONNECTIONS_ENDED),
        ("KeyartLogFills", subject.MOST_OF_LOG),
        ("KeyartTrainerBehind", subject.MOST_BEHIND),
        ("KeyartLearnsNothing", subject.MANY_DECISIONS),
        ("KeyartCollapse", drift_alarms.COLLAPSED),
        ("KeyartCollapse", drift_alarms.STILL_WIDE),
        ("KeyartCollapse", drift_alarms.SETTLED),
        ("KeyartCollapse", drift_alarms.SETTLED_BEFORE),
        ("KeyartCollapse", drift_alarms.FALLEN),
        ("KeyartExploration", drift_alarms.LEAST_FLOOR),
        ("KeyartExploration", drift_alarms.EVEN),
        ("KeyartExploration", drift_alarms.EVEN_BEFORE),
        ("KeyartExploration", drift_alarms.TOO_MANY),
        ("KeyartExploration", drift_alarms.TOO_FEW),
        ("KeyartCalibration", drift_alarms.TOO_MANY),
        ("KeyartCalibration", drift_alarms.TOO_FEW),
        ("KeyartCandidateEnds", candidate_alarms.MOST_ENDED),
        ("KeyartDiskFills", subject.LEAST_DISK_FREE),
    ],
)
def test_the_bounds_are_those_of_the_example(alert: str, bound: float) -> None:
    assert bound in [float(number) for number in re.findall(r"[<>] ([\d.]+)", expressions()[alert])]


def test_each_remedy_leads_to_a_heading_of_the_page() -> None:
    anchors = {heading.anchor for heading in page("operations.md").headings}
    every = [alarm for readings, seen in CASES.values() for alarm in alarms(readings, replace(CALM, **seen))]
    assert {alarm.see for alarm in every} <= anchors
    assert all(alarm.says.endswith(".") and alarm.remedy.endswith(".") for alarm in every)
