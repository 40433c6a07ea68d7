"""The used passes, in memory."""

from collections.abc import Callable

from app.store.protocol import (
    SPENT_MS,
)


class MemoryPasses:
    def __init__(self, clock: Callable[[], int]):
        self._clock = clock
        self._spent: dict[str, int] = {}

    async def spend(self, name: str, until: int) -> bool:
        self._spent = {each: end for each, end in self._spent.items() if end + SPENT_MS > self._clock()}
        if name in self._spent:
            return False
        self._spent[name] = until
        return True

    async def spent(self, name: str) -> bool:
        return name in self._spent
