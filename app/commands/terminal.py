"""The common parts of all commands: running them, and printing sentences for the user."""

import os
from collections.abc import Callable

import typer

INTERRUPTED = 130
"""The status of a command that Ctrl-C ended, as shells know it."""


def run(app: Callable[[], object]) -> None:
    """Run a command; if the store or another file is not usable, end it with a sentence and status 1."""
    try:
        app()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except Exception as error:
        from app.commands.faults import is_logging, log, sentence_of

        sentence = sentence_of(error)
        if sentence:
            say(sentence, style="red")
        elif is_logging():
            log.exception("crashed")
        else:
            raise
        raise SystemExit(1) from None


def say(sentence: str, style: str | None = None) -> None:
    """Print a sentence on standard error as it is, in a colour where the terminal has any."""
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    typer.secho(sentence, fg=style, err=True, color=False if plain else None)


def fail(sentence: str) -> typer.Exit:
    say(sentence, style="red")
    return typer.Exit(1)
