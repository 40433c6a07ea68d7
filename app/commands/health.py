"""`keyart health`: the check that container engines and other watchers run."""

import os
from typing import Annotated, Literal

import typer

from app.commands.terminal import fail
from app.operations.health import Unwell, address_in, of_service

Part = Annotated[Literal["service", "trainer"], typer.Argument(help="The part to check.")]


def health(part: Part = "service") -> None:
    """Say whether the service is ready or a trainer leads; end with status 1 if not.

    To check the service, the command asks it at KEYART_PORT of this machine. To check the trainer, the command
    reads the state in KEYART_DATA.

    Examples:
        keyart health
        keyart health trainer
    """
    try:
        typer.echo(_of_service() if part == "service" else _of_trainer())
    except Unwell as fault:
        raise fail(str(fault)) from None


def _of_service() -> str:
    """Ask the service at its address. If it is not well, name any setting that is not valid."""
    address = address_in(os.environ)
    try:
        return of_service(*(address or _address_of_settings()))
    except Unwell:
        if address:
            _address_of_settings()
        raise


def _address_of_settings() -> tuple[str, int]:
    """Return the address from the settings; one that is not valid ends the command."""
    from app.commands.environment import settings_for

    settings = settings_for("health")
    return settings.host, settings.port


def _of_trainer() -> str:
    import asyncio

    from app.clock import now_ms
    from app.commands.environment import settings_of_service
    from app.operations.health import of_trainer
    from app.wiring.stores import open_store

    async def look() -> str:
        store = open_store(settings, read_only=True, scan=False)
        try:
            return await of_trainer(store.state, now_ms())
        finally:
            await store.close()

    settings = settings_of_service("health")
    return asyncio.run(look())
