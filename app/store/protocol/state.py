"""The trainer's state."""

from typing import Protocol

from app.store.protocol.lease import Leases
from app.store.protocol.progress import Commits
from app.store.protocol.snapshots import Snapshots
from app.store.protocol.totals import StoredTotals


class State(Leases, Commits, Snapshots, StoredTotals, Protocol):
    """The data that only the trainer writes and everybody reads. All of it is a fold over the log.

    It can be made again. Candidate snapshots are the exception: a rebuild adds them beside a trainer, because
    nothing depends on them.

    Methods that write raise `StoreTimeoutError`, `UnwritableStoreError` and `LostStoreError` as the log does.
    """

    async def check(self) -> None:
        """Check as the log does; but a state that was deleted, or replaced by another, is opened again.

        All of it can be made again from the log, so that a reader continues with the present file.
        """

    async def wipe(self) -> bool:
        """Wipe the files of the state as the log's `wipe` does."""
