import asyncio
import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.catalogue.live import LiveCatalogue
from app.learning.bases import resume
from app.learning.caps import Caps
from app.learning.fold import Fold
from app.records import Kind, encode
from app.store.protocol import Event, Hold, State, Step, Store, TasteRow
from assets.revisions import Revisions
from bandit.learners import Kind as Learning
from bandit.logistic.learner import LogisticLearner
from bandit.reward import RewardRules
from bandit.showings import by_mark, times
from bandit.types import Context, Example
from bandit.vocabulary import VALUES
from tests.builders import (
    Clock,
    VoidableStore,
    a_context,
    a_decision,
    a_draft,
    a_film,
    a_shelf,
    changed,
    some_actions,
)
from tests.learners import every_kind
from tests.learning.simulation import NOW, PROFILES, World, a_world
from tests.memory import MemoryStore

FILM = a_film("countdown")
ADA = f"{1:032x}"
WINDOW = 1_000


# -------------------------------------------------------------------- however it is interrupted, it ends the same


@pytest.fixture(autouse=True)
def many_strangers_teach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the chance by which strangers teach be large enough that some do in a short log."""
    monkeypatch.setattr("app.learning.caps.WELL_TAUGHT", 5)


class Training:
    """Trains on a world's log as the trainer does, but dies on command."""

    def __init__(self, world: World, store: Store | None = None, kind: Learning = "logistic"):
        self.world, self.kind = world, kind
        self.store = store or MemoryStore(world.clock)
        self.fold: Fold

    async def start(self, *, publish: bool = True) -> None:
        """Take the lead: everything that was not committed is gone."""
        token = await self.store.state.lead("trainer", 1)
        assert token is not None
        self._token = token
        self.fold = await resume(_Split(self.world.store, self.store), self.world.live_catalogue, self.kind)
        if publish:
            await self.commit(publish=True)

    async def feed(self, records: int) -> bool:
        """Fold up to so many records more; tell whether there were any."""
        found = await self.world.store.log.read(self.fold.position, records)
        await self.fold.feed(found)
        return bool(found)

    async def feed_to(self, position: int) -> None:
        assert position <= (await self.world.store.log.head()).position
        while self.fold.position < position:
            await self.feed(min(7, position - self.fold.position))

    async def commit(self, *, publish: bool) -> None:
        progress = self.fold.progress(self.fold.snapshot() if publish else None)
        await self.store.state.commit(self._token, progress)
        self.fold.settle(progress)

    async def end(self) -> "Ending":
        while await self.feed(50):
            pass
        await self.commit(publish=True)
        return await Ending.of(self)


class _Split:
    """One world's log with a state of its own."""

    def __init__(self, one: Store, other: Store):
        self.log, self.state, self.edits, self.passes = one.log, other.state, one.edits, one.passes

    async def close(self) -> None:
        """Nothing to close."""


async def series_of(state: State) -> dict[tuple[str, int], Any]:
    """Return all hours and days, the sums of drift, and the part of the state that a fold continues with."""
    found: dict[tuple[str, int], Any] = {
        ("began", await state.series_began() or 0): (await state.fold_state()).series
    }
    steps: tuple[Step, ...] = ("hour", "day")
    for step in steps:
        found |= {(step, at): await state.period_rows(step, at) for at in await state.periods(step, 0)}
    return found | {("drift", at): sums for at, sums in (await state.drift_hours(0)).items()}


class Ending:
    """All that a fold comes to, to the last bit."""

    def __init__(self, **parts: Any):
        self.parts = parts

    @classmethod
    async def of(cls, training: Training) -> "Ending":
        counted = await training.store.state.fold_state()
        rng = random.Random(1)
        probes = [training.fold.learner.probabilities(a_context(rng), some_actions(4)) for _ in range(20)]
        return cls(
            weights=training.fold.learner.weights().tobytes(),
            probes=probes,
            tallies={key: asdict(tally) for key, tally in counted.tallies.items()},
            tastes=await training.store.state.taste_rows(PROFILES),
            base=counted.base,
            series=await series_of(training.store.state),
            experiments=await training.store.state.experiments(),
            caps=(Caps.of(counted.learned_caps).state(), Caps.of(counted.counted_caps).state()),
            position=counted.position,
        )

    def differs_from(self, other: "Ending") -> list[str]:
        return [name for name, part in self.parts.items() if part != other.parts[name]]


async def uninterrupted(world: World, kind: Learning = "logistic") -> Ending:
    training = Training(world, kind=kind)
    await training.start()
    return await training.end()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 3))])
async def test_killed_at_any_position_it_ends_as_if_it_never_was(seed: int, tmp_path: Path) -> None:
    world = await a_world(seed, tmp_path)
    expected = await uninterrupted(world)
    head = (await world.store.log.head()).position
    rng = random.Random(seed)
    for published in range(head + 1):
        training = Training(world)
        await training.start()
        await training.feed_to(published)
        await training.commit(publish=True)
        await training.feed(rng.randrange(12))
        if rng.random() < 0.7:
            await training.commit(publish=False)
        await training.feed(rng.randrange(12))
        await training.start(publish=rng.random() < 0.5)
        await training.feed(rng.randrange(4))
        await training.start(publish=rng.random() < 0.5)
        assert (await training.end()).differs_from(expected) == [], f"published at {published} of {head}"


@every_kind
@pytest.mark.parametrize("places", [2, VALUES])
@pytest.mark.parametrize("seed", range(3, 9))
async def test_killed_over_and_over_it_ends_as_if_it_never_was(
    seed: int, places: int, kind: Learning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bandit.vocabulary.VALUES", places)
    world = await a_world(seed, tmp_path, events=250)
    expected = await uninterrupted(world, kind)
    rng = random.Random(seed)
    training = Training(world, kind=kind)
    await training.start()
    going = True
    while going:
        going = await training.feed(rng.choice([1, 2, 3, 7, 20]))
        event = rng.random()
        if event < 0.25:
            await training.commit(publish=False)
        elif event < 0.4:
            await training.commit(publish=True)
        elif event < 0.55:
            await training.start(publish=rng.random() < 0.5)
            going = True
    assert (await training.end()).differs_from(expected) == []


async def test_the_simulated_log_has_every_kind_of_record_and_step(tmp_path: Path) -> None:
    """Without this the tests above could pass on a log in which nothing happens."""
    kinds: set[int] = set()
    seen: dict[str, int] = {}
    for seed in range(3):
        world = await a_world(seed, tmp_path)
        training = Training(world)
        await training.start()
        await training.end()
        kinds |= {record.kind for record in await world.store.log.read(0, 10_000)}
        seen = {name: seen.get(name, 0) + number for name, number in asdict(training.fold.seen).items()}
    assert kinds == set(Kind) - {Kind.INTERVENTION, Kind.QUARANTINE}, "test_interventions.py has these"
    assert {name for name, number in seen.items() if number} == {
        "examples",
        "capped",
        "strangers",
        "on_time",
        "late",
    }


async def test_the_size_of_the_batches_makes_no_difference(tmp_path: Path) -> None:
    world = await a_world(9, tmp_path)
    expected = await uninterrupted(world)
    training = Training(world)
    await training.start()
    while await training.feed(1):
        pass
    assert (await training.end()).differs_from(expected) == []


@pytest.mark.parametrize(("steps", "remembered"), [(1, 0), (3, 1), (5, 3), (1_000, 0)])
@pytest.mark.parametrize("seed", [9, 11])
async def test_how_many_tastes_are_at_hand_makes_no_difference(
    seed: int, steps: int, remembered: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of the log is taken in before anything is committed, and then a part at a time."""
    world = await a_world(seed, tmp_path, events=250)
    expected = await uninterrupted(world)
    monkeypatch.setattr("app.learning.fold.STEPS", steps)
    monkeypatch.setattr("app.learning.totals.REMEMBERED", remembered)
    whole, parts = Training(world), Training(world)
    await whole.start()
    await whole.feed(10_000)
    assert (await whole.end()).differs_from(expected) == []
    await parts.start()
    while await parts.feed(20):
        await parts.commit(publish=False)
    assert (await parts.end()).differs_from(expected) == []


async def test_a_changed_log_ends_elsewhere(tmp_path: Path) -> None:
    """The comparison can fail: one more click is seen in weights, tallies and tastes."""
    endings = []
    for clicked in (False, True):
        world = await a_world(10, tmp_path, events=60)
        await world.store.log.declare(encode(RewardRules(WINDOW, learn_cap=0)))
        decision = a_decision(NOW[0], profile=PROFILES[0])
        [hold] = await world.store.log.log_decisions([a_draft(decision)])
        if clicked:
            await world.store.log.log_feedback([Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)])
        world.clock.now += WINDOW
        await world.store.log.tick(1)
        endings.append(await uninterrupted(world))
    assert {"weights", "probes", "tallies", "tastes", "base"} <= set(endings[0].differs_from(endings[1]))


async def test_a_fold_anew_beside_the_counts_of_a_lost_learner_learns_everything(tmp_path: Path) -> None:
    """When no snapshot is usable the learner begins again, and its hourly cap with it."""
    world = await a_world(11, tmp_path)
    expected = await uninterrupted(world)
    training = Training(world)
    await training.start()
    await training.feed_to(60)
    await training.commit(publish=True)
    lost = Training(world, _WithoutSnapshots(training.store))
    await lost.start(publish=False)
    assert (await lost.end()).differs_from(expected) == []


class _WithoutSnapshots:
    def __init__(self, store: Store):
        self.log, self.state = store.log, _Unsnapped(store.state)
        self.edits, self.passes = store.edits, store.passes

    async def close(self) -> None:
        """Nothing to close."""


class _Unsnapped:
    def __init__(self, state: Any):
        self._state = state

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)

    async def snapshots(self, role: str = "incumbent", limit: int = 20) -> list[Any]:
        return []


# -------------------------------------------------------------------- what is learned


def liked_and_shown(row: TasteRow) -> tuple[object, ...]:
    state = msgspec.json.decode(row.state)
    return state["liked"], state["shown"], state["tags"]


class Watched(LogisticLearner):
    """Remembers what it was given to learn."""

    def __init__(self) -> None:
        super().__init__()
        self.examples: list[Example] = []

    def learn(self, example: Example) -> None:
        super().learn(example)
        self.examples.append(example)


class Service:
    """A log written by hand, and what a fold over all of it has learned."""

    def __init__(self, clock: Clock, store: VoidableStore, live_catalogue: LiveCatalogue):
        self.clock, self.store, self.live_catalogue = clock, store, live_catalogue

    async def rules(self, **changes: Any) -> None:
        await self.store.log.declare(encode(replace(RewardRules(WINDOW), **changes)))

    async def decide(self, *, deferred: bool = False, **changes: Any) -> Hold:
        decision = a_decision(FILM, 1, **changes)
        [hold] = await self.store.log.log_decisions([a_draft(decision, deferred=deferred)])
        return hold

    async def respond(self, kind: Kind, hold: Hold, seconds: float = 0.0, ago: int = 0) -> None:
        feedback = Event(kind, hold.decision, hold.nonce, hold.deferred, seconds, ago=ago)
        await self.store.log.log_feedback([feedback])

    async def wait(self, ms: int = WINDOW) -> None:
        self.clock.now += ms
        await self.store.log.tick(1)

    async def fold(self) -> tuple[Fold, Sequence[Example]]:
        learner = Watched()
        counted = await self.store.state.fold_state()
        fold = Fold(self.store.log, self.store.state, self.live_catalogue, learner, counted, None)
        await fold.feed(await self.store.log.read(0, 1000))
        return fold, learner.examples

    async def rewards(self) -> list[float]:
        return [example.reward for example in (await self.fold())[1]]


@pytest.fixture
async def service(tmp_path: Path) -> Service:
    clock = Clock()
    store = VoidableStore(clock)
    service = Service(clock, store, await a_shelf(store.log, tmp_path, FILM))
    await service.rules()
    return service


async def test_what_was_shown_and_got_nothing_is_learned_with_reward_0(service: Service) -> None:
    await service.decide()
    await service.wait()
    assert await service.rewards() == [0.0]


async def test_a_click_in_the_window_is_learned_when_the_window_closes(service: Service) -> None:
    hold = await service.decide()
    await service.respond(Kind.CLICK, hold)
    await service.wait(WINDOW - 1)
    assert await service.rewards() == []
    await service.wait(1)
    assert await service.rewards() == [1.0]


async def test_a_late_click_is_counted_but_not_learned(service: Service) -> None:
    hold = await service.decide()
    await service.wait()
    await service.respond(Kind.CLICK, hold)
    await service.wait()
    fold, examples = await service.fold()
    assert [example.reward for example in examples] == [0.0]
    assert fold.seen.late == 1


async def test_the_example_is_what_was_decided_and_known(service: Service) -> None:
    await service.decide(
        probabilities=(0.2, 0.5, 0.3), attributes={"country": "DE", "age": 30.0}, taste={"moon": 1.5}
    )
    await service.wait()
    [example] = (await service.fold())[1]
    assert (example.chosen, example.propensity) == (1, 0.5)
    assert [action.id for action in example.actions] == [f"countdown/countdown-{i}" for i in range(3)]
    assert example.context.attributes == {"country": "DE", "age": 30.0}
    assert example.context.taste == {"moon": 1.5}


async def test_a_deferred_decision_that_was_never_seen_is_not_learned(service: Service) -> None:
    await service.decide(deferred=True)
    await service.wait()
    assert await service.rewards() == []


async def test_the_window_of_a_deferred_decision_opens_with_its_impression(service: Service) -> None:
    hold = await service.decide(deferred=True)
    await service.wait(5 * WINDOW)
    await service.respond(Kind.IMPRESSION, hold)
    await service.wait(WINDOW - 1)
    await service.respond(Kind.CLICK, hold)
    await service.wait(1)
    assert await service.rewards() == [1.0]


@pytest.mark.parametrize(("later", "reward"), [(0, 1.0), (WINDOW - 1, 1.0), (WINDOW, 0.0)])
async def test_a_click_that_arrives_with_its_impression_counts_by_the_time_between_them(
    service: Service, later: int, reward: float
) -> None:
    """An app without a network sends both later. The window is that of its viewer."""
    hold = await service.decide(deferred=True, profile=ADA)
    await service.wait(50 * WINDOW)
    await service.respond(Kind.IMPRESSION, hold, ago=40 * WINDOW)
    await service.respond(Kind.CLICK, hold, ago=40 * WINDOW - later)
    await service.wait()
    fold, [example] = await service.fold()
    assert example.reward == reward
    assert (fold.seen.on_time, fold.seen.late) == (int(reward), int(not reward))
    taste = fold.progress().tastes[ADA]
    assert taste
    assert taste.first == hold.stamp + 10 * WINDOW + (later if reward else WINDOW), "its own time"


async def test_a_window_that_has_closed_stays_closed_whenever_the_click_was(service: Service) -> None:
    hold = await service.decide()
    await service.wait()
    await service.respond(Kind.CLICK, hold, ago=WINDOW // 2)
    await service.wait()
    fold, [example] = await service.fold()
    assert (example.reward, fold.seen.late) == (0.0, 1)


async def test_a_hold_shown_again_is_an_example_more_with_its_own_reward(service: Service) -> None:
    hold = await service.decide()
    await service.wait()
    await service.store.log.log_exposure(hold, deferred=False, window=WINDOW)
    await service.respond(Kind.CLICK, hold)
    await service.wait()
    assert await service.rewards() == [0.0, 1.0]


async def test_a_voided_decision_is_neither_learned_nor_counted(service: Service) -> None:
    hold = await service.decide(profile=ADA)
    service.store.log.void(hold.decision)
    await service.respond(Kind.CLICK, hold)
    await service.wait()
    fold, examples = await service.fold()
    assert examples == []
    assert not fold.totals.changed


async def test_a_pin_is_counted_apart_and_not_learned(service: Service) -> None:
    await service.decide(pinned=True, probabilities=(0.0, 1.0, 0.0))
    await service.wait()
    fold, examples = await service.fold()
    assert examples == []
    assert list(fold.progress().tallies) == [("countdown", "countdown-1", "pinned")]


async def test_a_pin_moves_neither_a_taste_nor_everyones_rate(service: Service) -> None:
    await service.decide(profile=ADA)
    await service.wait()
    before = (await service.fold())[0].progress()
    hold = await service.decide(profile=ADA, pinned=True, probabilities=(0.0, 1.0, 0.0))
    await service.respond(Kind.CLICK, hold)
    await service.wait()
    after = (await service.fold())[0].progress()
    assert after.base == before.base
    assert [row and row.values for row in after.tastes.values()] == [b"{}"]
    assert [row and liked_and_shown(row) for row in after.tastes.values()] == [
        row and liked_and_shown(row) for row in before.tastes.values()
    ]
    tally = after.tallies["countdown", "countdown-1", "pinned"]
    assert tally
    assert tally.clicks == 1


async def test_beyond_the_cap_a_profile_is_counted_but_not_learned_until_the_next_hour(service: Service) -> None:
    await service.rules(learn_cap=2)
    service.clock.now = 3_600_000
    for _ in range(3):
        await service.decide(profile=ADA)
    await service.decide(profile=f"{2:032x}")
    await service.wait()
    await service.wait(3_600_000)
    await service.decide(profile=ADA)
    await service.wait()
    fold, examples = await service.fold()
    assert len(examples) == 4
    assert fold.seen.capped == 1
    [tally] = fold.progress().tallies.values()
    assert tally
    assert tally.exposures == 5


async def test_a_window_keeps_the_length_it_opened_with(service: Service) -> None:
    await service.decide()
    await service.rules(window=10 * WINDOW)
    await service.decide()
    await service.wait()
    assert len(await service.rewards()) == 1
    await service.wait(9 * WINDOW)
    assert len(await service.rewards()) == 2


async def test_where_plays_count_a_click_earns_little_and_watching_more(service: Service) -> None:
    await service.rules(reward="play", play_seconds=100.0)
    clicked, watched = await service.decide(), await service.decide()
    await service.respond(Kind.CLICK, clicked)
    await service.respond(Kind.PLAY, watched, 60.0)
    await service.wait()
    assert await service.rewards() == [0.2, 0.6]


async def test_a_liking_is_known_before_the_window_closes(service: Service) -> None:
    hold = await service.decide(profile=ADA)
    await service.respond(Kind.CLICK, hold)
    fold, examples = await service.fold()
    assert examples == []
    row = fold.progress().tastes[ADA]
    assert row is not None
    assert b'"drama"' in row.values


async def showings(service: Service, *artworks: str) -> tuple[int, ...]:
    """Return how often the viewer was shown these artworks, by a fold over all of the log."""
    row = (await service.fold())[0].progress().tastes[ADA]
    assert row
    return times(by_mark(row.showings), [f"countdown/{artwork}" for artwork in artworks])


async def test_a_showing_counts_when_its_window_has_closed(service: Service) -> None:
    await service.decide(profile=ADA)
    await service.wait(WINDOW - 1)
    assert (await service.fold())[0].progress().tastes == {}
    await service.wait(1)
    assert await showings(service, "countdown-0", "countdown-1") == (0, 1)


async def test_a_deferred_decision_counts_as_a_showing_once_it_was_seen(service: Service) -> None:
    await service.decide(profile=ADA)
    unseen, seen = (
        await service.decide(profile=ADA, deferred=True),
        await service.decide(profile=ADA, deferred=True),
    )
    assert unseen.deferred
    await service.respond(Kind.IMPRESSION, seen)
    await service.wait()
    assert await showings(service, "countdown-1") == (2,)


async def test_a_hold_that_is_shown_again_is_one_more_showing(service: Service) -> None:
    hold = await service.decide(profile=ADA)
    await service.wait()
    await service.store.log.log_exposure(hold, deferred=False, window=WINDOW)
    await service.wait()
    assert await showings(service, "countdown-1") == (2,)


async def test_a_pinned_picture_counts_as_shown_and_keeps_its_viewer_in_mind(service: Service) -> None:
    """The viewer saw it. Its time counts as the profile's first, because retention and strangers go by that."""
    await service.decide(profile=ADA, pinned=True, probabilities=(0.0, 1.0, 0.0))
    await service.wait()
    assert await showings(service, "countdown-1") == (1,)
    row = (await service.fold())[0].progress().tastes[ADA]
    assert row
    assert row.first == service.clock.now
    assert msgspec.json.decode(row.state)["at"] == service.clock.now


async def test_a_voided_decision_is_no_showing(service: Service) -> None:
    await service.decide(profile=ADA)
    void = await service.decide(profile=ADA)
    service.store.log.void(void.decision)
    await service.wait()
    assert await showings(service, "countdown-1") == (1,)


async def test_showings_beyond_the_caps_do_not_count(service: Service) -> None:
    await service.rules(learn_cap=2)
    for _ in range(3):
        await service.decide(profile=ADA)
    await service.wait()
    assert await showings(service, "countdown-1") == (2,)


async def test_the_learner_gets_the_showings_of_the_decision(service: Service) -> None:
    await service.decide(profile=ADA, showings=(0, 3, 1))
    await service.decide(profile=ADA)
    await service.wait()
    some, none = (await service.fold())[1]
    assert some.context.showings == {"countdown/countdown-1": 3, "countdown/countdown-2": 1}
    assert none.context.showings == {}


async def test_an_erasure_takes_the_taste_away(service: Service) -> None:
    hold = await service.decide(profile=ADA)
    await service.respond(Kind.CLICK, hold)
    await service.wait()
    await service.store.log.forget(ADA)
    fold, _ = await service.fold()
    assert fold.progress().tastes == {ADA: None}


async def test_an_erasure_takes_the_caps_count_away(service: Service) -> None:
    await service.rules(learn_cap=1)
    for _ in range(2):
        await service.decide(profile=ADA)
        await service.wait()
    before, _ = await service.fold()
    assert before.caps.taken() == before.totals.caps.taken() == {ADA: 1}
    await service.store.log.forget(ADA)
    fold, _ = await service.fold()
    assert fold.caps.taken() == fold.totals.caps.taken() == {}
    assert fold.progress(fold.snapshot()).learned_caps.rows[f"~n{ADA}"] is None
    assert fold.forgotten == 1


async def test_a_decision_about_a_title_that_is_no_longer_kept_is_left_out_and_others_are_not(
    service: Service,
) -> None:
    await service.decide(revision="0" * 16)
    await service.decide()
    await service.wait()
    fold, examples = await service.fold()
    assert len(examples) == 1
    assert fold.seen.refused == 1


def damage(folder: Path, revision: str) -> None:
    [path] = folder.rglob(f"{revision}.json")
    path.write_bytes(b"{}")


async def test_a_decision_about_a_title_whose_revision_is_damaged_is_left_out_and_others_are_not(
    service: Service, tmp_path: Path
) -> None:
    revision = Revisions(tmp_path).put_title(a_film("apollo"))
    damage(tmp_path, revision)
    await service.decide(revision=revision)
    await service.decide()
    await service.wait()
    fold, examples = await service.fold()
    assert len(examples) == 1
    assert fold.seen.refused == 1


async def test_what_speaks_of_a_position_without_a_decision_is_left_out_and_the_rest_is_not(
    service: Service,
) -> None:
    """As when a power cut took the decision, and its position was given again."""
    hold = await service.decide()
    for _ in range(2):
        await service.wait()
        await service.decide()
    for other in await service.store.log.read(0, 100):
        if other.kind in {Kind.RULES, Kind.TICK}:
            await service.store.log.log_exposure(changed(hold, decision=other.position), deferred=False, window=0)
    await service.wait()
    fold, examples = await service.fold()
    assert len(examples) == 3
    assert fold.seen.refused == 3


async def test_while_one_record_closes_many_windows_others_get_their_turn(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.learning.fold.STEPS", 10)
    await service.rules(learn_cap=0)
    for _ in range(100):
        await service.decide()
    await service.wait()
    turns = 0

    async def renew() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    renewing = asyncio.create_task(renew())
    await service.fold()
    renewing.cancel()
    assert turns >= 10


async def test_only_clicks_and_plays_are_on_time_or_late_and_once(service: Service) -> None:
    hold = await service.decide()
    for kind in (Kind.IMPRESSION, Kind.PLAY, Kind.CLICK):
        await service.respond(kind, hold, 10.0 if kind is Kind.PLAY else 0.0)
    missed = await service.decide()
    await service.wait()
    await service.respond(Kind.IMPRESSION, missed)
    await service.respond(Kind.CLICK, missed)
    fold, _ = await service.fold()
    assert (fold.seen.on_time, fold.seen.late) == (2, 1)

    await service.decide()  # whose window stays open: what is behind it is read again
    training = Training(World(random.Random(0), service.clock, service.store, service.live_catalogue))
    await training.start()
    await training.feed_to(2)
    await training.commit(publish=True)
    await training.feed_to((await service.store.log.head()).position)
    await training.commit(publish=False)
    await training.start(publish=False)
    assert training.fold.position < 3, "it has to read the feedback again for this test"
    await training.end()
    assert (training.fold.seen.on_time, training.fold.seen.late) == (0, 0)


async def test_after_trimming_a_fold_anew_goes_by_the_rules_that_were_in_force(service: Service) -> None:
    await service.decide()
    await service.wait()
    hold = await service.decide()
    await service.respond(Kind.CLICK, hold)
    await service.wait()
    await service.store.log.trim(before=service.clock.now, below=hold.decision, limit=100)
    assert await service.rewards() == [1.0], "by the default rules its window would still be open"


async def test_an_unlearnable_example_is_left_out_and_others_are_not(service: Service) -> None:
    await service.decide(probabilities=(1.0, 0.0, 0.0))
    await service.decide()
    await service.wait()
    fold, examples = await service.fold()
    assert len(examples) == 1
    assert fold.seen.refused == 1
    assert fold.learner.healthy()


async def test_a_decision_that_is_no_longer_in_the_log_says_nothing(service: Service) -> None:
    hold = await service.decide()
    await service.wait()
    await service.store.log.log_exposure(hold, deferred=False, window=WINDOW)
    head = await service.store.log.head()
    await service.store.log.trim(before=head.stamp, below=head.position, limit=100)
    await service.wait()
    assert await service.rewards() == []


# -------------------------------------------------------------------- snapshots


async def test_a_snapshot_taken_while_catching_up_claims_what_its_learner_has_learned(tmp_path: Path) -> None:
    """Else a trainer killed twice would learn the same windows twice."""
    world = await a_world(12, tmp_path)
    training = Training(world)
    await training.start()
    await training.feed_to(60)
    await training.commit(publish=True)
    await training.start(publish=False)
    assert training.fold.position < 60, "the log has to have windows open at 60 for this test"
    snapshot = training.fold.snapshot()
    assert snapshot.position == 60
    assert snapshot.resume <= training.fold.position + 1


async def test_a_damaged_snapshot_is_passed_over_for_the_one_before_it(service: Service) -> None:
    await service.rules(learn_cap=0)
    for _ in range(6):
        await service.respond(Kind.CLICK, await service.decide(profile=ADA))
        await service.decide(attributes={"country": "DE"})
        await service.wait(WINDOW // 2)
    await service.wait()
    whole, _ = await service.fold()
    training = Training(
        World(random.Random(0), service.clock, service.store, service.live_catalogue), service.store
    )
    await training.start()
    await training.feed_to(8)
    await training.commit(publish=True)
    await training.feed_to(16)
    damaged = training.fold.progress(replace(training.fold.snapshot(), learner=b"damaged"))
    await service.store.state.commit(1, damaged)
    await training.start(publish=False)
    assert training.fold.learned == 8
    await training.end()
    assert training.fold.learner.weights().tobytes() == whole.learner.weights().tobytes()
    assert await service.store.state.tallies() == whole.progress().tallies


@every_kind
async def test_killed_between_equal_attributes_in_another_order_it_ends_as_if_it_never_was(
    kind: Learning, service: Service
) -> None:
    await service.rules(reward="play", learn_cap=0)
    rng = random.Random(14)
    for _ in range(30):
        viewer = [(f"key{key}", rng.choice(["a", "b"])) for key in range(20)]
        for _ in range(2):
            hold = await service.decide(attributes=dict(rng.sample(viewer, 20)))
            await service.respond(Kind.PLAY, hold, rng.uniform(0, 300))
            await service.wait(WINDOW // 2)
    world = World(rng, service.clock, service.store, service.live_catalogue)
    expected = await uninterrupted(world, kind)
    training = Training(world, kind=kind)
    await training.start()
    for stop in range(3, (await service.store.log.head()).position, 2):
        await training.feed_to(stop)
        await training.commit(publish=True)
        await training.start()
    assert (await training.end()).differs_from(expected) == []


# -------------------------------------------------------------------- whose words they are


@pytest.mark.parametrize(("caps", "known"), [({"learn_cap": 60}, False), ({"learn_cap": 0}, True)])
async def test_a_word_of_one_profile_has_no_weight_unless_nothing_is_capped(
    service: Service, caps: dict[str, int], known: bool
) -> None:
    await service.rules(**caps)
    for number in range(2):
        await service.decide(profile=ADA, attributes={"device": f"made-up-{number}"})
    await service.wait()
    fold, [example, _] = await service.fold()
    whoever = fold.learner.probabilities(Context({}), example.actions)
    with_the_word = fold.learner.probabilities(Context({"device": "made-up-1"}), example.actions)
    assert (with_the_word != whoever) is known
