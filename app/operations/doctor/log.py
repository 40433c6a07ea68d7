"""The log and the state as files and as records: whether they are whole, and kept as they should be."""

from collections.abc import Iterator

from app.data_folder import LOG, STATE
from app.operations.doctor.finding import Finding, note, ok, size, span, wrong
from app.settings import DAY_MS, Settings
from app.store.protocol import Examined, File, Head

MUCH_PENDING = 64 << 20
TOO_MUCH_PENDING = 1 << 30
MUCH_FREE = 64 << 20
NEARLY = 0.8
SLACK_MS = DAY_MS
"""How far beyond retention the oldest record may be: trimming goes in steps, and after what was learned."""

REMEDIES = {
    LOG: "Stop the service and put a backup in its place (docs/operations.md); without one, "
    f"`sqlite3 {LOG} .recover` saves what can be.",
    STATE: f"Stop the service, move {STATE} with its -wal and -shm away, and start: "
    "the trainer makes it anew from the log.",
}


def of_files(examined: Examined) -> Iterator[Finding]:
    for file in examined.files:
        yield _whole(file)
        yield from _earlier(file)
        yield from _pending(file)


def _whole(file: File) -> Finding:
    if file.fault:
        return wrong(file.name, f"{file.name} can't be used: {file.fault.rstrip('.')}.", REMEDIES[file.name])
    if not file.complete:
        return note(
            file.name,
            f"{file.name} ({size(file.size)}) was looked through in part, and no damage was met.",
            "Run `keyart doctor --thorough` at a quiet hour to look through all of it.",
        )
    return ok(file.name, f"{file.name} ({size(file.size)}) is whole.")


def _earlier(file: File) -> Iterator[Finding]:
    if file.earlier and not file.fault:
        yield note(
            file.name,
            f"{file.name} was made by an earlier version of Keyart.",
            "Nothing needs doing: the next start adds what it lacks.",
        )


def _pending(file: File) -> Iterator[Finding]:
    about = f"{file.name}-wal"
    if file.unread:
        yield note(
            about,
            f"{about} lacks its index, so that {size(file.pending)} of the latest records were not looked at.",
            "Start the service once, which takes them in.",
        )
    if file.pending > MUCH_PENDING:
        weight = wrong if file.pending > TOO_MUCH_PENDING else note
        yield weight(
            about,
            f"{size(file.pending)} wait to be folded back into {file.name}: something reads an old state of it.",
            "End what has the file open for long (`lsof` shows it): a copy, a query, a backup that hangs.",
        )


def findings(examined: Examined, head: Head, settings: Settings, over: int) -> Iterator[Finding]:
    """Judge the records; `over` is the moment by which old ones are deleted."""
    yield _head(examined, head)
    yield from _gaps(examined)
    yield from _retention(examined, over, settings)
    yield from _ceiling(examined.files[0], settings.log_bytes)
    yield from _room(examined.files[0])
    if examined.holds is not None and examined.profiles is not None:
        yield ok("holds", f"{examined.holds} holds, {examined.profiles} profiles with attributes.")


def _head(examined: Examined, head: Head) -> Finding:
    if not head.position:
        return note("log", "The log is empty.", "Ask for a picture: GET /artwork.")
    records = "" if examined.records is None else f", of which {examined.records} are kept"
    return ok("log", f"The log's last position is {head.position}{records}.")


def _gaps(examined: Examined) -> Iterator[Finding]:
    if examined.reached > examined.head:
        yield wrong(
            "positions",
            f"The state has learned up to position {examined.reached}, and the log ends at {examined.head}: "
            "a power cut took its end, or it is another log's state.",
            "After a power cut just start: positions go on beyond. Else bring both files back from one backup.",
        )
    if examined.records is None or examined.oldest is None:
        return
    missing = examined.head - examined.oldest.position + 1 - examined.records
    if missing > 1:  # RULES from before the oldest record may be among those that are kept
        yield note(
            "positions",
            f"{missing} positions between {examined.oldest.position} and {examined.head} have no record: "
            "at a time the log lost its end, and went on beyond.",
            "Nothing needs doing; feedback on what was lost is told so. KEYART_SYNC=full survives power cuts.",
        )


def _retention(examined: Examined, over: int, settings: Settings) -> Iterator[Finding]:
    if examined.oldest is None:
        return
    kept = max(0, over - examined.oldest.stamp)
    allowed = settings.retention_days * DAY_MS
    if kept > allowed + SLACK_MS:
        yield wrong(
            "retention",
            f"The log goes back {span(kept / 1000)}, and {settings.retention_days:g} days are to be kept.",
            "Look whether a trainer runs: it is what deletes old records.",
        )
    else:
        yield ok("retention", f"The log goes back {span(kept / 1000)}; {settings.retention_days:g} days are kept.")


def _ceiling(file: File, most: int) -> Iterator[Finding]:
    used = file.size - file.free + file.pending
    sentence = f"The log takes {size(used)}, and KEYART_LOG_BYTES allows {size(most)}."
    remedy = "Raise KEYART_LOG_BYTES, or shorten KEYART_RETENTION_DAYS; look who asks for so many pictures."
    if most and used >= most:
        yield wrong("log size", f"{sentence} Nothing is logged, and everyone gets default pictures.", remedy)
    elif most and used >= NEARLY * most:
        yield note("log size", f"{sentence} Beyond that everyone gets default pictures.", remedy)


def _room(file: File) -> Iterator[Finding]:
    if file.free > max(MUCH_FREE, file.size // 4) and not file.shrinks:
        yield note(
            "log size",
            f"{size(file.free)} of {file.name} are free, and an earlier version made the file, which gives "
            "nothing back by itself.",
            "If the disk needs it, stop the service and run once: "
            f"`sqlite3 {LOG} 'PRAGMA auto_vacuum=INCREMENTAL; VACUUM'`, with as much room beside it.",
        )
