import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bandit.types import Attributes
from bandit.vocabulary import KEYS, VALUES, Vocabulary
from bandit.vowpal.bins import Bins

words = st.sampled_from(["de", "fr", "jp", "~other", "", "a b"])
attributes = st.dictionaries(st.sampled_from(["country", "age", "mood"]), words | st.floats(-100, 100))


def knowing(*seen: Attributes) -> Vocabulary:
    vocabulary = Vocabulary(Bins)
    for each in seen:
        vocabulary.admit(each)
    return vocabulary


def names(vocabulary: Vocabulary, attributes: Attributes) -> list[str]:
    """Return the names of the features; there is 1 of each."""
    features = vocabulary.features(attributes)
    assert all(amount == 1.0 for _, amount in features)
    return [name for name, _ in features]


def test_a_known_value_is_a_feature() -> None:
    assert names(knowing({"country": "DE"}), {"country": "DE"}) == ["country=DE"]


def test_an_unknown_value_says_nothing_as_long_as_there_is_room_for_it() -> None:
    assert names(knowing({"country": "DE"}), {"country": "FR"}) == []


def test_a_value_for_which_there_is_no_room_is_the_keys_other() -> None:
    assert names(knowing(*unique(VALUES)), {"name": "FR"}) == ["name=~other"]


def test_an_unknown_key_says_nothing() -> None:
    assert names(knowing({"country": "DE"}), {"city": "Ulm", "age": 3.0}) == []


def test_a_value_that_is_called_other_is_not_the_other() -> None:
    vocabulary = knowing({"country": "~other"})
    assert vocabulary.features({"country": "~other"}) != vocabulary.features({"country": "FR"})


def test_a_key_may_hold_a_word_at_one_time_and_a_number_at_another() -> None:
    vocabulary = knowing({"age": "old"}, {"age": 70.0})
    assert names(vocabulary, {"age": "old"}) == ["age=old"]
    assert names(vocabulary, {"age": 70.0}) == ["age~g0b0"]


def test_looking_changes_nothing() -> None:
    vocabulary = knowing({"country": "DE"})
    before = json.dumps(vocabulary.state())
    vocabulary.features({"country": "FR", "city": "Ulm", "age": 3.0})
    assert json.dumps(vocabulary.state()) == before


def unique(count: int, prefix: str = "x") -> list[Attributes]:
    return [{"name": f"{prefix}{number}"} for number in range(count)]


def test_the_values_of_a_key_are_bounded() -> None:
    vocabulary = knowing(*unique(VALUES + 50))
    assert len(vocabulary.state()["words"]["name"]) == VALUES


def test_a_new_value_takes_the_place_of_the_one_that_was_rare_for_longest() -> None:
    vocabulary = knowing(*unique(VALUES), {"name": "x0"}, {"name": "new"})
    known = [names(vocabulary, {"name": f"x{number}"}) for number in range(4)]
    assert known == [["name=x0"], ["name=~other"], ["name=x2"], ["name=x3"]]


def test_a_flood_of_values_does_not_displace_one_that_comes_often() -> None:
    vocabulary = knowing(*[{"name": "ada"}] * 20, *unique(10 * VALUES))
    assert names(vocabulary, {"name": "ada"}) == ["name=ada"]


def test_a_value_that_comes_often_after_a_flood_gets_in() -> None:
    vocabulary = knowing(*unique(5 * VALUES))
    assert names(vocabulary, {"name": "ada"}) == ["name=~other"]
    for number in range(100):
        vocabulary.admit({"name": "ada"})
        for each in unique(20, f"{number}-"):
            vocabulary.admit(each)
    assert names(vocabulary, {"name": "ada"}) == ["name=ada"]


def test_what_comes_once_when_all_places_are_taken_is_the_other() -> None:
    vocabulary = knowing(*unique(VALUES))
    for each in unique(2 * VALUES, "y"):
        vocabulary.admit(each)
        assert names(vocabulary, each) == ["name=~other"]


def test_whenever_a_feature_changes_so_does_the_count_of_changes() -> None:
    vocabulary = knowing(*unique(VALUES))
    asked: list[Attributes] = [{"name": name} for name in ("x0", "x1", "ada", "bob")]
    for name in ["ada", "ada", "ada", "x1", "bob", "bob", "x1", "ada", "bob", "bob"]:
        before, changes = [vocabulary.features(each) for each in asked], vocabulary.changes
        vocabulary.admit({"name": name})
        if before != [vocabulary.features(each) for each in asked]:
            assert vocabulary.changes > changes


def test_what_is_seen_again_and_again_changes_nothing() -> None:
    vocabulary = knowing({"country": "DE"})
    changes = vocabulary.changes
    vocabulary.admit({"country": "DE"})
    assert vocabulary.changes == changes


def test_the_keys_are_bounded_for_words_and_for_numbers() -> None:
    seen: list[Attributes] = [{f"word{n}": "x", f"number{n}": 1.0} for n in range(KEYS + 10)]
    vocabulary = knowing(*seen)
    state = vocabulary.state()
    assert (len(state["words"]), len(state["numbers"])) == (KEYS, KEYS)
    assert names(vocabulary, {f"word{KEYS}": "x", f"number{KEYS}": 1.0}) == []
    assert names(vocabulary, {"word0": "x", "number0": 1.0}) == ["word0=x", "number0~g0b0"]


@pytest.fixture(params=[2, VALUES])
def values(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be so few places that they are fought for, or many."""
    monkeypatch.setattr("bandit.vocabulary.VALUES", request.param)


@pytest.mark.usefixtures("values")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(attributes, max_size=40), st.lists(attributes, max_size=40), attributes)
def test_stopped_and_restored_it_goes_on_the_same(
    before: list[Attributes], after: list[Attributes], asked: Attributes
) -> None:
    never_stopped = knowing(*before, *after)
    restored = Vocabulary.restore(json.loads(json.dumps(knowing(*before).state())), Bins)
    for each in after:
        restored.admit(each)
    assert json.dumps(restored.state()) == json.dumps(never_stopped.state()), "their order is part of it"
    assert restored.features(asked) == never_stopped.features(asked)
