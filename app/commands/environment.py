"""Settings from the environment, and the data folder that they name."""

import os

import typer
from pydantic import ValidationError

from app.commands.terminal import fail, say
from app.data_folder import DataFolder
from app.settings import Settings, faults
from app.telemetry import logs


def settings_for(process: str) -> Settings:
    """Return the settings; report each value that is not valid, and end the command with status 2."""
    try:
        settings = Settings()
    except ValidationError as error:
        for fault in faults(error):
            say(fault)
        raise typer.Exit(2) from None
    logs.configure(settings, process=process)
    return settings


def settings_of_service(process: str) -> Settings:
    """Return the settings of a service that has run: a command that only looks should make no empty folder."""
    settings = settings_for(process)
    if not DataFolder(settings.data).log.is_file():
        raise fail(f"There is no log in {settings.data.resolve()}; set KEYART_DATA to the service's data folder.")
    return settings


def settings_in_use(process: str) -> Settings:
    """Return the settings of the service that runs on the data folder, except those that this shell sets."""
    from app.operations.in_force import TOLD, in_force

    settings = settings_of_service(process)
    running = in_force(settings.data)
    if running is None:
        return settings
    told = {name: getattr(running.settings, name) for name in TOLD - settings.model_fields_set}
    return settings.model_copy(update=told)


def make_folder(settings: Settings) -> None:
    """Make the data folder; if it exists, check that this version knows its content before changing anything."""
    from app.wiring.stores import engine_of

    if settings.data.exists() and not settings.data.is_dir():
        raise fail(f"KEYART_DATA is {settings.data}, which is a file; name a folder.")
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)  # keys and profiles are in it
    except OSError as error:
        raise fail(
            f"Keyart cannot make the folder KEYART_DATA, {settings.data}: {error.strerror}; name another folder."
        ) from None
    if not os.access(settings.data, os.W_OK | os.X_OK):
        raise fail(f"User {os.getuid()} cannot write to KEYART_DATA, {settings.data}; make that user its owner.")
    engine_of(settings).demand_known()
