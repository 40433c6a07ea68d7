import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import repeat

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bandit.logistic import decider as decider_module
from bandit.logistic.crossing import cells_of
from bandit.logistic.learner import LogisticLearner
from bandit.logistic.prior import Tuning
from bandit.sealing import UnusableSnapshot, seal, unseal
from bandit.types import Action, Attributes, Case, Context, Example
from tests.builders import TAGS, a_context, some_actions
from tests.learners import GOOD, assert_same, some_examples, taught

Likes = Callable[[Context, Action], float]


def visits(contexts: Iterator[Context], actions: Sequence[Action], likes: Likes, count: int) -> list[Example]:
    """Return what comes of so many visits at which a picture is drawn by lot."""
    rng = random.Random(7)
    examples = []
    for context, _ in zip(contexts, range(count), strict=False):
        chosen = rng.randrange(len(actions))
        reward = float(rng.random() < likes(context, actions[chosen]))
        examples.append(Example(context, actions, chosen, 1 / len(actions), reward))
    return examples


def best(learner: LogisticLearner, context: Context, actions: Sequence[Action]) -> int:
    return int(np.argmax(learner.probabilities(context, actions)))


# -------------------------------------------------------------------- choosing


@pytest.mark.parametrize("n", [1, 2, 7, 16])
def test_who_knows_nothing_expects_the_same_of_all(n: int) -> None:
    bare = [Action(f"a{number}", "t") for number in range(n)]
    assert LogisticLearner().expected(Context({}), bare) == pytest.approx([0.5] * n)


def test_of_more_actions_than_are_compared_another_has_its_turn_as_soon_as_one_was_tried() -> None:
    learner, actions = LogisticLearner(), some_actions(64)
    for _ in range(400):
        tried = best(learner, Context({}), actions)
        learner.learn(Example(Context({}), actions, tried, 0.1, 0.0))
    learned = {action.id for action in actions if learner.expected(Context({}), [action])[0] < 0.1}
    assert len(learned) == 64


def test_of_many_viewers_in_turn_each_gets_what_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than are remembered, several of one taste elsewhere, or with another taste in the same place."""
    monkeypatch.setattr(decider_module, "VIEWERS", 10)
    learner, rng, actions = taught(LogisticLearner(), some_examples(200)), random.Random(6), some_actions(4)
    contexts = [a_context(rng) for _ in range(25)]
    contexts += [Context(context.attributes, contexts[0].taste) for context in contexts[1:9]]
    contexts += [Context(contexts[0].attributes, context.taste) for context in contexts[1:9]]
    for context in contexts:
        alone = LogisticLearner.restore(learner.snapshot()).probabilities(context, actions)
        assert learner.probabilities(context, actions) == alone
        assert len(learner.decider._viewers) <= 10  # noqa: SLF001


def test_what_was_made_of_a_viewer_is_remembered_until_something_is_learned() -> None:
    learner, context = taught(LogisticLearner(), some_examples(50)), a_context(random.Random(7))
    attributes = tuple(context.attributes.items())
    first = learner.decider._watching(context, attributes)  # noqa: SLF001  as below
    again = Context(dict(context.attributes), context.taste)
    assert learner.decider._watching(again, tuple(again.attributes.items())) is first  # noqa: SLF001
    learner.learn(GOOD)
    assert learner.decider._watching(context, attributes) is not first  # noqa: SLF001


def test_what_is_answered_without_a_taste_is_computed_once_until_something_is_learned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It depends on the attributes and the actions alone, and few answers are kept."""
    monkeypatch.setattr(decider_module, "ANSWERS", 3)
    learner, contexts = (
        taught(LogisticLearner(), some_examples(20)),
        [Context({"country": name}) for name in ("DE", "US", "FR")],
    )
    for actions in (some_actions(4), some_actions(5), some_actions(3)):
        for context in contexts:
            first = learner.probabilities(context, actions)
            assert learner.probabilities(Context(dict(context.attributes)), list(actions)) is first
            assert first == computed_anew(learner, context, actions)
            assert learner.remembered(Case(context, actions)) is first
            assert learner.remembered(Case(replace(context, taste={"moon": 1.0}), actions)) is None
            assert len(learner.decider._answers) <= 3  # noqa: SLF001
            assert len(learner.decider._deviations) <= 3  # noqa: SLF001
    learner.learn(Example(contexts[2], some_actions(3), 2, 0.5, 0.0))
    after = learner.probabilities(contexts[2], some_actions(3))
    assert after != first
    assert after == computed_anew(learner, contexts[2], some_actions(3))


def computed_anew(learner: LogisticLearner, context: Context, actions: Sequence[Action]) -> Sequence[float]:
    return LogisticLearner.restore(learner.snapshot()).probabilities(context, actions)


def test_the_deviations_of_viewers_with_the_same_attributes_are_computed_once() -> None:
    """They do not depend on tastes and showings, which differ from viewer to viewer."""
    learner, actions = taught(LogisticLearner(), some_examples(200)), some_actions(4)
    contexts = [
        Context({"country": "DE"}, {"moon": 0.5}, showings={actions[0].id: 2}),
        Context({"country": "DE"}, {"sea": -1.0}),
        Context({"country": "DE"}),
    ]
    for context in contexts:
        assert learner.probabilities(context, actions) == computed_anew(learner, context, actions)
    assert len(learner.decider._deviations) == 1  # noqa: SLF001


def test_of_an_artwork_by_itself_tastes_are_not_asked() -> None:
    """Where its cell for a taste is another feature's, that one must not count."""
    learner, actions = taught(LogisticLearner(), some_examples(200)), some_actions(3)
    context = Context({}, {"moon": 1.5, "sea": -1.0})
    before = learner.probabilities(context, actions)
    who = learner._crossing.who(context)  # noqa: SLF001
    candidates = learner._crossing.candidates(actions)  # noqa: SLF001
    taken = cells_of(who.hashes[who.attributes :], candidates.hashes[-3:])
    learner._table.numbers[taken[:, 0]] = 5.0  # noqa: SLF001
    assert learner.probabilities(context, actions) == before


def test_a_taste_that_is_gone_lends_its_address_to_no_other() -> None:
    """A request's taste dies with it, and the next one's may lie where it lay."""
    learner, actions, rng = taught(LogisticLearner(), some_examples(200)), some_actions(4), random.Random(8)
    asked = LogisticLearner.restore(learner.snapshot())
    for _ in range(200):
        values = [(tag, rng.uniform(-2, 2)) for tag in TAGS]
        passing = asked.probabilities(Context({"country": "DE"}, dict(values)), actions)
        learner.decider._viewers.clear()  # noqa: SLF001  as if nobody had ever asked
        assert passing == learner.probabilities(Context({"country": "DE"}, dict(values)), actions)


def test_looking_changes_nothing_in_its_snapshot() -> None:
    learner = taught(LogisticLearner(), some_examples(50))
    snapshot = learner.snapshot()
    rng = random.Random(5)
    for _ in range(50):
        learner.probabilities(a_context(rng), some_actions(5))
        learner.expected(a_context(rng), some_actions(5, "tides"))
    assert learner.snapshot() == snapshot


def test_what_is_shown_is_what_is_expected_to_do_best() -> None:
    learner, rng = taught(LogisticLearner(), some_examples(800)), random.Random(6)
    for _ in range(30):
        context, actions = a_context(rng), some_actions(5)
        assert best(learner, context, actions) == int(np.argmax(learner.expected(context, actions)))


# -------------------------------------------------------------------- what is learned


def test_what_is_liked_where_is_expected() -> None:
    assert_unharmed(taught(LogisticLearner(), some_examples(600)))


@pytest.mark.parametrize(("rate", "off"), [(0.02, 0.015), (0.3, 0.08), (0.9, 0.05)])
def test_what_is_expected_is_what_comes(rate: float, off: float) -> None:
    actions = some_actions(4)
    learner = taught(LogisticLearner(), visits(repeat(Context({"country": "DE"})), actions, lambda *_: rate, 3000))
    expected = learner.expected(Context({"country": "DE"}), actions)
    assert expected == pytest.approx([rate] * 4, abs=off)


def test_who_likes_what_is_learned_from_tags_and_holds_for_a_picture_that_was_never_shown() -> None:
    rng = random.Random(8)
    contexts = iter([Context({}, {tag: rng.choice([-1.5, 1.5]) for tag in TAGS}) for _ in range(1500)])
    learner = taught(
        LogisticLearner(),
        visits(contexts, some_actions(6), lambda who, what: 0.6 if who.taste[what.tags[0]] > 0 else 0.1, 1500),
    )
    new = [Action(f"new/{tag}", "new", (tag,)) for tag in TAGS]
    for tag in TAGS:
        viewer = Context({}, {other: 1.5 if other == tag else -1.5 for other in TAGS})
        assert new[best(learner, viewer, new)].tags == (tag,)


def test_a_new_picture_with_tags_that_are_liked_begins_above_others_and_its_own_clicks_decide() -> None:
    actions = [Action(f"old/{tag}", "old", (tag,)) for tag in ("moon", "sea")]
    examples = visits(repeat(Context({})), actions, lambda _, what: 0.5 if "moon" in what.tags else 0.05, 600)
    learner = taught(LogisticLearner(), examples)
    liked, other = Action("new/1", "new", ("moon",)), Action("new/2", "new", ("sea",))
    assert best(learner, Context({}), [other, liked]) == 1
    taught(learner, [Example(Context({}), [other, liked], 1, 0.5, 0.0)] * 150)
    taught(learner, [Example(Context({}), [other, liked], 0, 0.5, 1.0)] * 50)
    assert best(learner, Context({}), [other, liked]) == 0


@pytest.mark.parametrize(
    ("times", "plus"), [(1.0, 0.0), (1e-6, 0.0), (1e9, 0.0), (1.0, 1e7), (86_400_000.0, 1.7e12)]
)
def test_numbers_are_learned_from_whatever_their_scale_and_offset(times: float, plus: float) -> None:
    rng, actions = random.Random(9), some_actions(2)
    ages = [rng.uniform(10, 80) for _ in range(2000)]

    def at(age: float) -> Context:
        return Context({"age": age * times + plus})

    likes = {id(context := at(age)): (age > 45, context) for age in ages}
    contexts = iter([context for _, context in likes.values()])

    def liking(who: Context, what: Action) -> float:
        return 0.6 if likes[id(who)][0] == (what is actions[1]) else 0.1

    learner = taught(LogisticLearner(), visits(contexts, actions, liking, 2000))
    assert best(learner, at(70), actions) == 1
    assert best(learner, at(20), actions) == 0


def test_an_attribute_that_was_never_seen_changes_nothing() -> None:
    learner = taught(LogisticLearner(), some_examples(300))
    known: Attributes = {"country": "DE", "device": "tv", "age": 30.0}
    said = Context({**known, "mood": "calm", "size": 7.0})
    assert learner.probabilities(said, some_actions(5)) == learner.probabilities(Context(known), some_actions(5))


def test_a_value_that_was_never_seen_is_as_whoever_else_was_none_of_the_known() -> None:
    learner = taught(LogisticLearner(), some_examples(300))
    one, other = (Context({"country": country, "device": "tv"}) for country in ("IT", "PT"))
    assert learner.probabilities(one, some_actions(5)) == learner.probabilities(other, some_actions(5))


def test_who_changes_their_minds_is_followed() -> None:
    actions = some_actions(3)
    before = visits(repeat(Context({})), actions, lambda _, what: 0.4 if what is actions[0] else 0.1, 2000)
    after = visits(repeat(Context({})), actions, lambda _, what: 0.4 if what is actions[2] else 0.1, 1500)
    learner = taught(LogisticLearner(), before)
    assert best(learner, Context({}), actions) == 0
    assert best(taught(learner, after), Context({}), actions) == 2


def test_thousands_of_actions_are_told_apart() -> None:
    rng, actions = random.Random(10), [Action(f"p{number}", f"t{number % 500}") for number in range(3000)]
    examples = [
        Example(Context({}), actions[number : number + 2], 0, 0.5, float(number % 3 == 0))
        for number in range(len(actions) - 1)
        for _ in range(4)
    ]
    rng.shuffle(examples)
    learner = taught(LogisticLearner(), examples)
    expected = learner.expected(Context({}), actions)
    liked, others = np.array(expected[::3]), np.array([e for n, e in enumerate(expected) if n % 3])
    assert (liked > others.mean()).mean() > 0.99
    probabilities = learner.probabilities(Context({}), actions)
    assert abs(math.fsum(probabilities) - 1) < 1e-9
    assert all(number % 3 == 0 for number, p in enumerate(probabilities) if p > 0.01)


def test_that_pictures_are_liked_by_the_few_is_found_out_by_one_of_the_priors() -> None:
    """Where who watches decides which picture is wanted, the prior that expects it gains trust."""
    actions = [Action(f"a{number}", "t") for number in range(4)]
    countries = [Context({"country": f"c{number % 4}"}) for number in range(1200)]
    likes: Likes = lambda who, what: 0.7 if what.id[-1] == str(who.attributes["country"])[-1] else 0.05  # noqa: E731
    own = taught(LogisticLearner(), visits(iter(countries), actions, likes, 1200))._averages.weights[1]  # noqa: SLF001
    rng = random.Random(11)
    anyone = iter([Context({f"key{key}": rng.choice("abcd") for key in range(6)}) for _ in range(1200)])
    alike = taught(LogisticLearner(), visits(anyone, actions, lambda *_: 0.3, 1200))
    assert own > 0.9
    assert alike._averages.weights[1] < 0.1  # noqa: SLF001


# -------------------------------------------------------------------- snapshots


def test_what_was_moved_ever_so_little_is_kept_as_well() -> None:
    """An effect may have moved where what is known of it has not, in so many digits."""
    ages = [Context({"age": age}) for age in (-1.0, 1.0, -1.0, 1.0, 1e-8)]
    examples = [Example(context, [Action(f"a{number}", "t")], 0, 1.0, 1.0) for number, context in enumerate(ages)]
    learner = taught(LogisticLearner(), examples)
    assert_same(LogisticLearner.restore(learner.snapshot()), learner)


def test_what_it_was_asked_before_makes_no_difference_to_what_it_learns() -> None:
    asked, quiet, rng = LogisticLearner(), LogisticLearner(), random.Random(9)
    for example in some_examples(60):
        asked.probabilities(example.context, example.actions)
        asked.expected(a_context(rng), some_actions(7, "tides"))
        asked.learn(example)
        quiet.learn(example)
    assert_same(asked, quiet)


def test_a_snapshot_keeps_its_tuning() -> None:
    tuning = Tuning(spread=2.0, most_known=100.0)
    learner = taught(LogisticLearner(tuning), some_examples(50))
    restored = LogisticLearner.restore(learner.snapshot())
    assert restored.tuning == tuning
    more = some_examples(50, seed=2)
    assert_same(taught(restored, more), taught(learner, more))


def test_tuning_makes_a_difference() -> None:
    usual, wide = (
        taught(LogisticLearner(tuning), some_examples(100)) for tuning in (Tuning(), Tuning(spread=3.0))
    )
    assert not np.array_equal(usual.weights(), wide.weights())
    forgetful = taught(LogisticLearner(Tuning(most_known=2.0)), some_examples(400))
    assert (
        forgetful.weights()[:, 2:].max()
        == 2.0
        < taught(LogisticLearner(), some_examples(400)).weights()[:, 2:].max()
    )


def test_an_empty_learner_has_a_small_snapshot() -> None:
    empty = LogisticLearner.restore(LogisticLearner().snapshot())
    assert not empty.weights().any()
    assert len(LogisticLearner().snapshot()) < 1000


@pytest.mark.parametrize(
    "change",
    [
        {"tuning": {}, "used": -5},
        {"tuning": {"unheard_of": 1.0}},
        {"tuning": None},
        {"used": 10**9},
        {"used": 3},
        {"used": "three"},
        {"crossing": {}},
        {"crossing": {"vocabulary": {"words": {"a": ["b"]}, "numbers": {}}, "kinship": {}}},
        {"averages": [0.0]},
        {"averages": [0.0, 0.0, 0.0]},
        {"averages": "none"},
        {"slopes": [[0.1]]},
        {"slopes": [[0.1] * 5]},
        {"slopes": [["much"] * 5] * 2},
        {"slopes": [[10**400] * 5] * 2},
        {"averages": [10**400, 0]},
        {"tuning": {"spread": math.nan}},
        {"tuning": {"most_known": math.inf}},
        {"tuning": {"spread": 0.0}},
        {"used": 10**30},
    ],
    ids=str,
)
def test_a_snapshot_of_another_shape_is_refused(change: dict[str, object]) -> None:
    """As another version may write it: its digest is its own."""
    head, body = unseal(taught(LogisticLearner(), some_examples(60)).snapshot())
    with pytest.raises(UnusableSnapshot):
        LogisticLearner.restore(seal({**head, **change}, body))


@pytest.mark.parametrize("cell", [1 << 20, (1 << 32) - 1])
def test_a_snapshot_with_a_slot_that_the_table_does_not_have_is_refused(cell: int) -> None:
    head, body = unseal(taught(LogisticLearner(), some_examples(60)).snapshot())
    with pytest.raises(UnusableSnapshot):
        LogisticLearner.restore(seal(head, cell.to_bytes(4, "little") + body[4:]))


@pytest.mark.parametrize("where", ["slopes", "averages"])
def test_a_number_that_is_not_finite_outside_the_table_is_found_as_well(where: str) -> None:
    head, body = unseal(taught(LogisticLearner(), some_examples(60)).snapshot())
    bad = np.full_like(np.array(head[where]), math.nan).tolist()
    with pytest.raises(UnusableSnapshot, match="not finite"):
        LogisticLearner.restore(seal({**head, where: bad}, body))


def test_weights_are_a_copy_in_which_slots_that_were_never_used_are_zeros() -> None:
    learner = taught(LogisticLearner(), some_examples(20))
    copy = learner.weights()
    assert copy.shape == (1 << 20, 4)
    assert 50 < np.count_nonzero(copy.any(axis=1)) < 2000
    copy[:] = 1
    assert not np.array_equal(learner.weights(), copy)


# -------------------------------------------------------------------- what is refused


ABSURD = [1e300, -1e300, 1.7e308, -1e39, 1e-300, 5e-324]


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("absurd", ABSURD)
def test_numbers_that_are_absurd_but_finite_do_no_harm(absurd: float, first: bool) -> None:
    """Whether it comes before anything else, or when much is known."""
    context = Context({"age": absurd, "new": absurd}, {"moon": absurd, "sea": -absurd})
    actions = [Action("countdown/0", "countdown", ("moon",), {"warmth": absurd}), *some_actions(4)[1:]]
    trouble = [Example(context, actions, chosen, 1e-300, reward) for chosen in (0, 1) for reward in (0.0, 1.0)]
    learner = taught(LogisticLearner(), trouble) if first else taught(LogisticLearner(), some_examples(600))
    learner = taught(learner, some_examples(600) if first else trouble)
    assert_unharmed(learner)
    assert_unharmed(LogisticLearner.restore(learner.snapshot()))
    for asked in (context, Context({"country": "DE"}, {"moon": absurd})):
        probabilities = learner.probabilities(asked, actions)
        assert abs(math.fsum(probabilities) - 1) < 1e-9
        assert all(0 <= p <= 1 for p in probabilities)
        assert all(0 <= e <= 1 for e in learner.expected(asked, actions))


def assert_unharmed(learner: LogisticLearner) -> None:
    """See that it still knows what `some_examples` teach."""
    assert learner.healthy()
    german, french = (Context({"country": country, "device": "tv", "age": 30.0}) for country in ("DE", "FR"))
    assert best(learner, german, some_actions(5)) == 0
    assert np.argmin(learner.expected(french, some_actions(5))) == 0


numbers = st.floats(allow_nan=False, allow_infinity=False)
contexts = st.builds(
    Context,
    st.dictionaries(st.sampled_from(["age", "size", "mood"]), numbers | st.sampled_from(["calm", "", "\ud800"])),
    st.dictionaries(st.sampled_from(TAGS), numbers, max_size=3),
)


@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(st.tuples(contexts, st.integers(0, 2), st.floats(0, 1)), max_size=12), contexts)
def test_whatever_is_learned_no_number_gets_in_that_is_not_finite(
    seen: list[tuple[Context, int, float]], asked: Context
) -> None:
    actions = some_actions(3)
    learner = taught(
        LogisticLearner(), [Example(context, actions, chosen, 0.1, reward) for context, chosen, reward in seen]
    )
    assert learner.healthy()
    assert all(0 <= p <= 1 for p in learner.probabilities(asked, actions))
    restored = LogisticLearner.restore(learner.snapshot())
    assert restored.weights().tobytes() == learner.weights().tobytes()


def test_thousands_of_examples_of_one_kind_leave_it_sound() -> None:
    """Neither certainty nor its end is reached, however often the same is seen."""
    learner = taught(LogisticLearner(), [GOOD] * 3000)
    assert learner.healthy()
    assert 0.97 < learner.expected(GOOD.context, GOOD.actions)[1] < 1
    assert learner.weights()[:, 2:].max() <= learner.tuning.most_known
    for slopes in learner._slopes:  # noqa: SLF001
        covariances = [[slopes.own_own, slopes.own_kindred], [slopes.own_kindred, slopes.kindred_kindred]]
        assert (np.linalg.eigvalsh(covariances) >= 0).all()
