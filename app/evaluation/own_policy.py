"""A policy from a file of the user's: its code may fail, and its answers may be wrong."""

from collections.abc import Sequence
from pathlib import Path
from runpy import run_path
from typing import Any

from app.evaluation.candidates import UnusablePolicyError
from bandit.own.answers import distribution
from bandit.own.entry_points import cause
from bandit.policy import FaultyLearnerError
from bandit.types import Action, Context, Example


class OwnPolicy:
    """Passes questions and examples on to an object of the user's class. A failure names its cause."""

    def __init__(self, name: str, policy: Any):  # noqa: ANN401  any class
        if not callable(getattr(policy, "probabilities", None)):
            raise UnusablePolicyError(f"{name} has no method probabilities(context, actions); write one.")
        self._name, self.policy = name, policy

    @classmethod
    def load(cls, name: str) -> "OwnPolicy":
        """Make an object of the class that FILE.py:CLASS names. Raises `UnusablePolicyError`."""
        found = class_in(name)
        try:
            policy = found()
        except Exception as error:
            raise UnusablePolicyError(f"{name} is not usable: {cause(error)}") from error
        return cls(name, policy)

    def probabilities(self, context: Context, actions: Sequence[Action]) -> Sequence[float]:
        """Return the answer, and refuse one that is not a distribution: estimates with it would be wrong."""
        try:
            answer = self.policy.probabilities(context, actions)
        except Exception as error:
            raise UnusablePolicyError(f"{self._name} failed in probabilities: {cause(error)}") from error
        try:
            return distribution(self._name, answer, len(actions))
        except FaultyLearnerError as error:
            raise UnusablePolicyError(str(error)) from error

    def learn(self, example: Example) -> None:
        if not hasattr(self.policy, "learn"):
            return
        try:
            self.policy.learn(example)
        except Exception as error:
            raise UnusablePolicyError(f"{self._name} failed in learn: {cause(error)}") from error


def class_in(name: str) -> Any:  # noqa: ANN401  any class
    """Return the class that FILE.py:CLASS names. Raises `UnusablePolicyError`."""
    file, _, class_name = name.rpartition(":")
    path = Path(file)
    if not path.is_file():
        raise UnusablePolicyError(f"There is no file {path}; name the file of the class, as in mine.py:Popular.")
    try:
        return run_path(str(path))[class_name]
    except Exception as error:
        raise UnusablePolicyError(f"{name} is not usable: {cause(error)}") from error
