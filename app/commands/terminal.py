"""The common parts of all commands: running them, and printing sentences for the user."""

import os
import signal
from collections.abc import Callable
from types import FrameType

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


def stop_on_sigterm() -> None:
    """Let SIGTERM stop a command as Ctrl-C does, so that it clears away."""
    signal.signal(signal.SIGTERM, _stop)


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Act as Ctrl-C, which asyncio turns into the cancellation of the main task.

    An exception would end the running task, and not the main one.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job does not know Ctrl-C
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def say(sentence: str, style: str | None = None) -> None:
    """Print a sentence on standard error as it is, in a colour where the terminal has any."""
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    typer.secho(sentence, fg=style, err=True, color=False if plain else None)


def fail(sentence: str) -> typer.Exit:
    say(sentence, style="red")
    return typer.Exit(1)
