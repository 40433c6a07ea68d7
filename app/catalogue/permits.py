"""Permits: places that all processes of a service share, each a locked file."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.file_lock import taken

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
