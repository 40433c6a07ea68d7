"""`keyart report`: what each group earned."""

import asyncio
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

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
    Console().print(table(report["groups"]))
    if report["warning"]:
        Console().print(report["warning"], style="bold")
    Console().print(report["says"])


def table(groups: Mapping[str, Any]) -> Table:
    shown = Table("group", "exposures", "clicks", "plays", "click rate", "95 % interval")
    for group, rates in groups.items():
        counts = [str(rates[name]) for name in ("exposures", "clicks", "plays")]
        if rates["interval"] is None:
            shown.add_row(group, *counts, "", "")
        else:
            low, high = rates["interval"]
            shown.add_row(group, *counts, f"{rates['click_rate']:.2%}", f"{low:.2%} – {high:.2%}")
    return shown
