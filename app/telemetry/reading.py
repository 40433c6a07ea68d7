"""A reading: the service's metrics at one moment, as numbers that can be compared with those of another."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from prometheus_client import Metric
from prometheus_client.registry import REGISTRY

from app.telemetry.metric_files import FOLDER
from app.telemetry.metrics import DRIFT, Everyone

CHOOSING: Final = "/artwork"
"""The route whose times are read: all others are rare, or wait for nobody."""
ASKED_BY_MACHINES: Final = "/readyz"
"""Its 503 is an answer, not a failure."""
SERVER_FAULT: Final = "5"
GREATEST: Final = frozenset(
    {"keyart_snapshot_age_seconds", "keyart_trainer_position", "keyart_open_windows", "keyart_exploration_floor"}
)
FEEDBACK, RECORDED = "keyart_feedback_total", "recorded"
COUNTED: Final = {
    "keyart_decisions_total": "group",
    "keyart_fallbacks_total": "reason",
    "keyart_connections_ended_total": "reason",
    "keyart_workers_replaced_total": "cause",
    "keyart_examples_total": "outcome",
    "keyart_snapshots_refused_total": "",
    FEEDBACK: "kind",
}
"""Counters, with the label by which each is kept. Feedback that was not recorded does not count."""
_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Reading:
    """Sums over all processes since the service started. `at` is in Unix milliseconds.

    `counts` has, by a counter's name, the count of each value of its label. `seconds` is the histogram of the time
    to choose. It has the number of answers within each bound.
    """

    at: int
    counts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    seconds: Mapping[float, float] = field(default_factory=dict)
    gauges: Mapping[str, float] = field(default_factory=dict)
    failed: float = 0.0

    def count(self, name: str, *values: str) -> float:
        """Return a counter's sum over these values of its label, or over all of them."""
        counted = self.counts.get(name, {})
        return sum((counted.get(value, 0.0) for value in values) if values else counted.values())


def read(at: int) -> Reading:
    """Read the metrics of all processes, as `GET /metrics` does."""
    return reading_of(_metrics(), at)


def reading_of(metrics: Iterable[Metric], at: int) -> Reading:
    counts: dict[str, dict[str, float]] = {}
    seconds: dict[float, float] = {}
    gauges: dict[str, float] = {}
    failed = 0.0
    for name, labels, value, *_ in (sample for metric in metrics for sample in metric.samples):
        if name in COUNTED:
            if labels.get("outcome", RECORDED) == RECORDED or name != FEEDBACK:
                _add(counts.setdefault(name, {}), labels.get(COUNTED[name], ""), value)
        elif name in GREATEST:
            gauges[name] = value
        elif name in DRIFT:
            gauges[" ".join([name, *(labels[label] for label in sorted(labels))])] = value
        elif name == "keyart_request_seconds_bucket" and labels["route"] == CHOOSING:
            _add(seconds, float(labels["le"]), value)
        elif name == "keyart_request_seconds_count" and _is_failure(labels):
            failed += value
    return Reading(at, counts, seconds, gauges, failed)


def _add(sums: dict[_Key, float], key: _Key, value: float) -> None:
    sums[key] = sums.get(key, 0.0) + value


def _is_failure(labels: Mapping[str, str]) -> bool:
    return labels["status"].startswith(SERVER_FAULT) and labels["route"] != ASKED_BY_MACHINES


def _metrics() -> Iterable[Metric]:
    folder = os.environ.get(FOLDER)
    source: Any = Everyone(Path(folder)) if folder else REGISTRY
    found: Iterable[Metric] = source.collect()
    return found
