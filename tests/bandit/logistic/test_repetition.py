import random
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from bandit.learners import restored
from bandit.logistic.learner import LogisticLearner
from bandit.logistic.prior import PRIORS, Tuning
from bandit.logistic.repetition import Repetition
from bandit.sealing import unseal
from bandit.types import Context, Example
from tests.builders import a_context, some_actions

FREE = Tuning(most_known=1e9)
"""What is learned is not bounded, so that it can be told how much it is."""


def some_examples(count: int, seed: int = 1) -> list[Example]:
    rng, actions = random.Random(seed), some_actions(4)
    chosen = [rng.randrange(4) for _ in range(count)]
    return [Example(a_context(rng), actions, c, 0.25, float(rng.random() < 0.1 + 0.2 * c)) for c in chosen]


def taught(learner: LogisticLearner, examples: Sequence[Example]) -> LogisticLearner:
    for example in examples:
        learner.learn(example)
    return learner


def known(learner: LogisticLearner) -> float:
    """Return how much is known of all effects together."""
    return float(learner.weights()[:, len(PRIORS) :].sum())


def test_a_pass_more_counts_no_example_twice() -> None:
    examples = some_examples(600)
    once = taught(LogisticLearner(FREE), examples)
    again = taught(Repetition(once), examples)
    twice = taught(taught(LogisticLearner(FREE), examples), examples)
    assert 0.85 < known(again) / known(once) < 1.15
    assert known(twice) > 1.7 * known(once)


def test_what_is_rare_says_little_from_the_first_example_on() -> None:
    """Online, the first examples are taken for tosses of a fair coin, each of which says much."""
    actions = some_actions(1)
    examples = [Example(Context({}), actions, 0, 1.0, float(number == 20)) for number in range(40)]
    once = taught(LogisticLearner(FREE), examples)
    again = taught(Repetition(once), examples)
    assert known(again) < 0.75 * known(once)


def test_passes_come_to_rest() -> None:
    examples, learner = some_examples(400), LogisticLearner(FREE)
    passes = [taught(learner, examples)]
    for _ in range(6):
        passes.append(taught(Repetition(passes[-1]), examples))
    means = [each.weights()[:, : len(PRIORS)] for each in passes]
    moved = [float(np.abs(after - before).max()) for before, after in pairwise(means)]
    assert moved[-1] < moved[0] / 10


def test_a_pass_more_foretells_what_the_pass_before_did_but_for_little() -> None:
    examples = some_examples(2000)
    once = taught(LogisticLearner(), examples)
    again = taught(Repetition(once), examples)
    actions = examples[0].actions
    before = np.array([once.expected(each.context, actions) for each in examples[:200]])
    after = np.array([again.expected(each.context, actions) for each in examples[:200]])
    assert np.ptp(before.mean(axis=0)) > 0.5
    assert np.abs(after.mean(axis=0) - before.mean(axis=0)).max() < 0.03


def test_contexts_are_admitted_once() -> None:
    examples = some_examples(100)
    once = taught(LogisticLearner(), examples)
    before = unseal(once.snapshot())[0]["crossing"]
    assert unseal(taught(Repetition(once), examples).snapshot())[0]["crossing"] == before


def test_its_snapshot_is_that_of_a_learner_that_goes_on_online() -> None:
    examples = some_examples(120)
    tuned = taught(LogisticLearner(Tuning(spread=3.0)), examples[:100])
    again = taught(Repetition(tuned), examples[:100])
    online = restored(again.snapshot(), "logistic")
    assert type(online) is LogisticLearner
    assert online.tuning == Tuning(spread=3.0)
    assert (online.weights() == again.weights()).all()
    before = unseal(online.snapshot())[0]["crossing"]
    taught(online, examples[100:])
    assert unseal(online.snapshot())[0]["crossing"] != before
