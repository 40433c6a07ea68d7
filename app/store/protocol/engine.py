"""A store as a whole, and the engine that opens it."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from app.store.protocol.edits import Edits
from app.store.protocol.examined import Examined
from app.store.protocol.log import Log
from app.store.protocol.passes import Passes
from app.store.protocol.state import State


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
