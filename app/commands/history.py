"""`keyart history`: the visits of the sample viewers, which `keyart serve` starts once, after its first start."""

import asyncio
import os
from contextlib import aclosing
from pathlib import Path
from typing import Annotated

import typer

from app.audience.agreement import reported
from app.audience.history import History, Regular
from app.audience.service import Service, ServiceError
from app.commands.calling import key_for
from app.commands.environment import settings_for
from app.commands.parent import Parent
from app.commands.terminal import fail
from app.data_folder import DataFolder
from app.pages.history import SampleHistory, write
from app.pages.viewers import sample_viewers
from app.processes.parent_watch import end_with_parent

TAKEN_UP_SECONDS = 1.0
"""How long after the report counts the visits every worker certainly decides by what they taught."""
NICE = 5
"""The niceness that the visits add: a person who opens the page waits for answers."""


def history(url: Annotated[str, typer.Option()], parent: Parent = None) -> None:
    """Let the sample viewers use the service, and wait until it has learned from them."""
    if parent:
        end_with_parent(parent)
    os.nice(NICE)
    settings = settings_for("history")
    path = DataFolder(settings.data).sample_history
    try:
        asyncio.run(_play(Service(url, key_for(settings, url)), settings.reward_window_seconds, path))
    except ServiceError as error:
        raise fail(f"The sample viewers stopped: {error}") from None


async def _play(service: Service, window: float, path: Path) -> None:
    async with aclosing(service):
        regulars = _regulars()
        write(path, SampleHistory(len(regulars), 0, 0, learned=False))
        history = History(service, regulars, await service.titles())
        before = await service.groups()
        await history.play()
        await reported(service, before, history.seen, window)
        await asyncio.sleep(TAKEN_UP_SECONDS)
        write(path, SampleHistory(len(regulars), history.seen, history.opened, learned=True))


def _regulars() -> list[Regular]:
    return [
        Regular(profile, viewer.hints, viewer.likes, viewer.dislikes)
        for viewer in sample_viewers()
        for profile in viewer.profiles
    ]
