"""The contracts of policies, which decide, and of learners, which also learn."""

from collections.abc import Sequence
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Protocol

from bandit.types import Action, Case, Context, Example, Probabilities

if TYPE_CHECKING:  # reading a learner's name does not need numpy
    import numpy as np
    from numpy.typing import NDArray


class Policy(Protocol):
    def probabilities(self, context: Context, actions: Sequence[Action]) -> Probabilities:
        """Return one probability for each action, in their order, summing to 1."""


class Learner(Policy, Protocol):
    def all_probabilities(self, cases: Sequence[Case]) -> list[Probabilities]:
        """Return the probabilities of several decisions, each to the last bit as it is alone."""

    def remembered(self, case: Case) -> Probabilities | None:
        """Return the probabilities if they are known without computing anything."""

    def learn(self, example: Example) -> float | None:
        """Learn one example. Raises `UnlearnableExample`, and learns nothing, if a number in it is not usable.

        Returns the reward that it expected before; None if it does not predict rewards.
        """

    def forget(self, profile: int) -> None:
        """Forget the parts that belong to one profile alone, by the number of its `Witness`."""

    def snapshot(self) -> bytes:
        """Return everything that `restore` needs to continue as if it had never stopped."""

    def healthy(self) -> bool:
        """Tell whether every learned number is finite."""

    def weights(self) -> "NDArray[np.float32]":
        """Return a copy of the learned numbers, a row for each cell; all numbers of an unused cell are 0."""


class UnlearnableExample(ValueError):
    """An example whose propensity, reward or choice is not valid for learners."""


class FailedExample(UnlearnableExample):
    """An example at which the code of an own learner failed; the sentence says how."""


class FaultyLearnerError(RuntimeError):
    """An own learner whose code fails, or whose answer is not valid; the sentence names the fault."""


def check(example: Example) -> None:
    """Refuse an example that would silently harm a learner: p = 0, NaN, infinity, a choice out of range.

    One example with p = 0 silently ends all learning of Vowpal Wabbit; an infinite number makes its weights NaN.
    """
    if not 0 < example.propensity <= 1:  # also false for NaN
        raise UnlearnableExample(f"The propensity {example.propensity} is not in (0, 1]; the example is left out.")
    if not 0 <= example.reward <= 1:
        raise UnlearnableExample(f"The reward {example.reward} is not in [0, 1]; the example is left out.")
    if not 0 <= example.chosen < len(example.actions):
        raise UnlearnableExample(
            f"Action {example.chosen} was chosen of {len(example.actions)}; the example is left out."
        )
    if not _all_finite(example):
        raise UnlearnableExample("A feature is NaN or infinite; the example is left out.")


def _all_finite(example: Example) -> bool:
    numbers = [value for value in example.context.attributes.values() if not isinstance(value, str)]
    return (
        all(map(isfinite, numbers))
        and all(map(isfinite, example.context.taste.values()))
        and all(map(_finite, example.actions))
    )


@lru_cache(maxsize=1 << 14)
def _finite(action: Action) -> bool:
    """Tell whether every feature is a finite number. An action never changes, and comes with many examples."""
    return all(map(isfinite, action.features.values()))
