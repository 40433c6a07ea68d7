import random
from typing import get_args

import pytest

from bandit.learners import Kind, kind_of, new_learner, restored
from bandit.logistic.learner import LogisticLearner
from bandit.policy import Learner
from bandit.sealing import UnusableSnapshot, seal, unseal
from bandit.types import Context, Example
from bandit.vowpal.learner import VowpalLearner
from tests.builders import a_context, some_actions

KINDS = get_args(Kind)
every_kind = pytest.mark.parametrize("kind", KINDS)


def taught(kind: Kind) -> Learner:
    learner, rng = new_learner(kind), random.Random(1)
    for _ in range(60):
        learner.learn(Example(a_context(rng), some_actions(4), rng.randrange(4), 0.25, float(rng.random() < 0.3)))
    return learner


def test_the_one_that_is_usual_is_the_logistic_one() -> None:
    assert isinstance(new_learner(), LogisticLearner)


@pytest.mark.parametrize(("kind", "made"), [("logistic", LogisticLearner), ("vowpal", VowpalLearner)])
def test_each_is_had_by_its_name(kind: Kind, made: type[Learner]) -> None:
    assert type(new_learner(kind)) is made
    assert type(restored(new_learner(kind).snapshot())) is made


@every_kind
def test_a_snapshot_says_whose_it_is_and_that_learner_goes_on_from_it(kind: Kind) -> None:
    learner = taught(kind)
    snapshot = learner.snapshot()
    again = restored(snapshot)
    assert kind_of(snapshot) == kind
    assert again.weights().tobytes() == learner.weights().tobytes()
    context, actions = a_context(random.Random(2)), some_actions(5)
    assert again.probabilities(context, actions) == learner.probabilities(context, actions)
    assert restored(snapshot, kind).weights().tobytes() == learner.weights().tobytes()


@every_kind
def test_a_snapshot_of_another_learner_than_the_wanted_one_is_refused(kind: Kind) -> None:
    snapshot = new_learner(kind).snapshot()
    for wanted in set(KINDS) - {kind}:
        with pytest.raises(UnusableSnapshot, match=f"of the learner '{kind}', and '{wanted}' was asked for"):
            restored(snapshot, wanted)


def test_a_snapshot_from_before_there_were_others_is_vowpal_wabbits() -> None:
    learner = taught("vowpal")
    head, body = unseal(learner.snapshot())
    del head["learner"]
    old = seal(head, body)
    assert kind_of(old) == "vowpal"
    assert restored(old, "vowpal").weights().tobytes() == learner.weights().tobytes()


def test_a_snapshot_of_a_learner_that_there_is_no_more_is_refused() -> None:
    with pytest.raises(UnusableSnapshot, match="learner 'oracle', which this version does not have"):
        restored(seal({"learner": "oracle"}, b""))


@every_kind
def test_a_damaged_snapshot_is_refused_whoever_is_wanted(kind: Kind) -> None:
    snapshot = new_learner(kind).snapshot()[:-1] + b"\x00\x00"
    for wanted in (None, *KINDS):
        with pytest.raises(UnusableSnapshot, match="damaged"):
            restored(snapshot, wanted)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_who_is_handed_anothers_snapshot_under_its_own_name_refuses_it(kind: Kind, other: Kind) -> None:
    head, body = unseal(new_learner(other).snapshot())
    foreign = seal({**head, "learner": kind}, body)
    if kind == other:
        assert type(restored(foreign)) is type(new_learner(kind))
    else:
        with pytest.raises(UnusableSnapshot, match="can't be restored"):
            restored(foreign)


def test_in_the_place_of_another_it_is_the_same_and_nothing_of_that_is_left() -> None:
    actions, contexts = some_actions(3), [Context({"country": country}) for country in ("DE", "FR")]
    snapshots = []
    for context in contexts:
        learner = new_learner()
        learner.learn(Example(context, actions, 0, 0.5, 1.0))
        snapshots.append(learner.snapshot())
    before = restored(snapshots[0])
    with pytest.raises(UnusableSnapshot):
        restored(snapshots[1][:-1], before=before)
    assert (before.weights() == restored(snapshots[0]).weights()).all()
    after = restored(snapshots[1], before=before)
    assert (after.weights() == restored(snapshots[1]).weights()).all()
