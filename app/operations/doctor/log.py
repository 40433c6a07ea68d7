"""The log and the state as files and as records: whether they are whole, and kept as they should be."""

from collections.abc import Iterator

from app.data_folder import LOG
from app.operations.doctor.finding import Finding, every, finding, first, graded, size, span
from app.operations.doctor.folder import growth, left
from app.operations.doctor.observed import Observed
from app.settings import DAY_MS
from app.store.protocol import Examined, File

MUCH_PENDING = 64 << 20
TOO_MUCH_PENDING = 1 << 30
MUCH_FREE = 64 << 20
NEARLY = 0.8
SLACK_MS = DAY_MS
"""How far beyond retention the oldest record may be: trimming goes in steps, and waits for learning."""


def findings(seen: Observed) -> Iterator[Finding]:
    for met in seen.examined.later:
        yield finding("version-later", met=met)
    for file in seen.examined.files:
        if not file.later:
            yield from _file(file)
    if seen.examined.later:
        return
    if seen.failed:
        raise seen.failed
    if seen.usable(LOG):
        yield from _records(seen)


def _file(file: File) -> Iterator[Finding]:
    damage = "log-unusable" if file.name == LOG else "state-unusable"
    conditions = {damage: file.fault, "file-in-part": not file.complete, "file-whole": True}
    yield first(conditions, file=file, size=size(file.size), fault=(file.fault or "").rstrip("."))
    more = {"file-earlier": file.earlier and not file.fault, "wal-unread": file.unread}
    yield from every(more, file=file, pending=size(file.pending))
    if file.pending > MUCH_PENDING:
        too_much = file.pending > TOO_MUCH_PENDING
        yield graded("wal-pending", {"wrong": too_much, "note": True}, file=file, pending=size(file.pending))


def _records(seen: Observed) -> Iterator[Finding]:
    examined, settings, file = seen.examined, seen.settings, seen.examined.files[0]
    oldest = examined.oldest.stamp if examined.oldest else seen.head.stamp
    retention_ms = settings.retention_days * DAY_MS
    kept = "" if examined.records is None else f", of which {examined.records} are kept"
    yield first({"log-head": seen.head.position, "log-empty": True}, position=seen.head.position, kept=kept)
    yield from _gaps(examined)
    if examined.oldest:
        over = min(seen.head.stamp, seen.now, seen.trusted or seen.now)  # as the trainer counts it
        age = max(0, over - oldest)
        conditions = {"retention-over": age > retention_ms + SLACK_MS, "retention-fit": True}
        yield first(conditions, kept=span(age / 1000), days=settings.retention_days)
    yield from ceiling(file, settings.log_bytes)
    yield from unreturned(file)
    if examined.holds is not None and examined.profiles is not None:
        yield finding("holds", seen=examined)
    yield from growth(file.size, (seen.head.stamp - oldest) / 1000, retention_ms / 1000, left(settings.data))


def _gaps(examined: Examined) -> Iterator[Finding]:
    missing = 0
    if examined.records is not None and examined.oldest:
        missing = examined.head - examined.oldest.position + 1 - examined.records
    # RULES from before the oldest record may be among those that are kept
    conditions = {"positions-beyond": examined.reached > examined.head, "positions-missing": missing > 1}
    yield from every(conditions, seen=examined, missing=missing)


def ceiling(file: File, most: int) -> Iterator[Finding]:
    used = file.size - file.free + file.pending
    if most and used >= NEARLY * most:
        yield first({"log-size-full": used >= most, "log-size-near": True}, used=size(used), most=size(most))


def unreturned(file: File) -> Iterator[Finding]:
    """Find room that a file of an earlier version does not give back."""
    if file.free > max(MUCH_FREE, file.size // 4) and not file.shrinks:
        yield finding("log-size-free", file=file, free=size(file.free))
