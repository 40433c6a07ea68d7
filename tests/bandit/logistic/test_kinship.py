import json
import random
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bandit.logistic import kinship as kinship_module
from bandit.logistic.kinship import TAGS, WIDEST, Kinship, mean_over, means_over

tastes = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-3, 3), max_size=5)
wild = st.dictionaries(st.sampled_from("abcd"), st.floats(allow_nan=False, allow_infinity=False), max_size=4)


def knowing(*seen: dict[str, float]) -> Kinship:
    kinship = Kinship()
    for taste in seen:
        kinship.admit(taste)
    return kinship


def some_tastes(count: int = 400) -> list[dict[str, float]]:
    """Return tastes in which westerns go with crime, romance against both, and sea with nothing."""
    rng = random.Random(1)
    tastes = []
    for _ in range(count):
        rough = rng.gauss(0, 1)
        tastes.append(
            {
                "western": rough + rng.gauss(0, 0.3),
                "crime": rough + rng.gauss(0, 0.3),
                "romance": -rough + rng.gauss(0, 0.3),
                "sea": rng.gauss(0, 1),
            }
        )
    return tastes


def test_before_any_taste_was_seen_a_taste_is_itself_and_nothing_follows_from_it() -> None:
    assert Kinship().centred({"moon": 0.5}) == {"moon": 0.5}
    assert Kinship().kindred({"moon": 0.5}) == {}
    assert knowing({}).kindred({}) == {}


def test_a_taste_is_measured_from_what_is_usual() -> None:
    """Where everyone likes the moon, who likes it as much likes nothing in particular."""
    kinship = knowing(*[{"moon": 2.0 + step / 10, "sea": step / 10} for step in (-2, -1, 0, 1, 2)] * 40)
    assert kinship.centred({"moon": 2.0})["moon"] == pytest.approx(0, abs=0.1)
    assert kinship.centred({"moon": 1.0})["moon"] < -1
    assert kinship.centred({"sea": 0.5})["sea"] > 1


def test_in_tastes_that_are_all_ten_times_as_strong_nothing_is_different() -> None:
    one, other = Kinship(), Kinship()
    for taste in some_tastes():
        one.admit(taste)
        other.admit({tag: 10 * value for tag, value in taste.items()})
    assert other.centred({"western": 5.0}) == pytest.approx(one.centred({"western": 0.5}))
    assert other.kindred({"western": 0.5}) == pytest.approx(one.kindred({"western": 0.5}), abs=0.05)


def test_what_goes_together_among_viewers_follows_from_one_another() -> None:
    kindred = knowing(*some_tastes()).kindred({"western": 1.0})
    assert kindred["western"] > 0.5
    assert kindred["crime"] > 0.5
    assert kindred["romance"] < -0.5
    assert abs(kindred["sea"]) < 0.15


def test_the_less_was_seen_the_less_follows() -> None:
    amounts = [knowing(*some_tastes(count)).kindred({"western": 1.0})["crime"] for count in (5, 20, 400)]
    assert amounts == sorted(amounts)
    assert amounts[-1] > 2 * amounts[0]


def test_nothing_follows_from_a_tag_that_was_never_seen() -> None:
    kinship = knowing(*some_tastes(50))
    assert kinship.kindred({"space": 1.0}) == {}
    assert kinship.kindred({"space": 1.0, "western": 0.5}) == kinship.kindred({"western": 0.5})


def test_it_is_the_covariance_of_tastes() -> None:
    """With the second moments of all that was centred as it came, shrunk as by viewers whose tastes are noise."""
    kinship, moments, tags = Kinship(), np.zeros((4, 4)), ("western", "crime", "romance", "sea")
    for taste in some_tastes(60):
        kinship.admit(taste)
        centred = np.array([kinship.centred(taste)[tag] for tag in tags])
        moments += np.outer(centred, centred)
    liking = np.array([1.0, 0.0, 0.0, -0.5])
    expected = moments @ liking / (np.trace(moments) / 4) / (1 + 20 / 60)
    kindred = kinship.kindred({"western": 1.0, "sea": -0.5})
    assert [kindred[tag] for tag in tags] == pytest.approx(expected.tolist())


def test_the_tags_are_bounded_and_further_ones_say_nothing_of_others() -> None:
    kinship = knowing(*[{f"tag {number}": 1.0, f"tag {number + 1}": -1.0} for number in range(2 * TAGS)])
    assert len(kinship.state()["sums"]) == TAGS
    assert kinship.kindred({f"tag {TAGS + 5}": 1.0}) == {}
    assert set(kinship.kindred({"tag 0": 1.0})) == {f"tag {number}" for number in range(TAGS)}


@given(st.lists(tastes, max_size=30), tastes)
def test_a_centred_taste_has_the_same_tags_within_bounds(
    seen: list[dict[str, float]], taste: dict[str, float]
) -> None:
    kinship = knowing({"a": 1.0}, {"b": -1.0}, *seen)
    centred = kinship.centred(taste)
    assert list(centred) == list(taste)
    assert all(-WIDEST <= value <= WIDEST for value in centred.values())


@given(st.lists(wild, max_size=10), wild)
def test_absurd_tastes_make_no_number_that_is_not_finite(
    seen: list[dict[str, float]], taste: dict[str, float]
) -> None:
    kinship = knowing(*seen)
    liking = kinship.centred(taste)
    assert np.isfinite([*liking.values(), *kinship.kindred(liking).values()]).all()


@pytest.mark.parametrize("tags", [3, TAGS + 5])
def test_worth_is_a_taste_and_what_is_kindred_to_it_each_times_its_weight(tags: int) -> None:
    kinship, rng = Kinship(), random.Random(3)
    names = [f"tag-{number}" for number in range(tags)]
    for _ in range(30):
        kinship.admit({name: rng.gauss(0, 1) for name in names})
    liking = kinship.centred({name: rng.gauss(0, 1) for name in [names[0], names[-1], "new"]})
    kindred = kinship.kindred(liking)
    known = kindred.keys() | liking.keys()
    assert worths(kinship, liking, known, 2.0) == {
        tag: pytest.approx(0.25 * liking.get(tag, 0.0) + 2.0 * kindred.get(tag, 0.0)) for tag in known
    }
    assert worths(kinship, liking, {"never"}, 2.0) == {"never": 0.0}
    assert worths(Kinship(), {"moon": 1.0}, {"moon", "sea"}, 2.0) == {"moon": 0.25, "sea": 0.0}


def worths(kinship: Kinship, liking: dict[str, float], tags: Iterable[str], kindred: float) -> dict[str, float]:
    """Return the worth of each tag, as that of an action with no other tag."""
    named = list(tags)
    actions = kinship.tag_rows(tuple((tag,) for tag in named))
    return dict(zip(named, means_over(kinship.worth(liking, 0.25, kindred), actions).tolist(), strict=True))


@given(st.lists(st.lists(st.sampled_from([*"abcdefgh", "new", "newer"]), max_size=20), min_size=1), tastes)
@example([["a"] * 16], {"a": 0.0})
def test_the_mean_worth_over_an_actions_tags_is_that_of_plain_addition(
    actions: list[list[str]], taste: dict[str, float]
) -> None:
    """To the last bit, whatever number of tags an action has, and whether or not they are known."""
    kinship = knowing({"a": 1.0, "b": 0.3}, {"b": -1.0, "c": 0.1}, {"a": 0.7, "d": 2.0})
    liking, tags = kinship.centred(taste), tuple(map(tuple, actions))
    alone = worths(kinship, liking, {*"abcdefgh", "new", "newer"}, -0.7)
    means = means_over(kinship.worth(liking, 0.25, -0.7), kinship.tag_rows(tags))
    assert means.tolist() == [mean_over(alone, each) for each in tags]


def test_the_rows_of_tags_are_those_of_now_and_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinship_module, "SETS", 3)
    kinship, both = knowing({"moon": 1.0, "sea": -1.0}), (("sea", "sun"), ("moon",))
    assert kinship.tag_rows(both).rows.T.tolist() == [[1, TAGS], [0, TAGS]]
    kinship.admit({"sun": 0.5})
    assert kinship.tag_rows(both).rows.T.tolist() == [[1, 2], [0, TAGS]]
    for number in range(10):
        assert kinship.tag_rows(((f"tag {number}",),)).rows.tolist() == [[TAGS]]
        assert len(kinship._tag_rows) <= 3  # noqa: SLF001


def test_rows_are_taken_over_only_where_they_are_the_same() -> None:
    before, other = knowing({"moon": 1.0, "sea": -1.0}), knowing({"sea": -1.0, "moon": 1.0})
    tags = (("moon", "sea"),)
    rows = before.tag_rows(tags)
    same = Kinship.restore(before.state())
    same.take_over(before)
    assert same.tag_rows(tags) is rows
    other.take_over(before)
    assert other.tag_rows(tags).rows.T.tolist() == [[1, 0]]


def test_the_mean_over_tags_counts_those_of_which_nothing_is_known_as_0() -> None:
    assert mean_over({"moon": 1.0, "sea": -4.0}, ("moon", "night")) == 0.5
    assert mean_over({"moon": 1.0}, ()) == 0.0


def test_looking_changes_nothing() -> None:
    kinship = knowing(*some_tastes(20))
    before = json.dumps(kinship.state())
    kinship.kindred(kinship.centred({"western": 1.0, "space": 2.0}))
    assert json.dumps(kinship.state()) == before


@given(st.lists(tastes, max_size=20), st.lists(tastes, max_size=20), tastes)
def test_stopped_and_restored_it_goes_on_the_same(
    before: list[dict[str, float]], then: list[dict[str, float]], asked: dict[str, float]
) -> None:
    never_stopped = knowing(*before, *then)
    restored = Kinship.restore(json.loads(json.dumps(knowing(*before).state())))
    for taste in then:
        restored.admit(taste)
    assert json.dumps(restored.state()) == json.dumps(never_stopped.state())
    assert restored.centred(asked) == never_stopped.centred(asked)
    assert restored.kindred(asked) == never_stopped.kindred(asked)
