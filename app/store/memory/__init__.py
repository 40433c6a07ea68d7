"""A store in memory: for trials in one process, and for folding the log from the beginning."""

from collections.abc import Callable

from app.store.memory.edits import MemoryEdits
from app.store.memory.log import MemoryLog
from app.store.memory.passes import MemoryPasses
from app.store.memory.state import MemoryState


class MemoryStore:
    def __init__(self, clock: Callable[[], int], passing: Callable[[], int] | None = None):
        self.log = MemoryLog(clock, passing)
        self.edits = MemoryEdits(self.log, clock)
        self.passes = MemoryPasses(clock)
        self.state = MemoryState(clock)

    async def close(self) -> None:
        """Nothing to close."""
