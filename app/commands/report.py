"""`keyart report`: what each group earned."""

import asyncio

from rich.console import Console

from app.commands import tables
from app.commands.environment import settings_of_service
from app.evaluation.report import Reporter
from app.settings import Settings
from app.wiring.stores import open_store


def report() -> None:
    """Show what each group of viewers clicked, and the lift over the best single picture.

    Examples:
        keyart report
        KEYART_DATA=/srv/keyart keyart report
    """
    asyncio.run(_report(settings_of_service("report")))


async def _report(settings: Settings) -> None:
    store = open_store(settings, read_only=True)
    try:
        report = await Reporter(store.state).report()
    finally:
        await store.close()
    Console().print(tables.of_groups(report["groups"]))
    Console().print(tables.lift(report["lift"]))
