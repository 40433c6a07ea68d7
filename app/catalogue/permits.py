"""Permits that all processes of a service share; each is a locked file."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.file_lock import taken

LOOK_SECONDS = 0.05
"""Seconds between two attempts to get a permit that another process holds."""


class Permits:
    def __init__(self, files: tuple[Path, ...]):
        self._files = files
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold a permit; callers of one process get theirs in the order of their calls."""
        async with self._turn:
            while (handle := self._take()) is None:  # noqa: ASYNC110  another process sets no event
                await asyncio.sleep(LOOK_SECONDS)
        try:
            yield
        finally:
            os.close(handle)

    def _take(self) -> int | None:
        return next((handle for path in self._files if (handle := taken(path)) is not None), None)
