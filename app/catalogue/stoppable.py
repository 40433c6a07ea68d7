"""Rendering in a thread, whose processes end when the waiting task is cancelled."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from assets.rendering.workers import Stop, Stopped

T = TypeVar("T")


async def stoppable(work: Callable[[Stop], T]) -> T:
    """Return the result of the work; it gets the object that stops it."""
    with Stop() as stop:
        working = asyncio.create_task(asyncio.to_thread(work, stop))
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            stop.tell()
            with suppress(Stopped, OSError):  # its processes and files are gone only when it is done
                await working
            raise
