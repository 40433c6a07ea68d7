"""The trainer's state."""

from typing import Protocol

from app.store.protocol.lease import Leases
from app.store.protocol.progress import Commits
from app.store.protocol.snapshots import Snapshots
from app.store.protocol.totals import CountedTotals


class State(Leases, Commits, Snapshots, CountedTotals, Protocol):
    """What the trainer alone writes and everybody reads. All of it is a fold over the log and can be made anew.

    Candidate snapshots are the exception: a rebuild adds them beside a trainer, for nothing hangs on them.

    What writes raises `StoreTimeoutError`, `UnwritableStoreError` and `LostStoreError` as the log does.
    """

    async def check(self) -> None:
        """Do what the log's does; but a state that is gone, or was replaced by another, is opened anew.

        All of it can be made again from the log, so that who only reads goes on with what stands there now.
        """

    async def wipe(self) -> bool:
        """Do what the log's does."""
