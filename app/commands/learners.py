"""`keyart learners`: the learners that this environment has, and checks of one."""

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from app.commands.terminal import fail

if TYPE_CHECKING:  # the list does not need numpy
    from app.evaluation.learner_checks import Subject

SEEDS = ("1", "2")
"""Two values of PYTHONHASHSEED: Python hashes words in another way in each process."""


def learners(
    do: Annotated[
        Literal["check", "fingerprint"] | None,
        typer.Argument(help="check the rules, or print a digest of the answers after made-up examples."),
    ] = None,
    name: Annotated[str | None, typer.Argument(help="A learner's name, or FILE.py:CLASS.")] = None,
) -> None:
    """List the learners of this environment, or check that one keeps the rules of every learner.

    A package adds one by an entry point of the group keyart.learners, as docs/own-learners.md says. The check runs
    the code of the class. It ends with status 1 and a sentence for each broken rule.

    Examples:
        keyart learners
        keyart learners check mine
        keyart learners check mine.py:MyLearner
    """
    if (do is None) != (name is None):
        raise fail("Name the learner to check, as in keyart learners check mine.")
    if name is None:
        _list()
    elif do == "fingerprint":
        from app.evaluation.learner_checks import fingerprint

        typer.echo(fingerprint(_subject(name)))
    else:
        _check(name)


def _list() -> None:
    from bandit.learners import BUILT_IN, lacking
    from bandit.own.entry_points import names

    out = Console()
    for name in [*BUILT_IN, *names()]:
        reason = lacking(name)
        out.print(f"{name}: {reason}." if reason else name, soft_wrap=True, markup=False, highlight=False)


def _check(name: str) -> None:
    from app.evaluation.learner_checks import breaches, milliseconds

    subject, out, broken = _subject(name), Console(), 0
    for rule, sentence in breaches(subject):
        broken += sentence is not None
        told = f"broken: {rule}. {sentence}" if sentence else f"kept: {rule}"
        out.print(told, soft_wrap=True, markup=False, highlight=False)
    if broken:
        raise fail(f"The learner {name} breaks {broken} of the rules.")
    prints = {_fingerprint_apart(name, seed) for seed in SEEDS}
    if len(prints) > 1:
        raise fail(
            f"The learner {name} answers differently in another process. Python's hash() and the order of a set "
            "differ in each; use zlib.crc32 and sorted()."
        )
    out.print("kept: every process has the same answers", soft_wrap=True, highlight=False)
    deciding, learning = milliseconds(subject)
    out.print(
        f"A decision among 8 pictures takes {deciding:.3f} ms, and an example {learning:.3f} ms.",
        soft_wrap=True,
        highlight=False,
    )


def _subject(name: str) -> "Subject":
    from app.evaluation.candidates import UnusablePolicyError
    from app.evaluation.learner_checks import subject_of
    from bandit.policy import FaultyLearnerError

    try:
        return subject_of(name)
    except (UnusablePolicyError, FaultyLearnerError) as error:
        raise fail(str(error)) from None


def _fingerprint_apart(name: str, seed: str) -> str:
    """Return the fingerprint in a process with another hash of words."""
    command = [sys.executable, "-P", "-m", "app", "learners", "fingerprint", name]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  our own
    if done.returncode:
        raise fail(f"The learner {name} fails in a new process: {done.stderr.strip()[-500:]}")
    return done.stdout.strip()
