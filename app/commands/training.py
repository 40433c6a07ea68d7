"""`keyart train`, `rebuild` and `models`: the learner and its snapshots."""

import asyncio
import os
import signal
import socket
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app import tables
from app.commands.serving import Parent
from app.commands.terminal import console, fail, make_folder, settings_for, settings_of_service
from app.fold import Fold
from app.lifeline import end_with
from app.main import open_store, publish_rebuilt, rebuilt
from app.main import train as train_until
from app.meters import FOLDER, folder_of_trainer
from app.settings import Settings

BEHIND = 15
"""By how much a trainer beside workers is nicer: viewers wait for an answer, and nobody for the next snapshot."""


def train(
    parent: Parent = None,
    holder: Annotated[str, typer.Option(help="The name under which this trainer holds the lease.")] = "",
) -> None:
    """Fold the log and publish snapshots, or stand by while another trainer leads, until Ctrl-C or SIGTERM.

    `keyart serve` starts a trainer by itself; another one takes over when that dies.

    Examples:
        keyart train
        keyart train --holder standby-1
    """
    if parent:
        end_with(parent)
        os.nice(BEHIND)
    settings = settings_for("trainer")
    make_folder(settings)
    if FOLDER not in os.environ:
        _start_again_counting(settings)
    asyncio.run(_train(settings, holder or f"trainer of {socket.gethostname()} {os.getpid()}"))


def rebuild(
    *,
    publish: Annotated[
        bool, typer.Option(help="Replace the model, tastes and counts by what was folded.")
    ] = False,
) -> None:
    """Fold the retained log anew, and say whether that ends at the weights in use.

    Without --publish nothing is changed. With it no trainer may lead: stop the service first.

    Examples:
        keyart rebuild
        keyart rebuild --publish
    """
    asyncio.run(_rebuild(settings_of_service("rebuild"), publish=publish))


def models() -> None:
    """List the snapshots of the model, the latest first.

    Examples:
        keyart models
    """
    asyncio.run(_models(settings_of_service("models")))


def _start_again_counting(settings: Settings) -> None:
    """Become the same command, with a folder for metrics; its lock goes with the process.

    Where they are to be kept can't be said any more once prometheus_client was imported, as it was by now.
    """
    folder, lock = folder_of_trainer(settings.data)
    os.set_inheritable(lock, True)  # noqa: FBT003  positional in Python
    os.execve(  # noqa: S606  our own
        sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, FOLDER: str(folder)}
    )


async def _train(settings: Settings, holder: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await train_until(settings, holder, stop)


async def _rebuild(settings: Settings, *, publish: bool) -> None:
    store = open_store(settings)
    out = Console()
    try:
        incumbent = next(iter(await store.state.snapshots(limit=1)), None)
        head = (await store.log.head()).position
        stops = [head] if incumbent is None else [incumbent.position, head]
        fold: Fold | None = None
        with Progress(
            TextColumn("Folding the log"), BarColumn(), MofNCompleteColumn(), console=console
        ) as progress:
            task = progress.add_task("fold", total=head)
            async for fold in rebuilt(settings, store, stops):
                progress.update(task, completed=fold.position)
                if incumbent is not None and fold.position == incumbent.position:
                    out.print(tables.comparison(fold.learner, incumbent))
        if fold is None:
            raise fail("The log is empty; there is nothing to fold.")
        out.print(f"Folded to position {fold.position}: {fold.seen.examples} examples learned.")
        if publish:
            new = await publish_rebuilt(store, fold)
            if new is None:
                raise fail("A trainer is leading; stop the service, then rebuild with --publish.")
            out.print(f"Published as snapshot {new}.")
    finally:
        await store.close()


async def _models(settings: Settings) -> None:
    store = open_store(settings, read_only=True)
    try:
        snapshots = await store.state.snapshots()
    finally:
        await store.close()
    Console().print(tables.of_snapshots(snapshots))
