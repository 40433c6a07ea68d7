import math
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandit.policy import UnlearnableExample
from bandit.sealing import UnusableSnapshot, seal
from bandit.types import Action, Context, Example
from bandit.vowpal.learner import DEFAULT_ARGUMENTS, VowpalLearner
from tests.builders import a_context, some_actions

SQUARECB = "--cb_explore_adf --squarecb --gamma_scale 300 -l 0.1 -q CA"


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


def taught(examples: Sequence[Example], learner: VowpalLearner | None = None) -> VowpalLearner:
    learner = learner or VowpalLearner()
    for example in examples:
        learner.learn(example)
    return learner


# -------------------------------------------------------------------- choosing


@pytest.mark.parametrize("n", [1, 2, 7, 64])
def test_who_knows_nothing_gives_all_the_same_chance(n: int) -> None:
    probabilities = VowpalLearner().probabilities(a_context(random.Random(1)), some_actions(n))
    assert probabilities == pytest.approx([1 / n] * n)


def test_probabilities_sum_to_1() -> None:
    learner, rng = taught(some_examples(200)), random.Random(2)
    for _ in range(50):
        assert abs(sum(learner.probabilities(a_context(rng), some_actions(rng.randrange(1, 30)))) - 1) < 1e-12


def test_what_is_liked_where_is_learned() -> None:
    learner = taught(some_examples(600))
    german, french = (Context({"country": country, "device": "tv", "age": 30.0}) for country in ("DE", "FR"))
    assert np.argmax(learner.probabilities(german, some_actions(5))) == 0
    assert np.argmin(learner.probabilities(french, some_actions(5))) == 0


@pytest.mark.parametrize("arguments", [SQUARECB, "--cb_explore_adf --regcbopt --mellowness 0.01 -l 0.1 -q CA"])
def test_each_probability_stands_where_its_action_does(arguments: str) -> None:
    learner = taught(some_examples(200), VowpalLearner(arguments))
    rng, actions = random.Random(3), some_actions(5)
    for _ in range(20):
        context, order = a_context(rng), rng.sample(range(5), 5)
        straight = learner.probabilities(context, actions)
        shuffled = learner.probabilities(context, [actions[index] for index in order])
        assert shuffled == pytest.approx([straight[index] for index in order], abs=1e-6)


def test_a_context_that_is_used_again_chooses_as_a_fresh_one_does() -> None:
    """A page shares one parsed context among its titles, also when something is learned in between."""
    learner, rng = taught(some_examples(200)), random.Random(4)
    context = a_context(rng)
    new = Example(Context({"country": "IT", "mood": "new"}), some_actions(3, "apollo"), 1, 0.5, 1.0)
    for turn in range(6):
        for title in ("apollo", "countdown", "tides"):
            actions = some_actions(4, title)
            again = learner.probabilities(context, actions)
            fresh = learner.probabilities(Context(dict(context.attributes), dict(context.taste)), actions)
            assert again == fresh
            assert again == learner.probabilities(context, actions)
        learner.learn(
            new if turn % 2 else replace(new, context=Context({"country": context.attributes["country"]}))
        )


def test_looking_teaches_nothing() -> None:
    learner = taught(some_examples(50))
    before = learner.weights()
    rng = random.Random(5)
    for _ in range(50):
        learner.probabilities(a_context(rng), some_actions(5))
    assert np.array_equal(learner.weights(), before)


# -------------------------------------------------------------------- snapshots


@pytest.mark.parametrize("stops", [[0], [1], [150], [10, 20, 30, 299], list(range(0, 300, 25))])
def test_stopped_and_restored_it_learns_on_as_if_it_never_stopped(stops: list[int]) -> None:
    examples = some_examples(300)
    never_stopped = taught(examples)
    learner = VowpalLearner()
    for number, example in enumerate(examples):
        if number in stops:
            learner = VowpalLearner.restore(learner.snapshot())
        learner.learn(example)
    assert learner.weights().tobytes() == never_stopped.weights().tobytes()
    rng = random.Random(6)
    for _ in range(30):
        context, actions = a_context(rng), some_actions(5)
        assert learner.probabilities(context, actions) == never_stopped.probabilities(context, actions)


def test_what_was_written_before_does_not_say_in_which_order_the_same_attributes_are_written() -> None:
    """Sums in float32 depend on their order, and a learner that was restored has written nothing before."""
    rng = random.Random(8)
    numbered = {f"key{number}": rng.choice(["a", "b"]) for number in range(20)}
    examples = []
    for _ in range(60):
        attributes, taste = rng.sample(list(numbered.items()), 20), [("moon", 1.1), ("sea", -0.3)]
        context = Context(dict(attributes), dict(rng.sample(taste, 2)))
        examples.append(Example(context, some_actions(3), rng.randrange(3), 0.3, rng.random()))
    never_stopped, learner = taught(examples), VowpalLearner()
    for example in examples:
        learner = VowpalLearner.restore(learner.snapshot())
        learner.learn(example)
    assert learner.weights().tobytes() == never_stopped.weights().tobytes()


def test_a_snapshot_of_another_shape_is_refused() -> None:
    head = {"arguments": DEFAULT_ARGUMENTS, "vocabulary": {"words": {"a": ["b"]}, "numbers": {}}}
    with pytest.raises(UnusableSnapshot):
        VowpalLearner.restore(seal(head, b""))


def test_a_restored_learner_chooses_the_same() -> None:
    learner = taught(some_examples(300))
    restored = VowpalLearner.restore(learner.snapshot())
    assert restored.arguments == learner.arguments
    assert np.array_equal(restored.weights(), learner.weights())
    rng = random.Random(7)
    for _ in range(30):
        context, actions = a_context(rng), some_actions(5)
        assert restored.probabilities(context, actions) == learner.probabilities(context, actions)


def test_a_snapshot_keeps_its_arguments() -> None:
    learner = taught(some_examples(20), VowpalLearner(SQUARECB))
    assert VowpalLearner.restore(learner.snapshot()).arguments == SQUARECB


@cache
def _snapshot() -> bytes:
    return taught(some_examples(60)).snapshot()


@given(st.integers(0, 1_000_000))
def test_a_snapshot_cut_short_anywhere_is_refused(length: int) -> None:
    with pytest.raises(UnusableSnapshot):
        VowpalLearner.restore(_snapshot()[: length % len(_snapshot())])


@given(st.integers(0, 1_000_000), st.integers(1, 255))
@settings(max_examples=300)
def test_a_snapshot_with_one_byte_changed_anywhere_is_refused(place: int, change: int) -> None:
    damaged = bytearray(_snapshot())
    damaged[place % len(damaged)] ^= change
    with pytest.raises(UnusableSnapshot):
        VowpalLearner.restore(bytes(damaged))


@pytest.mark.parametrize("garbage", [b"", b"\n", b"{}\n", b"garbage" * 100, bytes(1000)])
def test_what_never_was_a_snapshot_is_refused(garbage: bytes) -> None:
    with pytest.raises(UnusableSnapshot):
        VowpalLearner.restore(garbage)


def test_a_snapshot_with_something_behind_it_is_refused() -> None:
    with pytest.raises(UnusableSnapshot):
        VowpalLearner.restore(_snapshot() + b"\x00")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_learner_with_a_number_that_is_not_finite_is_unhealthy_and_its_snapshot_refused(
    number: float, column: int
) -> None:
    learner = taught(some_examples(20))
    assert learner.healthy()
    touched = int(np.flatnonzero(learner.weights()[:, 0])[0])
    learner._weights()[touched, column] = number  # noqa: SLF001 - no input can bring it about
    assert not learner.healthy()
    with pytest.raises(UnusableSnapshot, match="not finite"):
        VowpalLearner.restore(learner.snapshot())


# -------------------------------------------------------------------- what is refused


GOOD = Example(Context({"country": "new", "size": 1.0}, {"moon": 0.5}), some_actions(3), 1, 0.5, 1.0)
BAD = {
    "p = 0": replace(GOOD, propensity=0.0),
    "p < 0": replace(GOOD, propensity=-0.1),
    "p > 1": replace(GOOD, propensity=1.1),
    "p is NaN": replace(GOOD, propensity=math.nan),
    "p is infinite": replace(GOOD, propensity=math.inf),
    "reward > 1": replace(GOOD, reward=1.1),
    "reward < 0": replace(GOOD, reward=-0.1),
    "reward is NaN": replace(GOOD, reward=math.nan),
    "reward is infinite": replace(GOOD, reward=math.inf),
    "chose what is not there": replace(GOOD, chosen=3),
    "chose before the first": replace(GOOD, chosen=-1),
    "no actions": replace(GOOD, actions=[]),
    "attribute is NaN": replace(GOOD, context=Context({"size": math.nan})),
    "attribute is infinite": replace(GOOD, context=Context({"size": math.inf})),
    "taste is infinite": replace(GOOD, context=Context({}, {"moon": math.inf})),
    "taste is NaN": replace(GOOD, context=Context({}, {"moon": math.nan})),
    "feature is infinite": replace(GOOD, actions=[*some_actions(2), Action("x", "t", (), {"warmth": math.inf})]),
    "feature is NaN": replace(GOOD, actions=[*some_actions(2), Action("x", "t", (), {"warmth": math.nan})]),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_an_unusable_example_is_refused_and_teaches_nothing(bad: Example) -> None:
    examples = some_examples(40)
    untroubled = taught(examples)
    learner = taught(examples[:20])
    weights, snapshot = learner.weights(), learner.snapshot()
    with pytest.raises(UnlearnableExample):
        learner.learn(bad)
    assert np.array_equal(learner.weights(), weights)
    assert learner.snapshot() == snapshot
    assert taught(examples[20:], learner).weights().tobytes() == untroubled.weights().tobytes()


@pytest.mark.parametrize("reward", [0.0, 5e-324, 1e-5, 0.2, 1.0])
@pytest.mark.parametrize("propensity", [5e-324, 0.004, 1.0])
def test_every_reward_and_propensity_in_range_can_be_learned(reward: float, propensity: float) -> None:
    learner = taught([replace(GOOD, reward=reward, propensity=propensity)])
    assert learner.healthy()


def test_the_propensity_does_not_weigh_what_is_learned() -> None:
    rare, sure = (taught([replace(GOOD, propensity=p)]) for p in (0.001, 1.0))
    assert np.array_equal(rare.weights(), sure.weights())


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
