import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from app.evaluation.example_file import ExampleFile, RecordingLearner
from app.evaluation.tuning import ONLINE, Found, Judged, Rebuilding, Way, at_least_as_good, better, keep
from app.learning.fold import Fold
from app.records import encode
from app.store.protocol import Store
from bandit.learners import restored
from bandit.logistic.learner import LogisticLearner
from bandit.logistic.prior import Tuning
from bandit.policy import UnlearnableExample
from bandit.reward import RewardRules
from bandit.types import Action, Context, Example
from tests.builders import Clock, a_context, a_decision, a_draft, a_film, a_shelf, some_actions
from tests.learners import tiring_examples
from tests.memory import MemoryStore

FLOOR = 0.02


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[ExampleFile]:
    spool = ExampleFile(tmp_path)
    yield spool
    spool.close()


def some_examples(count: int, seed: int = 1) -> list[Example]:
    rng, actions = random.Random(seed), some_actions(4)
    return [Example(a_context(rng), actions, rng.randrange(4), 0.25, rng.choice([0.0, 1.0])) for _ in range(count)]


def titles_apart(count: int, *, effect: float) -> list[Example]:
    """Return examples of 40 titles whose artworks differ by so many logits."""
    rng = random.Random(4)
    titles = [[Action(f"{title}/{number}", f"{title}") for number in range(4)] for title in range(40)]
    worth = {action.id: rng.gauss(-1, effect) for title in titles for action in title}
    examples = []
    for _ in range(count):
        actions, chosen = rng.choice(titles), rng.randrange(4)
        chance = 1 / (1 + np.exp(-worth[actions[chosen].id]))
        examples.append(Example(Context({}), actions, chosen, 0.25, float(rng.random() < chance)))
    return examples


def taught(learner: LogisticLearner, examples: Iterable[Example]) -> LogisticLearner:
    for example in examples:
        learner.learn(example)
    return learner


def found_for(spool: ExampleFile, examples: Sequence[Example], *, passes: int = 1, tune: bool = False) -> Found:
    online = taught(RecordingLearner(spool), examples)
    work = Rebuilding(spool, floor=FLOOR, watch=lambda what, done, total: None)
    return work.found(online, passes=passes, tune=tune)


# -------------------------------------------------------------------- the spool


def told(example: Example) -> tuple[object, ...]:
    context = example.context
    return (
        context.attributes,
        context.taste,
        context.showings,
        example.chosen,
        example.propensity,
        example.reward,
    )


def test_examples_come_back_as_they_were_and_in_order(spool: ExampleFile) -> None:
    examples = [*some_examples(15), *tiring_examples(15)]
    for example in examples:
        spool.add(example)
    assert len(spool) == 30
    for begin, end in ((0, 30), (10, 20), (0, 30)):
        back = list(spool.read(begin, end))
        assert list(map(told, back)) == list(map(told, examples[begin:end]))
        assert all(
            a is b
            for e, o in zip(back, examples[begin:end], strict=True)
            for a, b in zip(e.actions, o.actions, strict=True)
        )


def test_a_spool_has_no_name_in_its_folder(spool: ExampleFile, tmp_path: Path) -> None:
    spool.add(some_examples(1)[0])
    assert list(tmp_path.iterdir()) == []


def test_who_spools_learns_the_same_and_puts_down_only_what_is_learned(spool: ExampleFile) -> None:
    examples = some_examples(50)
    spooling = taught(RecordingLearner(spool), examples)
    with pytest.raises(UnlearnableExample):
        spooling.learn(Example(examples[0].context, examples[0].actions, 0, 0.0, 1.0))
    assert spooling.snapshot() == taught(LogisticLearner(), examples).snapshot()
    assert taught(LogisticLearner(), spool.read(0, len(spool))).snapshot() == spooling.snapshot()


# -------------------------------------------------------------------- what wins


def test_where_artworks_differ_more_than_is_expected_a_wider_prior_wins(spool: ExampleFile) -> None:
    examples = titles_apart(3000, effect=2.0)
    found = found_for(spool, examples, tune=True)
    assert found.won.tuning.spread == 3.0
    assert len(found.judged) == 2
    online, candidate = found.judged
    assert better(candidate, online).mean > 0
    assert len(candidate.losses) == 600
    assert all(len(trial.losses) == 2400 for trial in found.trials)
    assert found.learner.snapshot() == taught(LogisticLearner(found.won.tuning), examples).snapshot()


def test_without_tuning_only_the_passes_are_held_against_the_online_way(spool: ExampleFile) -> None:
    examples = some_examples(800)
    found = found_for(spool, examples, passes=2)
    assert [trial.way for trial in found.trials] == [ONLINE]
    assert found.judged[0].way == ONLINE
    assert found.judged[1].way == Way(passes=2)
    assert found.won == (Way(passes=2) if at_least_as_good(found.judged[1], found.judged[0]) else ONLINE)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_wins_is_at_least_as_good_on_what_was_held_back(spool: ExampleFile, seed: int) -> None:
    found = found_for(spool, some_examples(600, seed), passes=2, tune=True)
    won = next(judged for judged in found.judged if judged.way == found.won)
    assert at_least_as_good(won, found.judged[0])
    if found.won == ONLINE:
        assert isinstance(found.learner, RecordingLearner)


def test_several_passes_are_taken_where_they_are_as_good(
    spool: ExampleFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.evaluation.tuning.at_least_as_good", lambda one, other: True)
    examples = titles_apart(600, effect=1.0)
    found = found_for(spool, examples, passes=3)
    assert found.won == Way(passes=3)
    once = taught(LogisticLearner(), examples)
    assert (found.learner.weights() != once.weights()).any()
    assert restored(found.learner.snapshot()).healthy()


def judged(losses: Sequence[float], value: float | None = None, pulls: Sequence[float] | None = None) -> Judged:
    return Judged(ONLINE, np.array(losses), value, None if pulls is None else np.array(pulls))


def test_a_greater_loss_is_not_as_good_and_an_equal_one_is() -> None:
    online = judged([0.5, 0.3, 0.4])
    assert at_least_as_good(judged([0.3, 0.5, 0.4]), online)
    assert at_least_as_good(judged([0.5, 0.3, 0.39]), online)
    assert not at_least_as_good(judged([0.5, 0.3, 0.41]), online)


def test_where_the_loss_is_the_same_the_value_may_not_be_less() -> None:
    losses, pulls = [0.5] * 100, [0.1, -0.1] * 50
    online = judged(losses, 0.2, pulls)
    assert at_least_as_good(judged(losses, 0.2, pulls), online)
    assert not at_least_as_good(judged(losses, 0.199, pulls), online)


def test_where_the_loss_is_clearly_less_the_value_may_be_less_within_noise() -> None:
    online = judged([0.5] * 100, 0.2, [0.1, -0.1] * 50)
    noisy, less = [0.2, -0.2] * 50, [0.3, 0.4] * 50  # the standard error of the difference in value is 0.01
    assert at_least_as_good(judged(less, 0.181, noisy), online)
    assert not at_least_as_good(judged(less, 0.179, noisy), online)


def test_the_value_is_the_clipped_and_self_normalized_mean(spool: ExampleFile) -> None:
    """Who knows nothing chooses evenly, so that its weights hang on the propensities alone."""
    rng, context, actions = random.Random(1), Context({}), some_actions(2)
    drawn = [(rng.choice([0.01, 0.5, 1.0]), float(rng.random() < 0.5)) for _ in range(50)]
    for propensity, reward in drawn:
        spool.add(Example(context, actions, 0, propensity, reward))
    work = Rebuilding(spool, floor=FLOOR, watch=lambda what, done, total: None)
    found = work._judged(ONLINE, LogisticLearner())  # noqa: SLF001  its learner has learned nothing
    weights = [min(10.0, 1 / propensity) for propensity, _ in drawn[40:]]
    rewards = [reward for _, reward in drawn[40:]]
    assert found.value == pytest.approx(np.average(rewards, weights=weights))
    assert found.pulls is not None
    assert found.pulls.sum() == pytest.approx(0)


def test_where_nobody_earned_anything_there_is_no_value(spool: ExampleFile) -> None:
    for example in some_examples(50):
        spool.add(Example(example.context, example.actions, 0, 0.5, 0.0))
    work = Rebuilding(spool, floor=FLOOR, watch=lambda what, done, total: None)
    assert work._judged(ONLINE, LogisticLearner()).value is None  # noqa: SLF001


def test_it_tells_how_far_it_is(spool: ExampleFile) -> None:
    told = []
    online = taught(RecordingLearner(spool), some_examples(1000))
    Rebuilding(spool, floor=FLOOR, watch=lambda *what: told.append(what)).found(online, passes=2, tune=False)
    assert ("Trying spread 1, most known 30", 500, 800) in told
    assert ("Pass 2", 800, 800) in told
    assert ("Judging", 200, 200) in told


# -------------------------------------------------------------------- keeping it


async def a_fold(store: Store, folder: Path) -> Fold:
    film = a_film("apollo")
    live_catalogue = await a_shelf(store.log, folder, film)
    await store.log.declare(encode(RewardRules(1_000)))
    await store.log.log_decisions([a_draft(a_decision(film))])
    fold = Fold(
        store.log,
        store.state,
        live_catalogue,
        LogisticLearner(Tuning(spread=3.0)),
        await store.state.fold_state(),
        None,
    )
    await fold.feed(await store.log.read(0, 1000))
    return fold


async def test_a_candidate_is_the_folds_own_snapshot(tmp_path: Path) -> None:
    store = MemoryStore(Clock())
    fold = await a_fold(store, tmp_path)
    candidate = await keep(store, fold)
    [kept] = await store.state.snapshots("candidate")
    own = fold.snapshot()
    assert kept.id == candidate
    assert (kept.position, kept.resume, kept.rules, kept.learner) == (
        own.position,
        own.resume,
        own.rules,
        own.learner,
    )
    assert await store.state.current() is None


async def test_no_candidate_is_kept_that_has_learned_from_a_profile_erased_meanwhile(tmp_path: Path) -> None:
    store = MemoryStore(Clock())
    fold = await a_fold(store, tmp_path)
    await store.log.forget("0a" * 16)
    assert await keep(store, fold) is None
    assert await store.state.snapshots("candidate") == []


async def test_an_erasure_that_the_fold_knows_of_is_no_hindrance(tmp_path: Path) -> None:
    store = MemoryStore(Clock())
    await store.log.forget("0a" * 16)
    assert await keep(store, await a_fold(store, tmp_path))
