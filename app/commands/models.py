"""`keyart models`: the snapshots of the learner."""

import asyncio
import time
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from app.commands.environment import settings_of_service
from app.settings import Settings
from app.store.protocol import Snapshot
from app.wiring.stores import open_store
from bandit.learners import restored
from bandit.sealing import UnusableSnapshot


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
    Console().print(table(snapshots))


def table(snapshots: Iterable[Snapshot]) -> Table:
    """Show snapshots, the newest first; decisions are made with the first incumbent that is not damaged."""
    shown = Table("snapshot", "in use", "role", "position", "made", "bytes", "weights in use")
    used = False
    for s in snapshots:
        made = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(s.created / 1000))
        weights = _weights_in_use(s)
        usable = weights is not None and s.role == "incumbent"
        mark = "yes" if usable and not used else ""
        used = used or usable
        told = "it is damaged and not used" if weights is None else str(weights)
        shown.add_row(str(s.id), mark, s.role, str(s.position), made, str(len(s.learner)), told)
    return shown


def _weights_in_use(snapshot: Snapshot) -> int | None:
    """Return how many weights are not 0; None if the snapshot is damaged."""
    try:
        return int((restored(snapshot.learner).weights()[:, 0] != 0).sum())
    except UnusableSnapshot:
        return None
