"""What every learner owes to the rest of Keyart."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bandit.learners import LOGISTIC, VOWPAL, Kind, forgotten, kind_of, new_learner, restored
from bandit.logistic.learner import LogisticLearner
from bandit.policy import Learner, UnlearnableExample
from bandit.sealing import UnusableSnapshot
from bandit.types import Action, Attributes, Case, Context, Example, Witness
from tests.builders import a_context, some_actions
from tests.learners import (
    GOOD,
    assert_same,
    every_kind,
    needs_vowpal,
    some_examples,
    taught,
    tiring_examples,
)
from tests.texts import NASTY


@cache
def class_of(kind: Kind) -> Any:
    return type(new_learner(kind))


def restore(kind: Kind, snapshot: bytes) -> Learner:
    """Ask the learner itself, which has to refuse what `restored` refuses before it."""
    learner: Learner = class_of(kind).restore(snapshot)
    return learner


@cache
def a_snapshot(kind: Kind) -> bytes:
    return taught(new_learner(kind), some_examples(60)).snapshot()


# -------------------------------------------------------------------- choosing


@every_kind
@pytest.mark.parametrize("n", [1, 2, 7, 16])
def test_who_knows_nothing_gives_all_the_same_chance(kind: Kind, n: int) -> None:
    bare = [Action(f"a{number}", "t") for number in range(n)]
    assert new_learner(kind).probabilities(a_context(random.Random(1)), bare) == pytest.approx([1 / n] * n)


@every_kind
def test_probabilities_sum_to_1(kind: Kind) -> None:
    learner, rng = taught(new_learner(kind), some_examples(200)), random.Random(2)
    for _ in range(50):
        probabilities = learner.probabilities(a_context(rng), some_actions(rng.randrange(1, 30)))
        assert abs(math.fsum(probabilities) - 1) < 1e-12
        assert all(0 <= p <= 1 for p in probabilities)


@every_kind
def test_each_probability_stands_where_its_action_does(kind: Kind) -> None:
    learner = taught(new_learner(kind), some_examples(200))
    rng, actions = random.Random(3), some_actions(5)
    for _ in range(20):
        context, order = a_context(rng), rng.sample(range(5), 5)
        straight = learner.probabilities(context, actions)
        shuffled = learner.probabilities(context, [actions[index] for index in order])
        assert shuffled == pytest.approx([straight[index] for index in order], abs=1e-4)


@every_kind
def test_a_context_that_is_used_again_chooses_as_a_fresh_one_does(kind: Kind) -> None:
    """A page shares one context among its titles, also when something is learned in between."""
    learner, rng = taught(new_learner(kind), some_examples(200)), random.Random(4)
    context = a_context(rng)
    new = Example(Context({"country": "IT", "mood": "new"}, {"moon": 2.0}), some_actions(3, "apollo"), 1, 0.5, 1.0)
    country = Context({"country": context.attributes["country"]})
    for turn in range(9):
        for title in ("apollo", "countdown", "tides"):
            actions = some_actions(4, title)
            again = learner.probabilities(context, actions)
            fresh = learner.probabilities(Context(dict(context.attributes), dict(context.taste)), actions)
            assert again == fresh
            assert again == learner.probabilities(context, actions)
        learner.learn([replace(new, context=context), new, replace(new, context=country)][turn % 3])


@every_kind
def test_of_several_cases_each_has_to_the_last_bit_what_it_has_alone(kind: Kind) -> None:
    """Viewers with and without tastes and showings, who see different numbers of actions, and a whole page."""
    learner, rng = taught(new_learner(kind), tiring_examples(300)), random.Random(9)
    cases = [Case(example.context, example.actions) for example in tiring_examples(40)]
    cases += [Case(Context({"country": "DE"}), some_actions(rng.randrange(1, 25))) for _ in range(20)]
    page = a_context(rng)
    cases += [Case(page, some_actions(rng.randrange(1, 6), title)) for title in ("apollo", "countdown", "tides")]
    fresh = restored(learner.snapshot(), kind)
    alone = [list(fresh.probabilities(*case)) for case in cases]
    for _ in range(2):  # the second time some are remembered
        assert [list(each) for each in learner.all_probabilities(cases)] == alone
    assert learner.all_probabilities([]) == []


@every_kind
def test_looking_teaches_nothing(kind: Kind) -> None:
    learner = taught(new_learner(kind), some_examples(50))
    before, rng = learner.weights(), random.Random(5)
    for _ in range(50):
        learner.probabilities(a_context(rng), some_actions(5))
    assert np.array_equal(learner.weights(), before)


@every_kind
def test_what_is_liked_where_is_learned(kind: Kind) -> None:
    learner = taught(new_learner(kind), some_examples(600))
    german, french = (Context({"country": country, "device": "tv", "age": 30.0}) for country in ("DE", "FR"))
    assert np.argmax(learner.probabilities(german, some_actions(5))) == 0
    assert np.argmin(learner.probabilities(french, some_actions(5))) == 0


@every_kind
@pytest.mark.parametrize("nasty", NASTY)
def test_a_learner_takes_any_text_as_it_takes_a_plain_word(kind: Kind, nasty: str) -> None:
    """With the text everywhere that text can stand, what is learned is the same under a renaming."""
    assert _learned_with(nasty, kind) == _learned_with("plain", kind)


def _learned_with(text: str, kind: Kind) -> list[list[float]]:
    learner = new_learner(kind)
    actions = [
        Action(f"{text}/{name}", text, (text, name), {text or "empty": 0.5, name: share})
        for name, share in (("left", 0.25), ("right", 0.75))
    ]
    said: Attributes = {"mood": text, text + "key": "yes", text + "number": 3.5}
    contexts = [Context({"mood": "calm"}, {"left": 1.0}), Context(said, {text: -0.5})]
    for turn in range(12):
        learner.learn(Example(contexts[turn % 2], actions, turn % 2, 0.5, float(turn % 3 == 0)))
    learner = restored(learner.snapshot())
    return [list(learner.probabilities(context, actions)) for context in contexts]


# -------------------------------------------------------------------- snapshots


@every_kind
def test_a_snapshot_says_whose_it_is_and_that_learner_goes_on_from_it(kind: Kind) -> None:
    learner = taught(new_learner(kind), some_examples(300))
    snapshot = learner.snapshot()
    assert kind_of(snapshot) == kind
    assert type(restored(snapshot)) is type(learner)
    assert_same(restored(snapshot), learner)
    assert_same(restored(snapshot, kind), learner)


@every_kind
@pytest.mark.parametrize("stops", [[0], [1], [150], [10, 20, 30, 299], list(range(0, 300, 25))])
def test_stopped_and_restored_it_learns_on_as_if_it_never_stopped(kind: Kind, stops: list[int]) -> None:
    examples, learner = some_examples(300), new_learner(kind)
    for number, example in enumerate(examples):
        if number in stops:
            learner = restored(learner.snapshot())
        learner.learn(example)
    assert_same(learner, taught(new_learner(kind), examples))


def mixed(rng: random.Random) -> Example:
    """Return an example with words and numbers of any size under the same keys."""
    keys = rng.sample([f"key{number}" for number in range(20)], 20)
    values: list[str | float] = ["a", "b", 0.1, 1e9, -3.0]
    taste = dict(rng.sample([("moon", 1.1), ("sea", -0.3), ("night", 0.7)], rng.randrange(4)))
    context = Context({key: rng.choice(values) for key in keys}, taste)
    return Example(context, some_actions(3), rng.randrange(3), 0.3, rng.random())


def in_another_order(rng: random.Random) -> Example:
    """Return an example with the same attributes each time.

    Sums in float32 depend on their order, and a learner that was restored has written nothing before.
    """
    numbered = {f"key{number}": "ab"[number % 2] for number in range(20)}
    taste = [("moon", 1.1), ("sea", -0.3)]
    context = Context(dict(rng.sample(list(numbered.items()), 20)), dict(rng.sample(taste, 2)))
    return Example(context, some_actions(3), rng.randrange(3), 0.3, rng.random())


@every_kind
@pytest.mark.parametrize("make", [mixed, in_another_order])
def test_interrupted_after_every_example_it_learns_as_if_it_never_was(
    kind: Kind, make: Callable[[random.Random], Example]
) -> None:
    rng = random.Random(8)
    examples, learner = [make(rng) for _ in range(60)], new_learner(kind)
    for example in examples:
        learner = restored(learner.snapshot())
        learner.learn(example)
    assert_same(learner, taught(new_learner(kind), examples))


@every_kind
@given(length=st.integers(0, 1_000_000))
def test_a_snapshot_cut_short_anywhere_is_refused(kind: Kind, length: int) -> None:
    with pytest.raises(UnusableSnapshot):
        restore(kind, a_snapshot(kind)[: length % len(a_snapshot(kind))])


@every_kind
@given(place=st.integers(0, 1_000_000), change=st.integers(1, 255))
@settings(max_examples=300)
def test_a_snapshot_with_one_byte_changed_anywhere_is_refused(kind: Kind, place: int, change: int) -> None:
    damaged = bytearray(a_snapshot(kind))
    damaged[place % len(damaged)] ^= change
    with pytest.raises(UnusableSnapshot):
        restore(kind, bytes(damaged))


@every_kind
@pytest.mark.parametrize("garbage", [b"", b"\n", b"{}\n", b"garbage" * 100, bytes(1000)])
def test_what_never_was_a_snapshot_is_refused(kind: Kind, garbage: bytes) -> None:
    with pytest.raises(UnusableSnapshot):
        restore(kind, garbage)


@every_kind
def test_a_snapshot_with_something_behind_it_is_refused(kind: Kind) -> None:
    with pytest.raises(UnusableSnapshot):
        restore(kind, a_snapshot(kind) + b"\x00")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("kind", "column"),
    [(LOGISTIC, column) for column in range(4)]
    + [pytest.param(VOWPAL, column, marks=needs_vowpal) for column in range(3)],
)
def test_a_learner_with_a_number_that_is_not_finite_is_unhealthy_and_its_snapshot_refused(
    kind: Kind, number: float, column: int
) -> None:
    learner = taught(new_learner(kind), some_examples(20))
    assert learner.healthy()
    touched = int(np.flatnonzero(learner.weights().any(axis=1))[0])
    numbers_of(learner)[touched, column] = number
    assert not learner.healthy()
    with pytest.raises(UnusableSnapshot, match="not finite"):
        restore(kind, learner.snapshot())


def numbers_of(learner: Any) -> NDArray[np.float32]:
    """Return the learned numbers themselves: no input can make one of them infinite."""
    numbers: NDArray[np.float32]
    numbers = learner._table.numbers if isinstance(learner, LogisticLearner) else learner._weights()  # noqa: SLF001
    return numbers


@every_kind
def test_weights_are_a_copy(kind: Kind) -> None:
    learner = taught(new_learner(kind), some_examples(20))
    copy = learner.weights()
    copy[:] = 1
    assert not np.array_equal(learner.weights(), copy)


# -------------------------------------------------------------------- what is forgotten


def heard(country: str, profile: int) -> Example:
    return replace(GOOD, context=Context({"country": country}, {}, Witness(profile, 0)))


@every_kind
def test_the_words_of_one_profile_are_forgotten(kind: Kind) -> None:
    learner = taught(new_learner(kind), [heard("Ruritania", 5)])
    assert b"Ruritania" in learner.snapshot()
    learner.forget(5)
    assert b"Ruritania" not in learner.snapshot()


@every_kind
def test_a_snapshot_forgets_the_words_of_profiles_and_nothing_else(kind: Kind) -> None:
    words = [heard("Ruritania", 5), heard("Zembla", 6), heard("Atlantis", 7)]
    learner = taught(new_learner(kind), [*some_examples(20), *words])
    without = forgotten(learner.snapshot(), [5, 6])
    assert b"Atlantis" in without
    assert b"Ruritania" not in without
    assert b"Zembla" not in without
    for profile in (5, 6):
        learner.forget(profile)
    assert_same(restored(without), learner)


# -------------------------------------------------------------------- what is refused


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


@every_kind
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_an_unusable_example_is_refused_and_teaches_nothing(kind: Kind, bad: Example) -> None:
    examples = some_examples(40)
    untroubled = taught(new_learner(kind), examples)
    learner = taught(new_learner(kind), examples[:20])
    weights, snapshot = learner.weights(), learner.snapshot()
    with pytest.raises(UnlearnableExample):
        learner.learn(bad)
    assert np.array_equal(learner.weights(), weights)
    assert learner.snapshot() == snapshot
    assert_same(taught(learner, examples[20:]), untroubled)


@every_kind
@pytest.mark.parametrize("reward", [0.0, 5e-324, 1e-5, 0.2, 1.0])
@pytest.mark.parametrize("propensity", [5e-324, 0.004, 1.0])
def test_every_reward_and_propensity_in_range_can_be_learned(kind: Kind, reward: float, propensity: float) -> None:
    learner = taught(new_learner(kind), [replace(GOOD, reward=reward, propensity=propensity)])
    assert learner.healthy()


@every_kind
def test_the_propensity_does_not_weigh_what_is_learned(kind: Kind) -> None:
    rare, sure = (taught(new_learner(kind), [replace(GOOD, propensity=p)]) for p in (0.001, 1.0))
    assert np.array_equal(rare.weights(), sure.weights())


# -------------------------------------------------------------------- showings


def told(learner: Learner, showings: dict[str, int], n: int = 4) -> Sequence[float]:
    context = Context({"country": "DE", "device": "tv", "age": 30.0}, {"moon": 1.0}, showings=showings)
    return learner.probabilities(context, bare_actions(n))


def bare_actions(n: int) -> list[Action]:
    return [Action(f"bare/{number}", "bare") for number in range(n)]


def familiar_examples(count: int) -> list[Example]:
    """Return examples in which pictures that were shown often are liked, and those never shown are not."""
    return [
        replace(example, reward=float(example.context.showings.get(example.actions[example.chosen].id, 0) > n % 5))
        for n, example in enumerate(tiring_examples(count))
    ]


@every_kind
@pytest.mark.parametrize(("examples", "sign"), [(tiring_examples, -1), (familiar_examples, 1)])
def test_it_learns_whether_pictures_tire_or_become_familiar(
    kind: Kind, examples: Callable[[int], list[Example]], sign: int
) -> None:
    """What was learned of some pictures applies to others, and more showings have more effect."""
    learner = taught(new_learner(kind), examples(2_000))
    for more, less in ((1, 0), (5, 0), (5, 1)):
        first, second = told(learner, {"bare/0": more, "bare/1": less}, 2)
        assert sign * (first - second) > 0


@every_kind
def test_without_showings_it_decides_as_if_there_were_none(kind: Kind) -> None:
    """Counts of 0, counts of pictures that are no candidates, and no counts are the same to the last bit."""
    learner = taught(new_learner(kind), tiring_examples(300))
    assert told(learner, {}) == told(learner, {"bare/0": 0}) == told(learner, {"bare/0": 0, "bare/3": 0})


@every_kind
def test_it_keeps_what_it_learned_of_showings(kind: Kind) -> None:
    examples = tiring_examples(400)
    whole = taught(new_learner(kind), examples)
    parts = new_learner(kind)
    for number, example in enumerate(examples):
        if number % 37 == 0:
            parts = restored(parts.snapshot(), kind, parts)
        told(parts, {"bare/0": 3})  # deciding in between changes nothing
        parts.learn(example)
    assert_same(whole, parts)
    for showings in ({}, {"bare/0": 1}, {"bare/1": 4, "bare/2": 200}):
        assert told(whole, showings) == told(parts, showings)


@every_kind
def test_one_viewers_showings_are_not_anothers(kind: Kind) -> None:
    """An answer that is remembered for viewers without showings is not given to one with them, nor the reverse."""
    learner = taught(new_learner(kind), tiring_examples(1_000))
    plain, actions = Context({"country": "DE"}), bare_actions(4)
    tired = replace(plain, showings={"bare/0": 8})
    fresh = restored(learner.snapshot(), kind)
    expected = {
        "tired": list(fresh.probabilities(tired, actions)),
        "plain": list(fresh.probabilities(plain, actions)),
    }
    assert expected["tired"] != expected["plain"]
    for _ in range(2):
        assert list(learner.probabilities(plain, actions)) == expected["plain"]
        assert list(learner.probabilities(tired, actions)) == expected["tired"]
