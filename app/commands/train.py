"""`keyart train`: the process that learns."""

import asyncio
import os
import signal
import socket
from typing import Annotated

import typer

from app.commands.environment import make_folder, settings_for
from app.commands.own_learner import demand_learner
from app.commands.parent import Parent
from app.processes.parent_watch import end_with_parent
from app.settings import Settings
from app.telemetry.metric_files import FOLDER, folder_of_trainer

BEHIND = 15
"""The niceness that a trainer beside workers adds: viewers wait for answers, and not for the next snapshot."""


def train(
    parent: Parent = None,
    holder: Annotated[str, typer.Option(help="The name under which this trainer holds the lease.")] = "",
) -> None:
    """Fold the log and publish snapshots until Ctrl-C or SIGTERM; wait while another trainer leads.

    `keyart serve` starts a trainer automatically. A second trainer takes over when the first one ends.

    Examples:
        keyart train
        keyart train --holder standby-1
    """
    if parent:
        end_with_parent(parent)
        os.nice(BEHIND)
    settings = settings_for("trainer")
    if not parent:  # `keyart serve` has checked it
        demand_learner(settings)
    make_folder(settings)
    if FOLDER not in os.environ:
        _count_by_itself(settings)
    asyncio.run(_train(settings, holder or f"trainer of {socket.gethostname()} {os.getpid()}"))


def _count_by_itself(settings: Settings) -> None:
    """Keep the metrics of this process in a separate folder, whose lock ends with the process."""
    folder, _ = folder_of_trainer(settings.data)
    os.environ[FOLDER] = str(folder)


async def _train(settings: Settings, holder: str) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def end(*_: object) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)

    # The loop's own handlers outlive for a moment the pipe that they write to: then a second signal is a traceback
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    # prometheus_client looks for its folder when it is imported, and that is known only now
    from app.wiring.training import train as train_until

    await train_until(settings, holder, stop)
