import json
import random
from itertools import count

import pytest

from bandit import hearsay as hearsay_module
from bandit.hearsay import DECISIONS, LONGEST, PLACES, Hearsay
from bandit.learners import new_learner, restored
from bandit.logistic.learner import LogisticLearner
from bandit.policy import Learner
from bandit.types import Context, Example, Witness
from tests.builders import some_actions
from tests.learners import KINDS

WORD = ("country", "DE")
ACTIONS = some_actions(3)


def confirmed(*witnesses: Witness) -> list[bool]:
    hearsay = Hearsay()
    return [hearsay.confirms(WORD, witness) for witness in witnesses]


def test_a_word_is_known_once_three_profiles_have_used_it() -> None:
    assert confirmed(Witness(1, 0), Witness(1, 1), Witness(2, 0), Witness(1, 2), Witness(3, 0)) == [False] * 4 + [
        True
    ]


@pytest.mark.parametrize(("hours", "known"), [(1, False), (2, False), (3, True)])
def test_or_once_it_came_in_thirty_decisions_for_nobody_of_three_hours(hours: int, known: bool) -> None:
    witnesses = [Witness(0, number % hours) for number in range(DECISIONS)]
    assert confirmed(*witnesses) == [False] * (DECISIONS - 1) + [known]


def test_a_word_that_is_too_long_is_never_known() -> None:
    hearsay = Hearsay()
    assert not any(hearsay.confirms(("name", "x" * LONGEST), Witness(who, 0)) for who in range(1, 9))
    assert len(hearsay) == 0


def test_a_word_that_is_used_often_gets_through_a_flood_of_words_that_are_used_once() -> None:
    hearsay, rng, made_up = Hearsay(), random.Random(1), count()
    for who in range(1, 200):
        if hearsay.confirms(WORD, Witness(who, 0)):
            break
        for _ in range(PLACES // 2):
            assert not hearsay.confirms(("country", f"x{next(made_up)}"), Witness(rng.randrange(1, 1 << 24), 0))
    else:
        pytest.fail("The word was never known.")
    assert len(hearsay) <= PLACES


def test_which_words_share_a_place_depends_on_the_first_salt() -> None:
    def places(salt: int) -> list[bool]:
        hearsay = Hearsay()
        hearsay.confirms(WORD, Witness(9, 0, salt))
        before = json.dumps(hearsay.state())
        found = []
        for number in range(4 * PLACES):
            other = Hearsay.restore(json.loads(before))
            other.confirms(("country", f"x{number}"), Witness(5, 0))
            found.append(len(other) == 1)
        return found

    assert 0 < sum(places(1)) < 20
    assert places(1) != places(2)


def test_what_was_heard_goes_on_as_if_it_had_never_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearsay_module, "PLACES", 5)
    rng, whole, again = random.Random(2), Hearsay(), Hearsay()
    for _ in range(2_000):
        word, witness = ("country", f"x{rng.randrange(30)}"), Witness(rng.randrange(5), rng.randrange(5))
        assert whole.confirms(word, witness) == again.confirms(word, witness)
        again = Hearsay.restore(json.loads(json.dumps(again.state())))
        assert again.state() == whole.state()


# -------------------------------------------------------------------- what it is to a learner


def an_example(country: str, witness: Witness | None, reward: float = 1.0) -> Example:
    return Example(Context({"placement": "row", "country": country}, {}, witness), ACTIONS, 0, 0.5, reward)


@pytest.fixture(params=KINDS)
def learner(request: pytest.FixtureRequest) -> Learner:
    made = new_learner(request.param)
    for who in range(1, 4):
        made.learn(an_example("DE", Witness(who, 0)))
    return made


def test_made_up_words_weigh_nothing_and_cost_next_to_nothing(learner: Learner) -> None:
    """They came one by one in a thousand requests: 4 kB of a snapshot became 8.5 MB that way."""
    plain = restored(learner.snapshot())
    begin = len(learner.snapshot())
    for number in range(3_000):
        learner.learn(an_example(f"x{number}", Witness(0, number % 9), float(number % 2)))
        plain.learn(Example(Context({"placement": "row"}), ACTIONS, 0, 0.5, float(number % 2)))
    assert len(learner.snapshot()) - begin < 40_000
    assert (learner.weights() == plain.weights()).all()


def test_a_word_that_viewers_use_is_learned_of(learner: Learner) -> None:
    for who in range(1, 60):
        learner.learn(an_example("JP", Witness(who, 0), 0.0))
        learner.learn(an_example("DE", Witness(who, 0), 1.0))
    japan, germany = (
        learner.probabilities(Context({"placement": "row", "country": c}), ACTIONS) for c in ("JP", "DE")
    )
    assert japan[0] != germany[0]


def test_what_a_forgotten_profile_was_heard_to_say_goes_and_what_others_said_stays() -> None:
    hearsay = Hearsay()
    others = ("country", "Atlantis")
    hearsay.confirms(WORD, Witness(1, 0, 7))
    hearsay.confirms(WORD, Witness(2, 0))
    hearsay.confirms(others, Witness(3, 0))
    hearsay.forget(1)
    assert str(hearsay.state()).count("Atlantis") == 1
    assert WORD[1] not in str(hearsay.state())


def test_a_vocabulary_that_is_restored_keeps_the_salt_of_a_hearsay_in_which_nothing_is_left() -> None:
    learner = LogisticLearner()
    for who in range(1, 4):
        learner.learn(an_example("DE", Witness(who, 0, 77)))
    restored = LogisticLearner.restore(learner.snapshot())
    for each in (learner, restored):
        each.learn(an_example("FR", Witness(1, 0, 5)))
    assert restored.snapshot() == learner.snapshot()
