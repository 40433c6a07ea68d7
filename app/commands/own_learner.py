"""The check of an own learner before a service or a trainer starts."""

import subprocess
import sys

from app.commands.terminal import fail
from app.settings import Settings
from bandit.learners import BUILT_IN


def demand_learner(settings: Settings) -> None:
    """Refuse to start with an own learner that breaks the contract.

    It is checked in another process, so that this one does not load what the class loads.
    """
    if settings.learner in BUILT_IN:
        return
    command = [sys.executable, "-P", "-m", "app", "learners", "check", settings.learner]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own
    if done.returncode:
        broken = [line for line in done.stdout.splitlines() if line.startswith("broken: ")]
        raise fail("\n".join([*broken, done.stderr.strip()[-2000:] or f"It ended with {done.returncode}."]))
