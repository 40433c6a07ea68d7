"""A store in memory, for tests that need no files; it passes the contract suite as the others do."""

from collections.abc import Callable

from tests.memory.edits import MemoryEdits
from tests.memory.log import MemoryLog
from tests.memory.passes import MemoryPasses
from tests.memory.state import MemoryState


class MemoryStore:
    def __init__(self, clock: Callable[[], int], passing: Callable[[], int] | None = None):
        self.log = MemoryLog(clock, passing)
        self.edits = MemoryEdits(self.log, clock)
        self.passes = MemoryPasses(clock)
        self.state = MemoryState(clock)

    async def close(self) -> None:
        """Nothing to close."""
