import random
from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandit.logistic import crossing as crossing_module
from bandit.logistic.crossing import BITS, CELLS, WIDEST, Crossing, Hashes, cells_of, crossed, hashed
from bandit.logistic.familiarity import NO_CELLS
from bandit.types import Action, Context
from tests.builders import a_context, some_actions

FILM = Action("countdown/0", "countdown", ("moon", "night"), {"warmth": 0.25, "contrast": 0.0})
texts = st.text(st.characters(exclude_categories=[]), max_size=12)


def knowing(*contexts: Context) -> Crossing:
    crossing = Crossing()
    for context in contexts:
        crossing.admit(context)
    return crossing


def of(*names: tuple[str, str]) -> list[int]:
    return [hashed(space, text) for space, text in names]


# -------------------------------------------------------------------- who watches


def test_who_watches_is_1_then_attributes_then_tastes() -> None:
    context = Context({"country": "DE", "age": 30.0}, {"moon": 0.5, "sea": -0.5})
    other = Context({"country": "FR", "age": 50.0}, {"moon": -0.5, "sea": 0.5})
    who = knowing(context, other, context).who(context)
    assert who.hashes.tolist() == of(("1", ""), ("C", "country=DE"), ("C", "age"), ("S", "moon"), ("S", "sea"))
    assert who.attributes == 3
    assert who.amounts[:2].tolist() == [1.0, 1.0]
    assert who.amounts[2] < 0, "younger than usual"
    assert who.amounts[3:].tolist() == pytest.approx([who.liking["moon"], who.liking["sea"]])
    assert set(who.kindred) == {"moon", "sea"}


def test_of_whom_nothing_is_known_there_is_the_1_alone() -> None:
    who = Crossing().who(Context({"country": "DE", "age": 3.0}))
    assert (who.hashes.tolist(), who.amounts.tolist(), who.attributes) == (of(("1", "")), [1.0], 1)
    assert (who.liking, who.kindred) == ({}, {})


def test_looking_at_who_watches_changes_nothing() -> None:
    rng = random.Random(1)
    crossing = knowing(*[a_context(rng) for _ in range(30)])
    before = crossing.state()
    crossing.who(Context({"country": "IT", "mood": "new", "size": 1e9}, {"space": 2.0}))
    assert crossing.state() == before


def test_stopped_and_restored_it_makes_the_same_of_a_viewer() -> None:
    rng = random.Random(2)
    contexts = [a_context(rng) for _ in range(60)]
    never_stopped, stopped = knowing(*contexts), Crossing.restore(knowing(*contexts[:25]).state())
    for context in contexts[25:]:
        stopped.admit(context)
    assert stopped.state() == never_stopped.state()
    for context in contexts:
        one, other = stopped.who(context), never_stopped.who(context)
        assert one.hashes.tobytes() + one.amounts.tobytes() == other.hashes.tobytes() + other.amounts.tobytes()
        assert (one.liking, one.kindred) == (other.liking, other.kindred)


# -------------------------------------------------------------------- what is shown


def test_what_is_shown_is_its_looks_and_its_own() -> None:
    what = Crossing().what(FILM)
    assert what.looks.tolist() == of(("A", "moon"), ("A", "night"), ("F", "warmth"))
    assert what.amounts.tolist() == pytest.approx([1 / sqrt(2), 1 / sqrt(2), 0.25])
    assert what.own.tolist() == of(("I", "countdown/0"), ("T", "countdown"), ("1", ""))
    assert what.tags == FILM.tags


@pytest.mark.parametrize("count", [1, 2, 9, 100])
def test_however_many_tags_there_are_their_squares_sum_to_1(count: int) -> None:
    what = Crossing().what(replace(FILM, tags=tuple(f"tag {n}" for n in range(count)), features={}))
    assert (what.amounts**2).sum() == pytest.approx(1)


@pytest.mark.parametrize(("value", "amount"), [(1e300, WIDEST), (-1e300, -WIDEST), (2.0, 2.0)])
def test_a_feature_that_is_out_of_bounds_is_drawn_in(value: float, amount: float) -> None:
    assert Crossing().what(replace(FILM, tags=(), features={"size": value})).amounts.tolist() == [amount]


def test_what_has_neither_tags_nor_features_has_no_looks() -> None:
    what = Crossing().what(Action("a", "b"))
    assert len(what.looks) == len(what.amounts) == 0


def test_side_by_side_each_action_has_what_it_has_alone() -> None:
    """Behind its looks there is one more of which there is none, so that every action has at least one."""
    crossing = Crossing()
    actions = [*some_actions(3), Action("bare", "countdown"), *some_actions(2, "tides")]
    candidates = crossing.candidates(actions)
    looks, artworks = candidates.hashes[: -len(actions)], candidates.hashes[-len(actions) :].tolist()
    ends = [*candidates.begins[1:].tolist(), len(looks)]
    for action, begin, end, own in zip(actions, candidates.begins.tolist(), ends, artworks, strict=True):
        what = crossing.what(action)
        assert looks[begin:end].tolist()[:-1] == what.looks.tolist()
        assert candidates.amounts[begin:end].tolist() == pytest.approx([*what.amounts.tolist(), 0.0])
        assert own == what.own[0]
    assert candidates.tags == tuple(action.tags for action in actions)


def test_another_order_is_another_set_of_candidates() -> None:
    crossing, actions = Crossing(), some_actions(3)
    straight, turned = crossing.candidates(actions), crossing.candidates(actions[::-1])
    assert straight.hashes[-3:].tolist() == turned.hashes[:-4:-1].tolist()


def test_an_action_of_the_same_id_that_looks_different_now_is_made_anew() -> None:
    crossing = Crossing()
    changed = replace(FILM, tags=("sea",))
    assert crossing.what(FILM).tags == ("moon", "night")
    assert crossing.what(changed).tags == ("sea",)
    assert crossing.candidates([FILM]).tags != crossing.candidates([changed]).tags


def test_what_is_remembered_of_actions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossing_module, "ACTIONS", 10)
    monkeypatch.setattr(crossing_module, "SETS", 10)
    crossing, actions = Crossing(), some_actions(50)
    for action in actions:
        assert crossing.what(action).own[0] == crossing.candidates([action]).hashes[-1]
        assert len(crossing._whats) <= 10  # noqa: SLF001
        assert len(crossing._sets) <= 10  # noqa: SLF001


# -------------------------------------------------------------------- cells


@given(texts, texts)
def test_different_texts_have_different_hashes_and_the_same_has_one_for_each_space(one: str, other: str) -> None:
    assert (hashed("A", one) == hashed("A", other)) == (one == other)
    assert hashed("A", one) != hashed("C", one)
    assert hashed("A", one) % 2 == 1
    assert 0 < hashed("A", one) < 1 << 64


def some_hashes(space: str, count: int) -> Hashes:
    return np.array([hashed(space, str(n)) for n in range(count)], np.uint64)


def test_each_pair_has_the_slot_that_the_leading_bits_of_the_product_say() -> None:
    who, what = some_hashes("C", 3), some_hashes("A", 5)
    found = cells_of(who, what)
    assert found.shape == (3, 5)
    for w, each in enumerate(who.tolist()):
        for n, other in enumerate(what.tolist()):
            assert found[w, n] == (each * other) % (1 << 64) >> (64 - BITS)


def test_slots_are_spread_as_if_drawn() -> None:
    """100,000 pairs in a table of 2^20 share a cell about as often as chance would have it."""
    found = cells_of(some_hashes("C", 250), some_hashes("I", 400)).ravel()
    assert found.min() >= 0
    assert found.max() < CELLS
    by_chance = CELLS * (1 - np.exp(-found.size / CELLS))
    assert len(np.unique(found)) == pytest.approx(by_chance, rel=0.01)
    assert np.bincount(found >> (BITS - 4), minlength=16) == pytest.approx(np.full(16, found.size / 16), rel=0.1)


# -------------------------------------------------------------------- both together


def test_viewer_and_action_make_looks_for_all_that_one_is_and_the_actions_own_for_what_is_known() -> None:
    context = Context({"country": "DE"}, {"moon": 0.5, "sea": -0.5})
    crossing = knowing(context)
    who, what = crossing.who(context), crossing.what(FILM)
    cells, amounts = crossed(who, what, NO_CELLS)
    assert cells.tolist() == [
        *cells_of(who.hashes, what.looks).ravel().tolist(),
        *cells_of(who.hashes[:2], what.own).ravel().tolist(),
    ]
    of_who = who.amounts.tolist()
    looks = [one * other for one in of_who for other in what.amounts.tolist()]
    assert amounts.tolist() == pytest.approx([*looks, *[one for one in of_who[:2] for _ in range(3)]])


def test_an_action_without_looks_has_its_own_alone() -> None:
    crossing = Crossing()
    cells, amounts = crossed(crossing.who(Context({})), crossing.what(Action("a", "t")), NO_CELLS)
    assert (cells.shape, amounts.tolist()) == ((3,), [1.0, 1.0, 1.0])
