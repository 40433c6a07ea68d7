"""Places that all processes of a service share, each a locked file: a lock goes with the process that holds it."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

LOOK_SECONDS = 0.05
"""How often who waits looks for a place that another process has left."""


class Permits:
    def __init__(self, files: tuple[Path, ...]):
        self._files = files
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold a place; those of one process get theirs in the order in which they came."""
        async with self._turn:
            while (handle := self._take()) is None:  # noqa: ASYNC110  another process sets no event
                await asyncio.sleep(LOOK_SECONDS)
        try:
            yield
        finally:
            os.close(handle)

    def _take(self) -> int | None:
        return next((handle for path in self._files if (handle := taken(path)) is not None), None)


def taken(path: Path) -> int | None:
    """Lock a file for as long as the file descriptor is open, and return that; None if another has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:
        os.close(handle)
        raise
    return handle
