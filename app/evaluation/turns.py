"""Turns: a long computation lets requests pass."""

import asyncio
from typing import Final

from app.clock import passed_ms

WORK_MS: Final = 2
PAUSE_SECONDS: Final = 0.004


class Turns:
    """Gives the event loop back after each few milliseconds of work. The pause is longer than the work."""

    def __init__(self) -> None:
        self._since = passed_ms()

    async def give_way(self) -> None:
        if passed_ms() - self._since >= WORK_MS:
            await asyncio.sleep(PAUSE_SECONDS)
            self._since = passed_ms()
