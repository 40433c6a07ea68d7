"""A learner of a data scientist's class: it passes everything on, and checks each answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bandit.own.answers import distribution, expectation
from bandit.own.entry_points import cause, class_named
from bandit.own.outcomes import Outcomes, outcomes_in
from bandit.policy import FailedExample, FaultyLearnerError, UnlearnableExample, check
from bandit.sealing import UnusableSnapshot, seal, unseal
from bandit.types import Action, Case, Context, Example, Probabilities


class OwnLearner:
    """Adds to a class what Keyart needs beside `probabilities`, `learn`, `snapshot` and `restore`.

    The name and the tuning are in the head of each snapshot, so that every process finds the class again. It has
    the outcomes, too, so they are those of the learned log, however often the trainer stopped.
    """

    def __init__(self, name: str, policy: Any, tuning: Mapping[str, float] | None = None):  # noqa: ANN401  any class
        self.name, self.policy, self.tuning = name, policy, dict(tuning or {})
        self.outcomes = Outcomes()

    @classmethod
    def new(cls, name: str, tuning: Mapping[str, float] | None = None, found: Any = None) -> "OwnLearner":  # noqa: ANN401
        """Make an object of the class of this name, or of the one that is given, with the tuning as arguments."""
        found = found or class_named(name)
        try:
            policy = found(**(tuning or {}))
        except Exception as error:
            arguments = ", ".join([f"{key}={value:g}" for key, value in (tuning or {}).items()])
            raise FaultyLearnerError(
                f"The learner {name!r} failed in {found.__name__}({arguments}): {cause(error)}. Let every "
                "argument be a number with a default."
            ) from error
        return cls(name, policy, tuning)

    # ---------------------------------------------------------------- deciding

    def probabilities(self, context: Context, actions: Sequence[Action]) -> Probabilities:
        try:
            answer = self.policy.probabilities(context, actions)
        except Exception as error:
            raise FaultyLearnerError(f"{self.name} failed in probabilities: {cause(error)}.") from error
        return distribution(self.name, answer, len(actions))

    def all_probabilities(self, cases: Sequence[Case]) -> list[Probabilities]:
        return [self.probabilities(*case) for case in cases]

    def remembered(self, _case: Case) -> Probabilities | None:
        """Return None: nothing is remembered, because the class may do that better."""
        return None

    # ---------------------------------------------------------------- learning

    def learn(self, example: Example) -> float | None:
        """Let the class learn. Raises `UnlearnableExample`, and `FailedExample` if the class fails."""
        check(example)
        try:
            predicted = expectation(self.policy.learn(example))
        except UnlearnableExample:
            raise
        except Exception as error:
            self.outcomes = self.outcomes._replace(lost=self.outcomes.lost + 1)
            raise FailedExample(
                f"{self.name} failed in learn: {cause(error)}; the example is left out."
            ) from error
        self.outcomes = self.outcomes._replace(learned=self.outcomes.learned + 1)
        return predicted

    def forget(self, profile: int) -> None:
        if not hasattr(self.policy, "forget"):
            return
        try:
            self.policy.forget(profile)
        except Exception as error:
            raise FaultyLearnerError(f"{self.name} failed in forget: {cause(error)}.") from error

    # ---------------------------------------------------------------- keeping

    def snapshot(self) -> bytes:
        try:
            body = self.policy.snapshot()
        except Exception as error:
            raise FaultyLearnerError(f"{self.name} failed in snapshot: {cause(error)}.") from error
        if not isinstance(body, bytes):
            raise FaultyLearnerError(
                f"{self.name} returned a {type(body).__name__} as its snapshot; return bytes."
            )
        outcomes = {"examples": self.outcomes._asdict()} if any(self.outcomes) else {}
        return seal({"learner": self.name, "tuning": self.tuning, **outcomes}, body)

    @classmethod
    def restore(cls, snapshot: bytes, found: Any = None) -> "OwnLearner":  # noqa: ANN401  any class
        """Return a learner that continues from `snapshot`; raises `UnusableSnapshot`, also if it is not equal."""
        head, body = unseal(snapshot)
        name = str(head.get("learner"))
        try:
            policy = (found or class_named(name)).restore(body)
            learner = cls(name, policy, head.get("tuning"))
            learner.outcomes = outcomes_in(head)
            again = learner.snapshot()
        except FaultyLearnerError as error:
            raise UnusableSnapshot(str(error)) from error
        except Exception as error:
            raise UnusableSnapshot(f"{name} failed in restore: {cause(error)}.") from error
        if again != snapshot:
            other = len(again) - len(snapshot) + len(body)
            raise UnusableSnapshot(
                f"{name} restored from {len(body)} bytes has another snapshot, of {other} bytes; let "
                "restore(snapshot).snapshot() return the same bytes, with sorted keys, and without sets and times."
            )
        return learner

    def weights(self) -> NDArray[np.float32]:
        """Return no rows, because only the class knows its numbers; compare the snapshots instead."""
        return np.zeros((0, 1), np.float32)

    def healthy(self) -> bool:
        """Return True: each answer is checked when it is given."""
        return True
