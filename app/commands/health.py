"""`keyart health`: what container engines and other watchers ask."""

import asyncio
from typing import Annotated, Literal

import typer

from app.clock import now_ms
from app.commands.terminal import fail, settings_for, settings_of_service
from app.operations.health import Unwell, of_service, of_trainer
from app.wiring.stores import open_store

Part = Annotated[Literal["service", "trainer"], typer.Argument(help="What to look at.")]


def health(part: Part = "service") -> None:
    """Say whether the service is ready, or whether a trainer leads; end with status 1 if not.

    It looks at the service of this machine at KEYART_PORT, and at the trainer by what stands in KEYART_DATA.

    Examples:
        keyart health
        keyart health trainer
    """
    try:
        typer.echo(_of_service() if part == "service" else asyncio.run(_of_trainer()))
    except Unwell as fault:
        raise fail(str(fault)) from None


def _of_service() -> str:
    settings = settings_for("health")
    return of_service(settings.host, settings.port)


async def _of_trainer() -> str:
    store = open_store(settings_of_service("health"), read_only=True)
    try:
        return await of_trainer(store.state, now_ms())
    finally:
        await store.close()
