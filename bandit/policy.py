"""What decides, and what also learns."""

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Protocol

from bandit.types import Action, Context, Example, Probabilities


class Policy(Protocol):
    def probabilities(self, context: Context, actions: Sequence[Action]) -> Probabilities:
        """Return one probability for each action, in their order, summing to 1."""


class Learner(Policy, Protocol):
    def learn(self, example: Example) -> None:
        """Take one example in. Raises `UnlearnableExample`, and learns nothing, if a number in it is unusable."""

    def snapshot(self) -> bytes:
        """Return everything that `restore` needs to go on as if it had never stopped."""

    def healthy(self) -> bool:
        """Tell whether every learned number is finite."""


class UnlearnableExample(ValueError):
    """An example whose propensity, reward or choice no learner may see."""


def check(example: Example) -> None:
    """Refuse what would harm a learner without a word: p = 0, NaN, infinity, a choice that is not there.

    One example with p = 0 ends all learning of Vowpal Wabbit in silence; an infinite number makes its weights NaN.
    """
    if not 0 < example.propensity <= 1:  # also false for NaN
        raise UnlearnableExample(f"The propensity {example.propensity} is not in (0, 1]; the example is left out.")
    if not 0 <= example.reward <= 1:
        raise UnlearnableExample(f"The reward {example.reward} is not in [0, 1]; the example is left out.")
    if not 0 <= example.chosen < len(example.actions):
        raise UnlearnableExample(
            f"Action {example.chosen} was chosen of {len(example.actions)}; the example is left out."
        )
    for value in _numbers(example):
        if not isfinite(value):
            raise UnlearnableExample(f"A feature has the value {value}; the example is left out.")


def _numbers(example: Example) -> Iterator[float]:
    yield from (value for value in example.context.attributes.values() if not isinstance(value, str))
    yield from example.context.taste.values()
    for action in example.actions:
        yield from action.features.values()
