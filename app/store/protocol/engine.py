"""A store as a whole: its log, its state, and the engine that opens it."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from app.store.protocol.decisions import Decisions
from app.store.protocol.drift import StoredDrift
from app.store.protocol.edits import Edits
from app.store.protocol.examined import Examined
from app.store.protocol.lease import Leases
from app.store.protocol.lift import StoredLift
from app.store.protocol.passes import Passes
from app.store.protocol.profiles import Profiles
from app.store.protocol.progress import Commits
from app.store.protocol.records import Records
from app.store.protocol.series import StoredSeries
from app.store.protocol.snapshots import Snapshots
from app.store.protocol.totals import StoredTotals


class SharedSettings(Protocol):
    """Values under names, such as keys and the name of the current catalogue."""

    async def setting(self, name: str) -> bytes | None: ...

    async def make_setting(self, name: str, value: bytes) -> bytes:
        """Store `value` unless there is one, and return the one that is stored: every process gets the same."""

    async def swap_setting(self, name: str, expected: bytes | None, value: bytes) -> bool:
        """Replace a setting if it is still `expected`."""


class Log(Records, Decisions, Profiles, SharedSettings, Protocol):
    """The event log with the data that must be consistent with it: holds, exposures, profiles, settings.

    Every method that writes is one transaction: when it returns, its data survive the death of the process. If it
    cannot begin within seconds, it raises `StoreTimeoutError`. If the disk refuses, it raises
    `UnwritableStoreError`, except `log_decisions` and `log_exposure`. Neither has written anything. Each, and
    `holds`, may raise `LostStoreError`: the data may be written, but to a lost file.
    """

    async def check(self) -> None:
        """Raise `LostStoreError` if new data would be lost. Services call this four times a second."""

    async def wipe(self) -> bool:
        """Remove deleted and replaced data from all files; return False if other processes are busy: try again."""


class State(Leases, Commits, Snapshots, StoredTotals, StoredSeries, StoredDrift, StoredLift, Protocol):
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


class Store(Protocol):
    @property
    def edits(self) -> Edits: ...

    @property
    def passes(self) -> Passes: ...

    @property
    def log(self) -> Log: ...

    @property
    def state(self) -> State: ...

    async def close(self) -> None: ...


class Engine(Protocol):
    """A kind of store. The wiring picks one; all other code gets the store that it opens."""

    def demand_known(self, *, scan: bool = True) -> None:
        """Raise `UnknownVersionError` if a later version wrote into the store; nothing is changed.

        Without `scan`, the check leaves out records of a later version, which a fold of the log meets.
        """

    def open(
        self,
        clock: Callable[[], int],
        passing: Callable[[], int] | None = None,
        *,
        read_only: bool = False,
        scan: bool = True,
    ) -> Store:
        """Open the store, and bring the files of an earlier version to this version.

        A store that is `read_only` changes no file and makes no file. Raises `UnusableStoreError`, and the errors
        of `demand_known` before anything is changed.
        """

    def examine(self, *, seconds: float) -> Examined:
        """Look through the store's files, each for about so long; nothing is changed."""

    def size(self) -> int:
        """Return how many bytes a copy takes, at most; 0 if there is no store."""

    def back_up(self, target: Path, progress: Callable[[int, int], object]) -> int:
        """Copy a store that may be in use into a folder, and return the last position of the log's copy."""

    def fault(self, error: BaseException) -> str | None:
        """Return the fault of the store in a sentence; None if the error has another cause."""
