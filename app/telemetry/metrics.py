"""The service's metrics, summed over all its processes."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache, partial
from math import nan
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

from app.telemetry.metric_files import FOLDER, files_beside, reserve

if FOLDER in os.environ:
    reserve(Path(os.environ[FOLDER]))  # here, because the lines below open the files

TRIES = 3
"""Attempts to read the files of all processes, because one may be deleted meanwhile."""

FAST = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.025, 0.05, 0.1, 0.25, 1.0)

_greatest = partial(Gauge, multiprocess_mode="livemax")
"""A gauge that is the greatest value of all processes."""


def _latest(name: str, says: str, *labels: str) -> Gauge:
    """Return a gauge with the value of the process that set it last. Labels are in the order of their names."""
    return Gauge(name, says, labels, multiprocess_mode="livemostrecent")


DECISIONS = Counter("keyart_decisions", "Pictures chosen, by group and outcome", ["group", "outcome"])
FALLBACKS = Counter("keyart_fallbacks", "Default pictures served instead of a decision", ["reason"])
FEEDBACK = Counter("keyart_feedback", "Impressions, clicks and plays received", ["kind", "outcome"])
UPLOADS = Counter("keyart_uploads", "Pictures uploaded, by outcome", ["outcome"])
REQUEST_SECONDS = Histogram(
    "keyart_request_seconds", "Time to answer, by route and status", ["route", "status"], buckets=FAST
)
CONNECTIONS = Gauge("keyart_connections", "Open connections", multiprocess_mode="livesum")
CONNECTIONS_ENDED = Counter("keyart_connections_ended", "Connections ended by the service, by reason", ["reason"])
WORKERS_REPLACED = Counter("keyart_workers_replaced", "Workers started to replace others, by cause", ["cause"])
SNAPSHOT_LOAD = Histogram(
    "keyart_snapshot_load_seconds", "Time for which a worker paused to load weights", buckets=FAST
)
SNAPSHOT_AGE = _greatest("keyart_snapshot_age_seconds", "Age of the snapshot in use")
LOG_POSITION = _greatest("keyart_log_position", "Position of the last record")
TRAINER_POSITION = _greatest("keyart_trainer_position", "Position folded so far")
TRAINER_LAG = _greatest("keyart_trainer_lag_records", "Records not folded yet")
TRAINER_LAG_SECONDS = _greatest("keyart_trainer_lag_seconds", "Log time not folded yet")
STORE_LOST = _greatest("keyart_store_lost", "1 while a file of the store is deleted or replaced")
LOG_BYTES = _greatest("keyart_log_bytes", "Bytes that the log uses on its disk")
LOG_BYTES_MOST = _greatest("keyart_log_bytes_most", "Bytes that the log may use; 0 means no limit")
LEARNING_PAUSED = _greatest("keyart_learning_paused", "1 while learning is paused by an order")
MODEL_FROZEN = _greatest("keyart_model_frozen", "1 while the learner is frozen by an order")
QUARANTINES = _greatest("keyart_quarantines", "Quarantines in force by orders")
QUARANTINE_AT_WORK = _greatest(
    "keyart_quarantine_at_work", "1 while a quarantine has not ended, or is still folded out"
)
SERVING_DEFAULT = _greatest("keyart_serving_default", "1 while everyone gets default pictures by an order")
EXPLORATION_FLOOR = _greatest(
    "keyart_exploration_floor", "Part of each choice that is left to chance, by the settings"
)
SHOWN_ENTROPY = _latest("keyart_shown_entropy", "Entropy of the shown pictures, as a part of the greatest", "span")
COLLAPSED_SHARE = _latest("keyart_collapsed_share", "Part of the showings that is of collapsed titles")
SETTLED_SHARE = _latest(
    "keyart_settled_share", "Part of the draws in which all pictures but one had the least probability", "span"
)
EVEN_SHARE = _latest("keyart_even_share", "Part of the choice that all pictures had alike", "span")
FORCED_SHARE = _latest("keyart_forced_share", "Part of the draws that took the least probability", "share")
FORCED_RATIO = _latest("keyart_forced_ratio", "Draws of the least probability, by the expected number", "bound")
GAP = _latest(
    "keyart_gap", "Reward of a showing to personalized viewers, less a control's", "bound", "control", "span"
)
CALIBRATION = _latest("keyart_calibration", "Rewards of learned examples, by the predicted rewards", "bound")
CANDIDATE = _latest("keyart_candidate", "1 for the condition that the candidate learner is in", "condition")
CANDIDATE_LAG = _latest("keyart_candidate_lag_records", "Records that the candidate learner has not learned")
CANDIDATE_LAG_SECONDS = _latest(
    "keyart_candidate_lag_seconds", "Age of the first record that the candidate learner has not learned"
)
CANDIDATE_DIFFERENCE = _latest(
    "keyart_candidate_difference", "Reward of a decision by the candidate learner, less the incumbent's", "bound"
)
CANDIDATE_ENDED = Counter("keyart_candidate_ended", "Processes of the candidate learner that ended too early")
OPEN_WINDOWS = _greatest("keyart_open_windows", "Exposures whose reward is still open")
EXAMPLES = Counter("keyart_examples", "Closed exposures, by whether they were learned and why not", ["outcome"])
REWARDS = Counter("keyart_rewards", "Clicks and plays, by whether their window was still open", ["timing"])
SNAPSHOTS_REFUSED = Counter("keyart_snapshots_refused", "Snapshots not published because they do not load")

# At 0 from the start, in every process: an alert cannot see the rise of a new series, and an ended trainer's
# counts would take their series away.
for _reason in ("no_model", "timeout", "outrun", "error", "lost", "log_full", "over_allowance", "switched_off"):
    FALLBACKS.labels(_reason)
for _outcome in ("learned", "capped", "strangers", "refused", "quarantined"):
    EXAMPLES.labels(_outcome)
for _timing in ("on_time", "late"):
    REWARDS.labels(_timing)
for _reason in (
    "evicted", "refused", "slow_head", "slow_body", "unread", "hoarding", "oversized", "pipelined", "malformed",
):  # fmt: skip
    CONNECTIONS_ENDED.labels(_reason)
for _cause in ("ended", "hung"):
    WORKERS_REPLACED.labels(_cause)
DECISIONS.labels("personalized", "drawn")
for _gauge in (SERVING_DEFAULT, LEARNING_PAUSED, MODEL_FROZEN, QUARANTINES, QUARANTINE_AT_WORK):
    _gauge.set(0)


DRIFT = {
    "keyart_shown_entropy": SHOWN_ENTROPY,
    "keyart_collapsed_share": COLLAPSED_SHARE,
    "keyart_settled_share": SETTLED_SHARE,
    "keyart_even_share": EVEN_SHARE,
    "keyart_forced_share": FORCED_SHARE,
    "keyart_forced_ratio": FORCED_RATIO,
    "keyart_gap": GAP,
    "keyart_calibration": CALIBRATION,
}
"""The signs of drift, by their metrics' names."""


def show_drift(signs: Mapping[tuple[str, ...], float], shown: Iterable[tuple[str, ...]] = ()) -> None:
    """Show signs, each by its metric and labels, and NaN for those that were `shown` before and are missing."""
    for sign in {*signs, *shown}:
        name, *labels = sign
        (DRIFT[name].labels(*labels) if labels else DRIFT[name]).set(signs.get(sign, nan))


@cache
def decided(group: str | None, outcome: str) -> Counter:
    """Return the counter of one kind of decision, kept because looking up labels costs more than counting."""
    return DECISIONS.labels(group or "anonymous", outcome)


@cache
def answer_seconds(route: str, status: int) -> Histogram:
    return REQUEST_SECONDS.labels(route, status)


def count_learning(
    *, examples: int, capped: int, strangers: int, refused: int, quarantined: int, on_time: int, late: int
) -> None:
    EXAMPLES.labels("learned").inc(examples)
    EXAMPLES.labels("capped").inc(capped)
    EXAMPLES.labels("strangers").inc(strangers)
    EXAMPLES.labels("refused").inc(refused)
    EXAMPLES.labels("quarantined").inc(quarantined)
    REWARDS.labels("on_time").inc(on_time)
    REWARDS.labels("late").inc(late)


class Everyone(Collector):
    """Sums the metrics of all processes of a service, and of the separate trainers beside it."""

    def __init__(self, folder: Path):
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        for _ in range(TRIES - 1):
            with suppress(FileNotFoundError):  # a starting trainer deletes the files of the last one
                return self._merged()
        return self._merged()

    def _merged(self) -> Iterable[Metric]:
        merged: Iterable[Metric] = MultiProcessCollector.merge(files_beside(self._folder))  # type: ignore[no-untyped-call]
        return merged


def exposition() -> bytes:
    registry: Any = REGISTRY
    if folder := os.environ.get(FOLDER):
        registry = CollectorRegistry()
        registry.register(Everyone(Path(folder)))
    return generate_latest(registry)
