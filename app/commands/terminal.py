"""What every command does first and last: settings from the environment, sentences for who called it."""

import typer
from pydantic import ValidationError
from rich.console import Console

from app import logs
from app.settings import Settings, faults

console = Console(stderr=True)


def settings_for(process: str) -> Settings:
    """Return the settings; a value that can't be is told, and ends the command with status 2."""
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
    if not (settings.data / "log.sqlite").is_file():
        raise fail(f"There is no log in {settings.data.resolve()}; set KEYART_DATA to the service's data folder.")
    return settings


def make_folder(settings: Settings) -> None:
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise fail(f"KEYART_DATA can't be {settings.data}: {error.strerror}; name a folder.") from None


def say(sentence: str, style: str | None = None) -> None:
    """Print a sentence on standard error as it is: names in it are no markup."""
    console.print(sentence, style=style, highlight=False, soft_wrap=True, markup=False)


def fail(sentence: str) -> typer.Exit:
    say(sentence, style="red")
    return typer.Exit(1)
