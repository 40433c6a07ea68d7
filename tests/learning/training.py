"""A trainer at work in a test's world, the orders that it gets, and what is to be equal at the end."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from app.learning.bases import BaseKeeper, fed, fold_from, sound_base
from app.learning.comparison import Comparison
from app.learning.fold import Fold
from app.learning.quarantines import Quarantines
from app.learning.totals import NoTastes
from app.learning.trainer import Trainer
from app.operations.interventions import Operator, Span
from app.records import Kind
from app.store.protocol import Author, FoldState, SeriesState
from app.viewers.erasure import erase
from bandit.learners import new_learner
from tests.learning.simulation import HOUR_MS, PROFILES, World

RETENTION, REACH = 24 * HOUR_MS, 12 * HOUR_MS
ME = Author("admin", "key")


def a_trainer(world: World) -> Trainer:
    async def trusted() -> int:
        return world.clock()

    return Trainer(
        world.store,
        world.live_catalogue,
        holder="me",
        floor=0.02,
        clock=trusted,
        bases=BaseKeeper(world.store, "logistic", retention=RETENTION, reach=REACH, clock=world.clock),
    )


@asynccontextmanager
async def training(world: World) -> AsyncIterator[asyncio.Task[None]]:
    """Let a trainer lead meanwhile; it ends as after SIGTERM, unless it was killed by then."""
    stop = asyncio.Event()
    task = asyncio.create_task(a_trainer(world).run(stop))
    try:
        yield task
    finally:
        stop.set()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, 60)


async def soon(condition: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(60):
        while not (found := await condition()):  # noqa: ASYNC110  the trainer sets no event
            await asyncio.sleep(0.005)
    return found


async def reasons(world: World) -> list[str]:
    return [base.reason for base in await world.store.state.bases()]


async def caught_up(world: World) -> bool:
    """Whether all that is in the log was learned, and no base is due."""
    snapshots = await world.store.state.snapshots(limit=1)
    if not snapshots or not await world.store.state.bases():
        return False
    unread = await world.store.log.read(snapshots[0].position, 1000)
    due = [record for record in unread if record.kind in {Kind.ERASURE, Kind.BASE}]
    counted, head = await world.store.state.fold_state(), await world.store.log.head()
    return counted.position >= head.position - 1 and not due


async def verdicts(world: World) -> list[str]:
    """Do what `keyart rebuild` does, and return what it says."""
    store = world.store
    base = await sound_base(store, "logistic")
    assert base, "no base is sound"
    found = await Comparison.with_state(store, "logistic", base)
    said: list[str] = []
    fold = await fold_from(store, world.live_catalogue, base)
    async for at in fed(store.log, fold, found.stops((await store.log.head()).position)):
        said += [sentence async for sentence in found.at(at)]
    return said


async def assert_equal(world: World) -> None:
    weights, counts, series, lift = await verdicts(world)
    assert weights.startswith("Equal to snapshot"), weights
    assert weights.endswith("in every weight."), weights
    assert counts.startswith("Equal in every count"), counts
    assert series.startswith("Equal in every hour and day"), series
    assert lift.startswith("Equal in every experiment"), lift


async def erased_in_the_middle(world: World, who: str) -> None:
    """Do half of what an erasure does, as a worker that is killed then."""
    await world.store.log.forget(who)
    await world.store.log.scrub(who, 0, 20)


async def folded_anew(world: World) -> bool:
    """Whether the oldest base leads to the state in use again."""
    return all(base.sound for base in await world.store.state.bases()) and await caught_up(world)


async def none_under_way(world: World) -> bool:
    return not await world.store.log.erasures()


async def happening(world: World, rng: random.Random) -> None:
    event = rng.random()
    if event < 0.25:
        await erase(world.store.log, rng.choice(PROFILES))
    elif event < 0.4:
        await erased_in_the_middle(world, rng.choice(PROFILES))
    elif event < 0.6:
        world.clock.now += rng.randrange(1, 8) * HOUR_MS
        await world.store.log.tick(1)
    await world.happen(rng.randrange(5, 40))


def operator(world: World) -> Operator:
    return Operator(world.store, 90 * 24 * HOUR_MS)


async def order(world: World, *, paused: bool) -> None:
    await operator(world).learn(ME, "paused" if paused else "running", "")


async def learned(world: World) -> bytes:
    """Return the learner of the latest snapshot."""
    [snapshot] = await world.store.state.snapshots(limit=1)
    return snapshot.learner


async def from_nothing(world: World) -> Fold:
    """Fold the whole log, with what is in quarantine left out."""
    head = (await world.store.log.head()).position
    left_out = await Quarantines.in_force(world.store.log)
    state = FoldState(0, None, {}, series=SeriesState(apart=True))
    learner = new_learner("logistic")
    fold = Fold(world.store.log, NoTastes(), world.live_catalogue, learner, state, None, left_out)
    async for _ in fed(world.store.log, fold, [head]):
        pass
    return fold


async def learned_everything(world: World) -> bool:
    """Whether a snapshot has learned all that the whole log has, and all of it is counted."""
    return await caught_up(world) and await learned(world) == (await from_nothing(world)).learner.snapshot()


async def counted_everything(world: World) -> bool:
    counted, head = await world.store.state.fold_state(), await world.store.log.head()
    return counted.position >= head.position


async def ordering(world: World, rng: random.Random) -> None:
    event, now = rng.random(), world.clock.now
    in_force = (await operator(world).in_force()).quarantines
    if event < 0.3:
        await order(world, paused=rng.random() < 0.5)
    elif event < 0.6:
        device = rng.choice([None, "tv", "phone"])
        await operator(world).quarantine(ME, Span(now - rng.randrange(HOUR_MS), now + 1000, device), "")
    elif event < 0.7 and in_force:
        await operator(world).lift(ME, rng.choice(in_force).given.position, "")


async def settled(world: World) -> bool:
    return (await operator(world).folding()).done and await folded_anew(world)
