"""`keyart models`: the snapshots of the learner."""

import asyncio

from rich.console import Console

from app.commands import tables
from app.commands.environment import settings_of_service
from app.settings import Settings
from app.wiring.stores import open_store


def models() -> None:
    """List the snapshots, the latest first, and then the candidate snapshots.

    Examples:
        keyart models
    """
    asyncio.run(_models(settings_of_service("models")))


async def _models(settings: Settings) -> None:
    store = open_store(settings, read_only=True)
    try:
        snapshots = [*await store.state.snapshots(), *await store.state.snapshots("candidate")]
    finally:
        await store.close()
    Console().print(tables.of_snapshots(snapshots))
