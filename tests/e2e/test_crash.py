"""Killed with -9 under load, at any moment: what was acknowledged is there, and what was learned is the same."""

import asyncio
import os
import random
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress

import pytest

from app.records import Kind
from tests.e2e.conftest import Start
from tests.e2e.ledger import Ledger, assert_all_is_logged_once, assert_learned_as_if_never_interrupted, opened
from tests.e2e.load import Heard, under_load
from tests.e2e.service import Service, alive, keyart, soon

pytestmark = pytest.mark.long

SETTINGS = {
    "workers": 2,
    "reward_window_seconds": 1,
    "hold_seconds": 2,
    "best_single_share": 0.2,
    "uniform_share": 0.1,
    "learn_cap": 40,
    "reward": "play",
    "decision_timeout_ms": 1000,
}
"""A cap that regulars run into, and a patience that a busy machine does not exhaust."""


async def kill_a_worker(service: Service, dice: random.Random) -> None:
    before = service.workers()
    victim = dice.choice(before)
    os.kill(victim, signal.SIGKILL)
    await soon("the worker is replaced", lambda: len(service.workers()) == 2 and victim not in service.workers())


async def kill_the_trainer(service: Service, dice: random.Random) -> None:
    """Kill it, and its successor, too, while that is still catching up."""
    await _kill_a_trainer(service)
    terms = service.log.count('"leading"')
    await soon("another one leads", lambda: service.log.count('"leading"') > terms)
    await asyncio.sleep(dice.uniform(0.0, 0.5))
    await _kill_a_trainer(service)


async def _kill_a_trainer(service: Service) -> None:
    [victim] = service.trainers()
    os.kill(victim, signal.SIGKILL)
    await soon("the trainer is replaced", lambda: service.trainers() not in ([], [victim]))


async def kill_the_parent(service: Service, _: random.Random) -> None:
    everyone = service.processes()
    service.send(signal.SIGKILL)
    await soon("no orphan is left", lambda: not any(alive(pid) for pid in everyone - {service.pid}))
    await asyncio.to_thread(service.wait_gone)
    await asyncio.to_thread(service.start)


async def kill_the_parent_and_start_again_at_once(service: Service, _: random.Random) -> None:
    """Not wait for the orphans, as a process manager would not."""
    everyone = service.processes()
    service.send(signal.SIGKILL)
    await asyncio.to_thread(service.start)
    await soon("no orphan is left", lambda: not any(alive(pid) for pid in everyone - {service.pid}))


async def kill_all(service: Service, _: random.Random) -> None:
    everyone = service.processes()
    for pid in everyone:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(service.wait_gone)
    await asyncio.to_thread(service.start)


Blow = Callable[[Service, random.Random], Awaitable[None]]
BLOWS: tuple[Blow, ...] = (
    kill_a_worker,
    kill_the_trainer,
    kill_the_parent,
    kill_the_parent_and_start_again_at_once,
    kill_all,
)


def blows(rounds: int, dice: random.Random) -> list[Blow]:
    """Return every kind of blow about equally often, in a random order."""
    every = [BLOWS[index % len(BLOWS)] for index in range(rounds)]
    dice.shuffle(every)
    return every


def log_position(service: Service) -> int:
    with closing(sqlite3.connect(f"file:{service.data}/log.sqlite?mode=ro", uri=True)) as log:
        return int(log.execute("SELECT max(position) FROM log").fetchone()[0])


def counted_position(service: Service) -> int:
    with closing(sqlite3.connect(f"file:{service.data}/state.sqlite?mode=ro", uri=True)) as state:
        return int(state.execute("SELECT coalesce(max(position), 0) FROM counted").fetchone()[0])


def is_plenty(heard: Heard, rounds: int) -> bool:
    """Whether the load was what it is meant to be: fresh and held, repeated, for each blow."""
    enough = 200 * min(rounds, 10)
    return (
        heard.held > enough / 10
        and len(heard.artworks) > enough
        and heard.duplicates.total() > enough / 20
        and heard.recorded.total() > enough
    )


async def survive(start: Start, rounds: int, **settings: object) -> tuple[Heard, Ledger]:
    """Strike the service `rounds` times under load, stop it, and compare what is left with what was answered."""
    dice = random.Random(seed := random.randrange(1 << 32))
    print(f"seed {seed}")  # noqa: T201  a failure is told with its dice
    service = await asyncio.to_thread(start, **{**SETTINGS, **settings})
    async with under_load(service.port, service.key, dice) as heard:
        for strike in blows(rounds, dice):
            await asyncio.sleep(dice.uniform(0.4, 1.6))
            await strike(service, dice)
        await soon("the viewers came often enough", lambda: is_plenty(heard, rounds))
        head = log_position(service)
        await soon("a trainer has caught up", lambda: counted_position(service) > head)
    assert await asyncio.to_thread(service.stop) == 0
    async with opened(service.data) as store:
        ledger = await assert_all_is_logged_once(store, heard)
        examples = await assert_learned_as_if_never_interrupted(store, service.data)
    assert examples > 50 * min(rounds, 10)  # what strangers teach of a title in an hour is bounded
    told = keyart(service.data, "rebuild")
    assert told.returncode == 0, told.stderr
    assert "in every weight" in told.stdout
    return heard, ledger


async def test_nothing_acknowledged_is_lost_and_nothing_is_learned_twice_when_processes_are_killed(
    start: Start,
) -> None:
    heard, ledger = await survive(start, rounds=5)

    assert set(heard.statuses) == {200, 202}
    assert ledger.kinds[Kind.EXPOSURE]
    assert ledger.kinds[Kind.DEFERRED]


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("stranger_cap", [300, 0])
async def test_nothing_acknowledged_is_lost_and_nothing_is_learned_twice_in_thirty_rounds(
    start: Start, stranger_cap: int
) -> None:
    """All viewers are strangers here: with their bound the learner soon stands still, and without it goes on."""
    await survive(start, rounds=30, stranger_cap=stranger_cap)
