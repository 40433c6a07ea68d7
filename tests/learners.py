"""What learners are tested with: each by name, examples to teach them, and what makes two of them the same."""

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

import pytest

from bandit.learners import LOGISTIC, VOWPAL, lacking
from bandit.logistic.learner import LogisticLearner
from bandit.policy import Learner
from bandit.types import Context, Example
from tests.builders import a_context, some_actions

L = TypeVar("L", bound=Learner)

NO_VOWPAL = "Vowpal Wabbit has no wheel for this Python and machine."
needs_vowpal = pytest.mark.skipif(lacking(VOWPAL) is not None, reason=NO_VOWPAL)
KINDS = [LOGISTIC, pytest.param(VOWPAL, marks=needs_vowpal)]
every_kind = pytest.mark.parametrize("kind", KINDS)

GOOD = Example(Context({"country": "new", "size": 1.0}, {"moon": 0.5}), some_actions(3), 1, 0.5, 1.0)


def some_examples(count: int, seed: int = 1) -> list[Example]:
    """Return examples in which what is liked depends on the viewer."""
    rng = random.Random(seed)
    actions = some_actions(5)
    examples = []
    for _ in range(count):
        context = a_context(rng)
        chosen = rng.randrange(5)
        liked = (chosen == 0) == (context.attributes["country"] == "DE")
        examples.append(Example(context, actions, chosen, 0.2, float(liked and rng.random() < 0.9)))
    return examples


def tiring_examples(count: int, seed: int = 1, *, factor: float = 0.5) -> list[Example]:
    """Return examples in which each showing before multiplies the chance of a reward by a factor."""
    rng = random.Random(seed)
    actions = some_actions(5)
    examples = []
    for _ in range(count):
        showings = {action.id: rng.choice([0, 0, 1, 2, 3, 5, 9]) for action in actions}
        chosen = rng.randrange(5)
        chance = 0.8 * factor ** showings[actions[chosen].id]
        context = replace(a_context(rng), showings={id_: n for id_, n in showings.items() if n})
        examples.append(Example(context, actions, chosen, 0.2, float(rng.random() < chance)))
    return examples


def taught(learner: L, examples: Iterable[Example]) -> L:
    for example in examples:
        learner.learn(example)
    return learner


def assert_same(one: Learner, other: Learner) -> None:
    """See that they are the same to the last bit, and choose the same."""
    assert one.weights().tobytes() == other.weights().tobytes()
    if isinstance(one, LogisticLearner):  # Vowpal Wabbit's snapshots hold counters of its own speed
        assert one.snapshot() == other.snapshot()
    rng = random.Random(6)
    for _ in range(30):
        context, actions = a_context(rng), some_actions(5)
        assert one.probabilities(context, actions) == other.probabilities(context, actions)
        if isinstance(one, LogisticLearner) and isinstance(other, LogisticLearner):
            assert one.expected(context, actions) == other.expected(context, actions)
