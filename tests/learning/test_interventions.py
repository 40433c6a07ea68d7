"""Pauses and quarantines: nothing is lost, what is in quarantine is folded out, and a repeated fold is equal."""

import random
from pathlib import Path

import pytest

from app.evaluation.replay import Ended, Replay
from app.interventions import SETTING, Interventions, Quarantine, interventions_in
from app.learning import refolding
from app.learning.fold import Fold
from app.learning.quarantines import Quarantines
from app.learning.rebuild import Start, rebuilt
from app.learning.totals import NoTastes
from app.operations.interventions import Span
from app.records import DECISIONS, Kind
from app.store.protocol import FoldState, SeriesState
from app.viewers.erasure import erase
from bandit.learners import new_learner
from tests.learning.simulation import HOUR_MS, PROFILES, World, a_world
from tests.learning.training import (
    ME,
    assert_equal,
    caught_up,
    counted_everything,
    folded_anew,
    from_nothing,
    happening,
    learned,
    learned_everything,
    none_under_way,
    operator,
    order,
    ordering,
    reasons,
    settled,
    soon,
    training,
)

pytestmark = pytest.mark.usefixtures("hurried")

EVER = Span(0, 10**13)


# ---------------------------------------------------------------- pauses


async def test_the_learner_stays_as_it_is_while_the_totals_go_on(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        await order(world, paused=True)
        await world.happen(60, unbroken=True)
        await soon(lambda: counted_everything(world))
        before = await learned(world)
        await world.happen(60, unbroken=True)
        await soon(lambda: counted_everything(world))
        assert await learned(world) == before
        await assert_equal(world)
    assert await learned(world) == before
    assert (await from_nothing(world)).learner.snapshot() != before, "there was something to learn meanwhile"


async def test_all_that_came_during_a_pause_is_learned_after_it(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        await order(world, paused=True)
        await world.happen(60, unbroken=True)
        await soon(lambda: counted_everything(world))
        await order(world, paused=False)
        await world.happen(20, unbroken=True)
        await soon(lambda: learned_everything(world))
    await assert_equal(world)


@pytest.mark.parametrize("seed", range(3))
async def test_a_trainer_that_is_killed_in_and_around_pauses_ends_at_the_same_weights(
    seed: int, tmp_path: Path
) -> None:
    world, rng = await a_world(seed, tmp_path, events=60, unbroken=True), random.Random(seed)
    for number in range(6):
        async with training(world) as running:
            await world.happen(rng.randrange(5, 40), unbroken=True)
            await order(world, paused=number % 2 == 0)
            await world.happen(rng.randrange(5, 40), unbroken=True)
            if rng.random() < 0.5:
                await soon(lambda: counted_everything(world))
            if rng.random() < 0.5:
                running.cancel()
    async with training(world):
        await order(world, paused=False)
        await world.happen(10, unbroken=True)
        await soon(lambda: learned_everything(world))
    await assert_equal(world)


async def test_an_erasure_during_a_pause_forgets_the_taste_at_once_and_the_rest_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refolding, "DELAY_SECONDS", 0.0)
    who = PROFILES[0]
    async with training(world):
        await soon(lambda: caught_up(world))
        assert await world.store.state.taste_since(who)
        await order(world, paused=True)
        await erase(world.store.log, who)
        await soon(lambda: forgotten(world, who))
        await order(world, paused=False)
        await soon(lambda: folded_anew(world))
    await assert_equal(world)


async def forgotten(world: World, who: str) -> bool:
    return await world.store.state.taste_since(who) is None


async def test_records_are_not_kept_beyond_their_time_by_a_pause(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        await order(world, paused=True)
        for _ in range(12):
            await world.happen(20, unbroken=True)
            world.clock.now += 3 * HOUR_MS
            await world.store.log.tick(1)
        await soon(lambda: old_ones_are_gone(world))
        await order(world, paused=False)
        await world.happen(20, unbroken=True)
        await soon(lambda: caught_up(world))
    await assert_equal(world)


async def old_ones_are_gone(world: World) -> bool:
    kept = [each for each in await world.store.log.read(0, 2) if each.kind != Kind.RULES]
    return kept[0].stamp >= world.clock.now - 25 * HOUR_MS


async def test_a_service_that_begins_with_a_pause_serves_and_learns_nothing(tmp_path: Path) -> None:
    world = await a_world(5, tmp_path, events=0)
    await order(world, paused=True)
    async with training(world):
        await soon(world.store.state.current)
        await world.happen(80, unbroken=True)
        await soon(lambda: counted_everything(world))
        assert await learned(world) == new_learner("logistic").snapshot()
        await order(world, paused=False)
        await soon(lambda: learned_everything(world))


# ---------------------------------------------------------------- quarantines


async def test_exposures_in_quarantine_are_folded_out_of_everything(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        before = await learned(world)
        await operator(world).quarantine(ME, EVER, "All of it is a test")
        await soon(lambda: settled(world))
        assert "quarantine" not in await reasons(world), "the first base leads to the state again"
        await assert_equal(world)
    assert before != await learned(world)
    assert await learned(world) == new_learner("logistic").snapshot()
    state = await world.store.state.fold_state()
    assert not any(tally.exposures for tally in state.tallies.values())
    assert (await operator(world).folding()).done


async def test_only_the_span_and_the_device_are_in_quarantine(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        half = await half_time(world)
        await operator(world).quarantine(ME, Span(half, 10**13, "tv"), "")
        await world.happen(40, unbroken=True)
        await soon(lambda: settled(world))
        await assert_equal(world)
    kept, all_ = [
        await ended(world, each) for each in (await Quarantines.in_force(world.store.log), Quarantines())
    ]
    out = [each for each in all_ if each not in kept]
    assert out
    assert len(kept) > len(out)
    for each in all_:
        device, span = each[1], each[2:]
        assert (each in out) == (device == "tv" and span[1] > half), each
    assert await learned(world) == (await from_nothing(world)).learner.snapshot()


async def half_time(world: World) -> int:
    records = [each for each in await world.store.log.read(0, 10_000) if each.kind in DECISIONS]
    return records[len(records) // 2].stamp


async def ended(world: World, left_out: Quarantines) -> list[tuple[int, object, int, int]]:
    """Return the exposures that an evaluation reads: position, device, and when the window was open."""
    replay = Replay(world.store.log, world.live_catalogue, left_out)
    found: list[tuple[int, object, int, int]] = []
    async for events in replay.events((await world.store.log.head()).position):
        for each in events:
            if isinstance(each, Ended):
                closed = each.close.closed.deadline
                span = closed - each.close.rules.window, closed
                found.append((each.close.closed.opened, each.decision.attributes.get("device"), *span))
    return found


async def test_a_lifted_quarantine_brings_everything_back(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        before = (await from_nothing(world)).totals.totals()
        found = await operator(world).quarantine(ME, EVER, "By mistake")
        await soon(lambda: settled(world))
        await operator(world).lift(ME, found.given.position, "")
        await soon(lambda: settled(world))
        await assert_equal(world)
    fold = await from_nothing(world)
    assert fold.totals.totals()[1][: len(before[1])]
    assert await learned(world) == fold.learner.snapshot() != new_learner("logistic").snapshot()


async def test_a_quarantine_during_a_pause_is_never_learned(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        await order(world, paused=True)
        since = world.clock.now
        await world.happen(60, unbroken=True)
        await operator(world).quarantine(ME, Span(since, world.clock.now), "")
        await order(world, paused=False)
        await soon(lambda: settled(world))
        await assert_equal(world)
        await soon(lambda: learned_everything(world))


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_the_fold_from_the_oldest_base_is_equal(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trainers are killed, profiles erased, records trimmed, learning is paused, and spans are in quarantine."""
    monkeypatch.setattr(refolding, "DELAY_SECONDS", 0.0)
    world, rng = await a_world(seed, tmp_path, events=60), random.Random(seed)
    for _ in range(5):
        async with training(world) as running:
            for _ in range(rng.randrange(1, 4)):
                await happening(world, rng)
                await ordering(world, rng)
            if rng.random() < 0.5:
                running.cancel()
    async with training(world):
        await order(world, paused=False)
        await soon(lambda: none_under_way(world))
        await world.happen(20)
        await soon(lambda: caught_up(world))
        await soon(lambda: settled(world))
    await assert_equal(world)


async def test_a_fold_depends_on_no_batch_when_it_meets_a_quarantine_and_its_end(world: World) -> None:
    """A running fold applies an order from its record on, whether it reads one record at a time or all."""
    found = await operator(world).quarantine(ME, EVER, "")
    await world.happen(60, unbroken=True)
    await operator(world).lift(ME, found.given.position, "")
    await world.happen(60, unbroken=True)
    records = await world.store.log.read(0, 10_000)
    results = []
    for size in (1, 7, len(records)):
        state = FoldState(0, None, {}, series=SeriesState(apart=True))
        learner = new_learner("logistic")
        fold = Fold(world.store.log, NoTastes(), world.live_catalogue, learner, state, None)
        for start in range(0, len(records), size):
            await fold.feed(records[start : start + size])
        assert fold.seen.quarantined
        results.append((fold.learner.snapshot(), fold.counting()))
    assert results[0] == results[1] == results[2]


async def test_a_rebuild_from_nothing_leaves_the_quarantine_out(world: World) -> None:
    await operator(world).quarantine(ME, EVER, "")
    head = (await world.store.log.head()).position
    revisions = world.live_catalogue._revisions  # noqa: SLF001
    folds = [each async for each in rebuilt(world.store, revisions, [head], Start("logistic"))]
    assert folds[-1].seen.examples == 0
    assert folds[-1].seen.quarantined


async def test_an_order_leaves_no_half_behind(world: World) -> None:
    """The record, the setting and the entry of the edits are one transaction; a refusal writes none of them."""
    head = await world.store.log.head()
    found = await operator(world).quarantine(ME, Span(1, 2, "tv"), "Because")
    assert await operator(world).quarantine(ME, Span(1, 2, "tv"), "Again") == found
    stored = interventions_in(await world.store.log.setting(SETTING))
    assert stored == Interventions(
        quarantines=(Quarantine(found.given, 1, 2, "tv"),), quarantined=head.position + 1
    )
    assert (await world.store.log.head()).position == head.position + 1
    assert len(await world.store.edits.latest(10)) == 1
