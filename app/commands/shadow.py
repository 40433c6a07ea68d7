"""`keyart shadow`: the process that trains a candidate, as a trainer starts it."""

import asyncio
import os
import signal

from app.commands.environment import settings_of_service
from app.commands.parent import Parent
from app.commands.terminal import fail
from app.data_folder import DataFolder
from app.file_lock import taken
from app.processes.parent_watch import end_with_parent
from app.settings import Settings
from app.wiring.shadow import shadow as train_shadow

BEHIND = 19
"""The niceness that it adds: trainer and workers come first."""


def shadow(parent: Parent = None) -> None:
    """Train the candidate in force beside the trainer."""
    if parent:
        end_with_parent(parent)
    os.nice(BEHIND)
    settings = settings_of_service("shadow")
    lock = taken(DataFolder(settings.data).candidate_lock)
    if lock is None:
        raise fail("Another process trains the candidate; this one ends.")
    asyncio.run(_run_until_signal(settings))


async def _run_until_signal(settings: Settings) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await train_shadow(settings, stop)
