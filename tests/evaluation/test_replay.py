"""The replay of a log tells what the fold learns, and when each decision was shown."""

from pathlib import Path

import pytest

from app.evaluation.replay import Ended, Event, Replay, Shown, Taught
from app.learning.fold import Fold
from app.learning.log_join import Forget
from app.learning.totals import NoTastes
from app.records import Kind
from app.store.protocol import FoldState
from bandit.logistic.learner import LogisticLearner
from bandit.types import Example
from tests.learning.simulation import World, a_world

ALL = 1 << 60


class Listening(LogisticLearner):
    """A learner that keeps what it was taught."""

    def __init__(self) -> None:
        super().__init__()
        self.taught: list[Example] = []

    def learn(self, example: Example) -> None:
        super().learn(example)
        self.taught.append(example)


async def events_of(world: World) -> list[Event]:
    replay = Replay(world.store.log, world.live_catalogue)
    return [event async for batch in replay.events(ALL) for event in batch]


@pytest.mark.parametrize("seed", range(8))
async def test_what_ends_is_what_the_fold_learns(seed: int, tmp_path: Path) -> None:
    world = await a_world(seed, tmp_path, 400)
    learner = Listening()
    fold = Fold(world.store.log, NoTastes(), world.live_catalogue, learner, FoldState(0, None, {}), None)
    await fold.feed(await world.store.log.read(0, 1 << 20))

    events = await events_of(world)
    replayed = [event.example for event in events if isinstance(event, Ended | Taught) and event.example]
    assert any(isinstance(event, Taught) for event in events)
    assert [_plain(each) for each in replayed] == [_plain(each) for each in learner.taught]


@pytest.mark.parametrize("seed", range(4))
async def test_batches_do_not_matter(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = await a_world(seed, tmp_path, 400)
    whole = [_told(event) for event in await events_of(world)]
    monkeypatch.setattr("app.evaluation.replay.BATCH", 7)
    monkeypatch.setattr("app.evaluation.replay.REMEMBERED", 3)
    assert [_told(event) for event in await events_of(world)] == whole


async def test_a_decision_is_shown_before_it_ends_and_a_pin_never(tmp_path: Path) -> None:
    world = await a_world(3, tmp_path, 600)
    shown: set[int] = set()
    for event in await events_of(world):
        if isinstance(event, Shown):
            shown.add(event.number)
            assert not event.decision.pinned
        elif isinstance(event, Ended):
            assert event.number in shown
    assert shown


async def test_a_deferred_decision_is_not_shown_before_something_opens_its_window(tmp_path: Path) -> None:
    world = await a_world(5, tmp_path, 600)
    records = await world.store.log.read(0, 1 << 20)
    deferred = {record.position for record in records if record.kind == Kind.DEFERRED}
    shown = {event.number for event in await events_of(world) if isinstance(event, Shown)}
    assert shown & deferred
    assert deferred - shown


async def test_a_replay_ends_where_it_is_told(tmp_path: Path) -> None:
    world = await a_world(1, tmp_path, 300)
    replay = Replay(world.store.log, world.live_catalogue)
    assert [batch async for batch in replay.events(100)]
    assert replay.position == 100


def _plain(example: Example) -> tuple[object, ...]:
    context = example.context
    ids = [action.id for action in example.actions]
    return context.attributes, context.taste, context.witness, ids, example.chosen, example.reward


def _told(event: Event) -> tuple[object, ...]:
    if isinstance(event, Forget):
        return "forget", event.profile
    if isinstance(event, Shown):
        return "shown", event.number
    if isinstance(event, Taught):
        return "taught", event.example.chosen, event.example.reward
    return "ended", event.number, event.reward, event.example is None, event.weighs
