"""Promotions, roll-backs and freezes: each sets a base from which a repeated fold is equal."""

import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from app.learning import bases
from app.learning.rebuild import publish
from app.operations.interventions import Span
from app.refusals import Conflict
from app.store.protocol import Snapshot
from app.viewers.erasure import erase
from bandit.learners import new_learner
from tests.learning.simulation import PROFILES, World, a_world
from tests.learning.training import (
    ME,
    assert_equal,
    caught_up,
    counted_everything,
    folded_anew,
    from_nothing,
    happening,
    learned,
    none_under_way,
    operator,
    order,
    ordering,
    reasons,
    settled,
    soon,
    training,
)

pytestmark = pytest.mark.usefixtures("hurried", "refolding_at_once")


async def latest(world: World) -> Snapshot:
    [snapshot] = await world.store.state.snapshots(limit=1)
    return snapshot


async def carried_out(world: World) -> bool:
    promotion = (await operator(world).in_force()).promotion
    return promotion is None or await world.store.state.promoted() >= promotion.given.position


def untaught(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot at the same position that knows nothing."""
    return replace(snapshot, learner=new_learner("logistic").snapshot())


async def test_the_trainer_continues_with_the_promoted_learner_and_learns_on(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        before = await latest(world)
        await operator(world).promote(ME, untaught(before), "It is better")
        await soon(lambda: carried_out(world))
        assert await learned(world) == new_learner("logistic").snapshot()
        assert await reasons(world) == ["promotion"]
        await assert_equal(world)
        await world.happen(80, unbroken=True)
        await soon(lambda: caught_up(world))
        await assert_equal(world)
    assert await learned(world) not in {before.learner, new_learner("logistic").snapshot()}
    [promoted] = await world.store.state.snapshots("promoted")
    [replaced] = await world.store.state.snapshots("replaced")
    assert (promoted.learner, replaced.learner) == (new_learner("logistic").snapshot(), before.learner)


async def test_a_roll_back_brings_the_replaced_learner_back_and_another_one_its_successor(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        with pytest.raises(Conflict, match="no snapshot to roll back to"):
            await operator(world).roll_back(ME, "")
        good = await latest(world)
        await operator(world).promote(ME, untaught(good), "")
        await soon(lambda: carried_out(world))
        await operator(world).roll_back(ME, "It was worse")
        await soon(lambda: carried_out(world))
        assert await learned(world) == good.learner
        await assert_equal(world)
        await operator(world).roll_back(ME, "No, it was not")
        await soon(lambda: carried_out(world))
        assert await learned(world) == new_learner("logistic").snapshot()
        await assert_equal(world)


async def test_nothing_is_learned_from_the_events_between_freeze_and_thaw(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        before = await learned(world)
        await operator(world).freeze(ME, "", frozen=True)
        await world.happen(80, unbroken=True)
        await soon(lambda: counted_everything(world))
        await operator(world).freeze(ME, "", frozen=False)
        await soon(lambda: carried_out(world))
        assert await learned(world) == before
        await assert_equal(world)
        await world.happen(80, unbroken=True)
        await soon(lambda: caught_up(world))
        assert await learned(world) != before
        await assert_equal(world)
    assert await learned(world) != (await from_nothing(world)).learner.snapshot()


async def test_a_thaw_that_no_trainer_saw_skips_the_same_events(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        before = await learned(world)
        await operator(world).freeze(ME, "", frozen=True)
    await world.happen(80, unbroken=True)
    await operator(world).freeze(ME, "", frozen=False)
    async with training(world):
        await soon(lambda: carried_out(world))
        assert await learned(world) == before
        await assert_equal(world)


async def test_a_promotion_is_carried_out_once_though_trainers_start_again(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        await operator(world).promote(ME, untaught(await latest(world)), "")
        await soon(lambda: carried_out(world))
    await world.happen(80, unbroken=True)
    for _ in range(2):
        async with training(world):
            await soon(lambda: caught_up(world))
    assert await learned(world) != new_learner("logistic").snapshot()
    assert len(await world.store.state.snapshots("promoted")) == 1
    await assert_equal(world)


async def test_an_erasure_deletes_what_could_be_promoted_and_what_was_ordered_learns_on(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        await operator(world).promote(ME, untaught(await latest(world)), "")
        await soon(lambda: carried_out(world))
        await erase(world.store.log, PROFILES[0])
        await soon(lambda: nothing_kept(world))
        with pytest.raises(Conflict, match="no snapshot to roll back to"):
            await operator(world).roll_back(ME, "")
        await soon(lambda: folded_anew(world))
        await assert_equal(world)


async def nothing_kept(world: World) -> bool:
    kept = [await world.store.state.snapshots(role) for role in ("chosen", "promoted", "replaced", "candidate")]
    return not any(kept)


async def test_a_profile_that_is_erased_while_the_learner_is_frozen_is_forgotten_by_it(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        await operator(world).freeze(ME, "", frozen=True)
        await erase(world.store.log, PROFILES[0])
        await world.happen(20, unbroken=True)
        await operator(world).freeze(ME, "", frozen=False)
        await soon(lambda: carried_out(world))
        assert not await world.store.state.snapshots("replaced"), "it knew the profile"
        await soon(lambda: folded_anew(world))
        await assert_equal(world)


async def test_a_promoted_snapshot_that_does_not_load_is_passed_over_and_nothing_is_lost(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        broken = replace(await latest(world), learner=b"broken")
        await operator(world).promote(ME, broken, "")
        await world.happen(60, unbroken=True)
        await soon(lambda: caught_up(world))
        await soon(lambda: same_as_from_nothing(world))
        await assert_equal(world)


async def same_as_from_nothing(world: World) -> bool:
    return await learned(world) == (await from_nothing(world)).learner.snapshot()


async def test_a_snapshot_from_before_a_quarantine_is_refused(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
        before = await latest(world)
        await operator(world).quarantine(ME, Span(0, 10**13), "")
        await soon(lambda: settled(world))
        with pytest.raises(Conflict, match="latest order of a quarantine"):
            await operator(world).promote(ME, before, "")


async def test_a_published_rebuild_carries_out_no_promotion_of_before(world: World) -> None:
    async with training(world):
        await soon(lambda: caught_up(world))
    await operator(world).promote(ME, untaught(await latest(world)), "")
    fold = await from_nothing(world)
    keeper = bases.BaseKeeper(world.store, "logistic", retention=10**9, reach=10**8, clock=world.clock)
    world.clock.now += 10_000  # the former trainer's lease runs out
    assert await publish(world.store, keeper, fold)
    whole = await learned(world)
    async with training(world):
        await soon(lambda: caught_up(world))
        await assert_equal(world)
    assert await learned(world) == whole


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_the_fold_from_the_oldest_base_is_equal(seed: int, tmp_path: Path) -> None:
    """Promotions, roll-backs and freezes among kills, erasures, trims, pauses and quarantines."""
    world, rng = await a_world(seed, tmp_path, events=60), random.Random(seed)
    for _ in range(5):
        async with training(world) as running:
            for _ in range(rng.randrange(1, 4)):
                await happening(world, rng)
                with suppress(Conflict):
                    await (ordering if rng.random() < 0.3 else choosing)(world, rng)
                await counted(world, rng)
            if rng.random() < 0.5:
                running.cancel()
    async with training(world):
        await order(world, paused=False)
        await operator(world).freeze(ME, "", frozen=False)
        await soon(lambda: none_under_way(world))
        await world.happen(20)
        await soon(lambda: carried_out(world))
        await soon(lambda: caught_up(world))
        await soon(lambda: settled(world))
    await assert_equal(world)


async def counted(world: World, rng: random.Random) -> None:
    if rng.random() < 0.5:
        await soon(lambda: counted_everything(world))


async def choosing(world: World, rng: random.Random) -> None:
    event, snapshots = rng.random(), await world.store.state.snapshots()
    if event < 0.3 and snapshots:
        chosen = rng.choice(snapshots)
        await operator(world).promote(ME, rng.choice([chosen, untaught(chosen)]), "")
    elif event < 0.5:
        await operator(world).roll_back(ME, "")
    elif event < 0.9:
        await operator(world).freeze(ME, "", frozen=rng.random() < 0.5)
