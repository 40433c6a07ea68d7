import random

import pytest

from bandit.sealing import UnusableSnapshot, seal
from tests.builders import a_context, some_actions
from tests.learners import NO_VOWPAL, some_examples, taught

pytest.importorskip("vowpal_wabbit_next", reason=NO_VOWPAL)
from bandit.vowpal.learner import DEFAULT_ARGUMENTS, VowpalLearner

SQUARECB = "--cb_explore_adf --squarecb --gamma_scale 300 -l 0.1 -q CA"


# -------------------------------------------------------------------- choosing


@pytest.mark.parametrize("n", [1, 2, 7, 64])
def test_who_knows_nothing_gives_all_the_same_chance(n: int) -> None:
    probabilities = VowpalLearner().probabilities(a_context(random.Random(1)), some_actions(n))
    assert probabilities == pytest.approx([1 / n] * n)


@pytest.mark.parametrize("arguments", [SQUARECB, "--cb_explore_adf --regcbopt --mellowness 0.01 -l 0.1 -q CA"])
def test_each_probability_stands_where_its_action_does(arguments: str) -> None:
    learner = taught(VowpalLearner(arguments), some_examples(200))
    rng, actions = random.Random(3), some_actions(5)
    for _ in range(20):
        context, order = a_context(rng), rng.sample(range(5), 5)
        straight = learner.probabilities(context, actions)
        shuffled = learner.probabilities(context, [actions[index] for index in order])
        assert shuffled == pytest.approx([straight[index] for index in order], abs=1e-6)


# -------------------------------------------------------------------- snapshots


def test_a_snapshot_of_another_shape_is_refused() -> None:
    head = {"arguments": DEFAULT_ARGUMENTS, "vocabulary": {"words": {"a": ["b"]}, "numbers": {}}}
    with pytest.raises(UnusableSnapshot):
        VowpalLearner.restore(seal(head, b""))


def test_a_snapshot_keeps_its_arguments() -> None:
    learner = taught(VowpalLearner(SQUARECB), some_examples(20))
    assert VowpalLearner.restore(learner.snapshot()).arguments == SQUARECB


# -------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "--cb_explore_adf --cover 3",
        "--cb_explore_adf --sparse_weights",
        "--cb_explore_adf -f model",
        "--cb_explore_adf -b 99",
        "--cb_explore_adf -l nan",
        "--cb_explore_adf -l 1.2.3",
        "--csoaa_ldf mc",
        "--cb_explore_adf  --squarecb",
        "--cb_explore_adf --squarecb --data /etc/passwd",
        "--cb_explore_adf --squarecb\n",
    ],
)
def test_arguments_off_the_allow_list_are_refused(arguments: str) -> None:
    with pytest.raises(ValueError, match="allow-list"):
        VowpalLearner(arguments)
