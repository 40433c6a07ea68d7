"""A policy from a file of the user's: its code may fail, and its answers may be wrong."""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from runpy import run_path
from typing import Any

from app.evaluation.candidates import UnusablePolicyError
from bandit.types import Action, Context, Example

SUM_WITHIN = 1e-6


class OwnPolicy:
    """Passes questions and examples on to an object of the user's class. A failure names its cause."""

    def __init__(self, name: str, policy: Any):  # noqa: ANN401  any class
        if not callable(getattr(policy, "probabilities", None)):
            raise UnusablePolicyError(f"{name} has no method probabilities(context, actions); write one.")
        self._name, self.policy = name, policy

    @classmethod
    def load(cls, name: str) -> "OwnPolicy":
        """Make an object of the class that FILE.py:CLASS names. Raises `UnusablePolicyError`."""
        file, _, class_name = name.rpartition(":")
        path = Path(file)
        if not path.is_file():
            raise UnusablePolicyError(
                f"There is no file {path}; name the file of the class, as in mine.py:Popular."
            )
        try:
            policy = run_path(str(path))[class_name]()
        except Exception as error:
            raise UnusablePolicyError(f"{name} is not usable: {_cause(error)}") from error
        return cls(name, policy)

    def probabilities(self, context: Context, actions: Sequence[Action]) -> Sequence[float]:
        """Return the answer, and refuse one that is not a distribution: estimates with it would be wrong."""
        try:
            each = [float(p) for p in self.policy.probabilities(context, actions)]
        except Exception as error:
            raise UnusablePolicyError(f"{self._name} failed in probabilities: {_cause(error)}") from error
        if len(each) != len(actions) or not all(isfinite(p) and p >= 0 for p in each):
            raise UnusablePolicyError(
                f"{self._name} answered {each} for {len(actions)} pictures; return one probability for each, none "
                "below 0."
            )
        if abs(sum(each) - 1) > SUM_WITHIN:
            raise UnusablePolicyError(
                f"{self._name} answered {each}, which sums to {sum(each):g}; the sum must be 1."
            )
        return each

    def learn(self, example: Example) -> None:
        if not hasattr(self.policy, "learn"):
            return
        try:
            self.policy.learn(example)
        except Exception as error:
            raise UnusablePolicyError(f"{self._name} failed in learn: {_cause(error)}") from error


def _cause(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
