"""A record that a later version of Keyart wrote ends the fold before it, and the trainer's lead with it."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from app.learning.bases import BaseKeeper
from app.learning.fold import Fold
from app.learning.trainer import Trainer
from app.records import FOLD, Kind, Rebase, Record, encode, unknown
from app.store.protocol import UnknownVersionError
from bandit.learners import new_learner
from tests.learning.simulation import World, a_world

DAY_MS = 86_400_000
LATER = {
    "a kind": (99, b"{}", "has a record of kind 99 at position"),
    "a fold": (int(Kind.BASE), encode(Rebase("upgrade", FOLD + 1)), f"has a base of fold version {FOLD + 1}"),
}


@pytest.fixture
async def world(tmp_path: Path) -> World:
    return await a_world(5, tmp_path, events=60, unbroken=True)


def a_trainer(world: World) -> Trainer:
    async def trusted() -> int:
        return world.clock()

    bases = BaseKeeper(world.store, "logistic", retention=90 * DAY_MS, reach=DAY_MS, clock=world.clock)
    return Trainer(
        world.store,
        world.live_catalogue,
        holder="me",
        floor=0.02,
        clock=trusted,
        bases=bases,
    )


@pytest.mark.parametrize("what", LATER)
async def test_a_fold_takes_nothing_in_of_records_among_which_one_is_of_a_later_version(
    world: World, what: str
) -> None:
    kind, body, met = LATER[what]
    store = world.store
    records = await store.log.read(0, 10_000)
    state = await store.state.fold_state()
    fold = Fold(store.log, store.state, world.live_catalogue, new_learner("logistic"), state, None)
    await fold.feed(records[:10])
    position, weights = fold.position, fold.learner.snapshot()
    later = Record(records[-1].position + 1, records[-1].stamp, kind, body)
    with pytest.raises(UnknownVersionError, match=met):
        await fold.feed([*records[10:], later])
    assert (fold.position, fold.learner.snapshot()) == (position, weights)


@pytest.mark.parametrize("what", LATER)
async def test_a_trainer_that_meets_one_ends_before_it_and_lets_another_lead(world: World, what: str) -> None:
    kind, body, met = LATER[what]
    running = asyncio.create_task(a_trainer(world).run(asyncio.Event()))
    try:
        async with asyncio.timeout(30):
            while not (await world.store.state.fold_state()).position:  # noqa: ASYNC110  the trainer sets no event
                await asyncio.sleep(0.005)
            at = world.store.log.write_any(kind, body)
            with pytest.raises(UnknownVersionError, match=met):
                await running
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError, UnknownVersionError):
            await running
    assert (await world.store.state.fold_state()).position < at
    assert all(snapshot.position < at for snapshot in await world.store.state.snapshots())
    assert await world.store.state.lease() is None


def test_every_kind_and_fold_version_of_this_version_is_known() -> None:
    bodies = {Kind.BASE: encode(Rebase("upgrade", FOLD))}
    assert [unknown(Record(1, 0, kind, bodies.get(kind, b""))) for kind in Kind] == [None] * len(Kind)
