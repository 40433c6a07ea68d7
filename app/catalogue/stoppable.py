"""Rendering in a thread, which ends its processes when whoever waits for it is cancelled."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from assets.rendering.workers import Stop, Stopped

T = TypeVar("T")


async def stoppable(work: Callable[[Stop], T]) -> T:
    """Return what the work returns; it is handed what tells it to stop."""
    with Stop() as stop:
        working = asyncio.create_task(asyncio.to_thread(work, stop))
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            stop.tell()
            with suppress(Stopped, OSError):  # only when it is done are its processes and its files gone
                await working
            raise
