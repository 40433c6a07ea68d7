"""The conditions on a database's files before SQLite opens them."""

import time
from pathlib import Path

from app.store.protocol import UnusableStoreError

LOOKS, PAUSE_SECONDS = 3, 0.05
"""The number of looks at the files, and the pause between them, in which another program may finish opening."""


def clear_remains(path: Path) -> None:
    """Delete the write-ahead log of a deleted database, because SQLite would use its index for the new one."""
    if not path.exists():
        for part in (_part(path, "-wal"), _part(path, "-shm")):
            part.unlink(missing_ok=True)


def demand_log(log: Path, state: Path) -> None:
    """Raise `UnusableStoreError` if a new log would take the place of one that was there."""
    if log.exists():
        return
    left = [each.name for each in (state, _part(log, "-wal")) if each.exists()]
    if left:
        raise UnusableStoreError(
            f"There is no {log.name} in {log.parent.resolve()}, but {' and '.join(left)} of a log that is gone: "
            "replace the data folder with a backup (docs/operations.md, Backup and restore). To begin without the "
            f"lost records, move {' and '.join(left)} away."
        )


def demand_whole(path: Path) -> None:
    """Raise `UnusableStoreError` if the write-ahead log was deleted, but not its index.

    SQLite makes the write-ahead log before its index, and deletes it after it. Either other processes have the
    deleted one open, and a new one would damage their work; or they were killed, and its data are lost.
    """
    for look in range(LOOKS):
        if _part(path, "-wal").exists() or not _part(path, "-shm").exists():
            return
        if look < LOOKS - 1:
            time.sleep(PAUSE_SECONDS)
    wal, shm = _part(path, "-wal"), _part(path, "-shm")
    raise UnusableStoreError(
        f"{wal} was deleted or moved away, but not {shm.name}. If a service runs, stop it, which saves the data "
        f"of the file, and start it again. If none runs, put {wal.name} or a backup back; to go on without its "
        f"records, delete {shm.name}."
    )


def _part(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
