"""What every command does first and last: settings from the environment, sentences for who called it."""

import inspect
import os
from collections.abc import Callable
from typing import Any

import structlog
import typer
from pydantic import ValidationError
from rich.console import Console
from typer.core import TyperCommand

from app.data_folder import DataFolder
from app.settings import Settings, faults
from app.telemetry import logs
from app.wiring.stores import store_fault

log = structlog.get_logger()
console = Console(stderr=True)
EXAMPLES = "Examples:"
INTERRUPTED = 130
"""The status of a command that Ctrl-C ended, as shells know it."""


class Command(TyperCommand):
    """A command whose docstring ends with examples; `--help` shows them last, each on a line as it was written."""

    def __init__(self, *args: Any, **options: Any):  # noqa: ANN401  passed on
        text, _, examples = inspect.cleandoc(options.get("help") or "").partition(f"\n{EXAMPLES}\n")
        lines = inspect.cleandoc(examples).splitlines()
        epilog = "\n".join(["\b", EXAMPLES, *(f"  {line}" for line in lines)]) if lines else None
        first = " ".join(text.partition("\n\n")[0].split())
        super().__init__(*args, **{**options, "help": text.strip(), "short_help": first, "epilog": epilog})


def run(app: Callable[[], object]) -> None:
    """Run a command; where the store or another file can't be used, end it with a sentence and status 1.

    Any other fault is Keyart's own: once logging is set up, it is told in one line as all else.
    """
    try:
        app()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except Exception as error:
        sentence = store_fault(error) or _file_fault(error)
        if sentence is None:
            if not structlog.is_configured():
                raise
            log.exception("crashed")
        else:
            say(sentence, style="red")
        raise SystemExit(1) from None


def _file_fault(error: Exception) -> str | None:
    if not isinstance(error, OSError) or not error.filename:
        return None
    return f"{error.filename}: {error.strerror}; mend that and try again, or see what `keyart doctor` says."


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
    if not DataFolder(settings.data).log.is_file():
        raise fail(f"There is no log in {settings.data.resolve()}; set KEYART_DATA to the service's data folder.")
    return settings


def make_folder(settings: Settings) -> None:
    if settings.data.exists() and not settings.data.is_dir():
        raise fail(f"KEYART_DATA is {settings.data}, which is a file; name a folder.")
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)  # keys and profiles are in it
    except OSError as error:
        raise fail(f"KEYART_DATA can't be {settings.data}: {error.strerror}; name a folder.") from None
    if not os.access(settings.data, os.W_OK | os.X_OK):
        raise fail(f"User {os.getuid()} can't write to KEYART_DATA, {settings.data}; make that user its owner.")


def say(sentence: str, style: str | None = None) -> None:
    """Print a sentence on standard error as it is: names in it are no markup."""
    console.print(sentence, style=style, highlight=False, soft_wrap=True, markup=False)


def fail(sentence: str) -> typer.Exit:
    say(sentence, style="red")
    return typer.Exit(1)
