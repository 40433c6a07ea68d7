"""A child process that runs only while it is due, beside a process that has other work."""

import asyncio
import os
import subprocess
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import structlog

from app.processes.supervisor import Child
from app.telemetry.metric_files import FOLDER

log = structlog.get_logger()

LOOK_SECONDS = 0.5
AFTER_FAILURE_SECONDS = 5.0
END_SECONDS = 1.0
"""Seconds from the signal to the child to killing it. The process beside it may have to end, too."""
Due = Literal["yes", "no", "elsewhere"]
"""Whether the child runs here. `elsewhere` means that another process decides."""


class Companion:
    """Starts the child when it is due, starts it again when it ends, and ends it when it is not due.

    A failure is logged and never raised, because the process beside it has to go on.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        due: Callable[[], Awaitable[Due]],
        clear_away: Callable[[], object],
        count_end: Callable[[], object],
    ):
        """Take what it calls: `clear_away` while it is not due, to delete everything that the child left.

        It calls `count_end` when the child ended although it is due.
        """
        self._child, self._due, self._clear_away = Child(name, command), due, clear_away
        self._count_end = count_end
        self._environment = {name: value for name, value in os.environ.items() if name != FOLDER}

    async def run(self) -> None:
        """Go on until cancelled, and then end the child."""
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                try:
                    await self._look()
                except Exception:
                    log.exception("companion_failed", child=self._child.name)
                    await asyncio.sleep(AFTER_FAILURE_SECONDS)
        finally:
            end(self._child)

    async def _look(self) -> None:
        due = await self._due()
        if due == "yes":
            if self._child.note_death():
                self._count_end()
            if self._child.process is None and time.monotonic() >= self._child.due:
                self._child.start(self._environment)
            return
        if self._child.process:
            await asyncio.to_thread(end, self._child)
        if due == "no":
            self._clear_away()


def end(child: Child) -> None:
    """End the child's process, and kill it if it does not end in time."""
    process, child.process = child.process, None
    if process is None:
        return
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
