"""Alarms: what an operator should know now, each with its remedy. docs/examples/alerts.yml has the same bounds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from app.interventions import NONE, Given, Interventions, Quarantine
from app.operations.alarm import Alarm
from app.operations.candidate_alarms import candidate_alarms
from app.operations.candidate_standing import Standing
from app.operations.drift_alarms import drift_alarms
from app.operations.ring import EVERY_SECONDS, HOUR, Ring
from app.store.protocol import Size

RECENTLY: Final = 300
"""Seconds over which shares and rates are taken."""
MOST_FALLBACKS = 0.01
MOST_CONNECTIONS_ENDED = 0.1
MOST_OF_LOG = 0.8
LEAST_DISK_FREE = 0.2
MOST_BEHIND = 10_000
MANY_DECISIONS = 1000
LONG_ENOUGH: Final = 1200
"""Seconds of readings before "nothing is learned" is an alarm; the reward window comes on top."""
CALM_SECONDS: Final = 60
OLD_SNAPSHOT: Final = 300
MOST_ENDED = 2
"""Workers that may end within an hour before it is an alarm."""
CROWDED = ("evicted", "refused", "hoarding", "unread")
CONNECTIONS, FALLBACKS, DISK, LOST, TRAINER, LEARNING, STOP = (
    "connections",
    "pictures-are-fallbacks",
    "locks-and-the-disk",
    "files-that-are-gone",
    "trainer-and-processes",
    "learning-and-the-report",
    "how-to-stop-it",
)
"""Headings of docs/operations.md."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The state of the service beside its metrics. `waits_for`, `lost` and `no_trainer` are sentences, or empty.

    `free` is the part of the data folder's disk that is free. The orders of operators are `in_force`. The latest
    quarantine that has not ended, or is still folded out, is `quarantine`.
    """

    position: int
    size: Size
    window_seconds: float
    waits_for: str = ""
    lost: str = ""
    no_trainer: str = ""
    free: float = 1.0
    in_force: Interventions = NONE
    quarantine: Quarantine | None = None
    candidate: Standing | None = None


def alarms(ring: Ring, seen: Seen) -> list[Alarm]:
    """Return the alarms of this moment, those first that cost viewers most."""
    return [
        *_of_service(seen),
        *_of_interventions(seen),
        *_of_pictures(ring),
        *_of_learning(ring, seen),
        *drift_alarms(ring.last(0).last.gauges),
        *candidate_alarms(seen.candidate, _lately(ring, "keyart_candidate_ended_total")),
        *_of_processes(ring),
        *_of_room(seen),
    ]


def _of_service(seen: Seen) -> Iterator[Alarm]:
    if seen.waits_for:
        yield Alarm(
            "KeyartNotReady",
            seen.waits_for,
            "Wait some seconds. If it stays so, import a catalogue, and look for a trainer.",
            "it-does-not-start",
        )
    if seen.lost:
        yield Alarm("KeyartStoreLost", seen.lost, "Do as the sentence says.", LOST)


def _of_interventions(seen: Seen) -> Iterator[Alarm]:
    """Remind of orders that are still in force, because nobody else does."""
    in_force = seen.in_force
    if in_force.serving_default:
        yield Alarm(
            "KeyartServingDefault",
            f"Everyone gets default pictures, as ordered{_by(in_force.serving_default)}.",
            "When the cause is gone, run `keyart serving policy`.",
            STOP,
        )
    if in_force.frozen:
        yield Alarm(
            "KeyartModelFrozen",
            f"The learner is frozen, as ordered{_by(in_force.frozen)}.",
            "When the cause is gone, run `keyart models thaw`. Nothing is learned from the events until then.",
            STOP,
        )
    if in_force.learning_paused:
        yield Alarm(
            "KeyartLearningPaused",
            f"Learning is paused, as ordered{_by(in_force.learning_paused)}.",
            "When the cause is gone, run `keyart learning resume`. No event of the pause is lost.",
            STOP,
        )
    if seen.quarantine:
        yield Alarm(
            "KeyartQuarantine",
            f"A quarantine is at work, as ordered{_by(seen.quarantine.given)}: it has not ended, or is still "
            "folded out.",
            "Wait until it ends. `keyart quarantine` lists all of them, and lifts one.",
            STOP,
        )


def _by(given: Given) -> str:
    at = datetime.fromtimestamp(given.stamp / 1000, UTC)
    return f" at {at:%Y-%m-%d %H:%M} UTC by {given.role} ({given.name}){f': {given.why}' if given.why else ''}"


def _of_pictures(ring: Ring) -> Iterator[Alarm]:
    span = ring.last(RECENTLY)
    share = span.fallback_share
    if share is not None and share > MOST_FALLBACKS:
        counted = span.last.counts.get("keyart_fallbacks_total", {})
        reason = max(counted, key=lambda each: span.increase("keyart_fallbacks_total", each))
        yield Alarm(
            "KeyartFallbacks",
            f"{_percent(share)} of the pictures of the last 5 minutes are fallbacks, most of them by {reason!r}.",
            "Do what the table says of this reason.",
            FALLBACKS,
        )
    if span.failed:
        yield Alarm(
            "KeyartRequestsFail",
            f"{span.failed:.0f} requests of the last 5 minutes failed because of the service.",
            "Look for request_failed and store_unwritable in the service's log lines.",
            "log-lines",
        )


def _of_learning(ring: Ring, seen: Seen) -> Iterator[Alarm]:
    hour, recent = ring.last(HOUR), ring.last(RECENTLY)
    behind = seen.position - recent.last.gauges.get("keyart_trainer_position", 0.0)
    if seen.no_trainer:
        yield Alarm(
            "KeyartNoTrainer", seen.no_trainer, "Start a trainer. Viewers get pictures meanwhile.", TRAINER
        )
    elif behind > MOST_BEHIND:
        yield Alarm(
            "KeyartTrainerBehind",
            f"The trainer is {behind:,.0f} records behind.",
            "If it does not catch up, look at its last log lines.",
            TRAINER,
        )
    if refused := _lately(ring, "keyart_snapshots_refused_total"):
        yield Alarm(
            "KeyartSnapshotRefused",
            f"Snapshots that the trainer did not publish, because they would not load: {refused:.0f}.",
            "The last good snapshot serves. Look at snapshot_refused in the log lines.",
            TRAINER,
        )
    if _is_old(ring):
        age = recent.last.gauges["keyart_snapshot_age_seconds"]
        yield Alarm(
            "KeyartSnapshotOld",
            f"The snapshot in use is {age:,.0f} seconds old, although the trainer has learned since.",
            "Look for snapshot_refused and refresh_failed in the log lines of workers and trainer.",
            TRAINER,
        )
    if _learns_nothing(ring, seen):
        decisions = hour.increase("keyart_decisions_total")
        yield Alarm(
            "KeyartLearnsNothing",
            f"There were {decisions:,.0f} decisions in the last hour, and nothing was learned from them.",
            "Check that the pages send impressions and clicks.",
            LEARNING,
        )


def _is_old(ring: Ring) -> bool:
    """Whether weights exist that are not in use: an old snapshot alone only says that nobody came."""
    learned = ring.last(OLD_SNAPSHOT), ring.last(CALM_SECONDS)
    before = learned[1].first.count("keyart_examples_total", "learned")
    rose = before - learned[0].first.count("keyart_examples_total", "learned")
    return rose > 0 and learned[0].last.gauges.get("keyart_snapshot_age_seconds", 0.0) > OLD_SNAPSHOT


def _learns_nothing(ring: Ring, seen: Seen) -> bool:
    hour = ring.last(HOUR)
    return (
        hour.seconds >= LONG_ENOUGH + min(seen.window_seconds, HOUR - LONG_ENOUGH)
        and hour.increase("keyart_decisions_total") > MANY_DECISIONS
        and not hour.increase("keyart_examples_total", "learned")
    )


def _of_processes(ring: Ring) -> Iterator[Alarm]:
    hung, ended = (_lately(ring, "keyart_workers_replaced_total", cause) for cause in ("hung", "ended"))
    if hung:
        yield Alarm(
            "KeyartWorkerHung",
            f"Workers that hung and were replaced: {hung:.0f}.",
            "Look for hung in the log lines, and at the lines before it.",
            TRAINER,
        )
    if ended > MOST_ENDED:
        yield Alarm(
            "KeyartWorkersEnd",
            f"Workers that ended and were replaced: {ended:.0f}.",
            "Look for ended in the log lines; its status gives the cause.",
            TRAINER,
        )
    recent = ring.last(RECENTLY)
    if recent.rate("keyart_connections_ended_total", *CROWDED) > MOST_CONNECTIONS_ENDED:
        yield Alarm(
            "KeyartConnectionsCrowded",
            "Connections are ended because there are too many, or because they hold too much memory.",
            "Put a proxy in front, or run more workers.",
            CONNECTIONS,
        )


def _lately(ring: Ring, name: str, *values: str) -> float:
    """Return the rise of a rare counter within the hour.

    Before the ring is full, it is the count since the service started: a worker that replaces another one has no
    reading from before.
    """
    hour = ring.last(HOUR)
    full = hour.seconds >= HOUR - EVERY_SECONDS
    return hour.increase(name, *values) if full else hour.last.count(name, *values)


def _of_room(seen: Seen) -> Iterator[Alarm]:
    size = seen.size
    if size.most and size.used > MOST_OF_LOG * size.most:
        yield Alarm(
            "KeyartLogFills",
            f"The log takes {size.used / 1e6:,.0f} MB of {size.most / 1e6:,.0f} MB. At the limit everyone gets "
            "default pictures.",
            "Raise KEYART_LOG_BYTES, or shorten KEYART_RETENTION_DAYS.",
            DISK,
        )
    if seen.free < LEAST_DISK_FREE:
        yield Alarm(
            "KeyartDiskFills",
            f"{_percent(seen.free)} of the disk of the data folder is free.",
            "Make room, or take a larger disk.",
            DISK,
        )


def _percent(part: float) -> str:
    return f"{100 * part:.1f} %"
