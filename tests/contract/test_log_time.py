"""The log's time goes on when its records were stamped by a clock that was ahead and is set back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.store.protocol import Store
from app.store.protocol.lease import LONGEST_LEASE_MS
from app.store.sqlite import SqliteStore
from tests.builders import Clock, a_draft, changed
from tests.memory import MemoryStore

KEY = b"\x00" * 16 + b"title-01"
START = 1_790_000_000_000
DAY = 86_400_000
HOUR = 3_600_000


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def passing() -> Clock:
    return Clock(7_000)


@pytest.fixture(params=["memory", "sqlite", "sqlite-full"])
async def store(
    request: pytest.FixtureRequest, clock: Clock, passing: Clock, tmp_path: Path
) -> AsyncIterator[Store]:
    store: Store
    if request.param == "memory":
        store = MemoryStore(clock, passing)
    else:
        store = SqliteStore(tmp_path, clock, passing, full_sync=request.param == "sqlite-full")
    yield store
    await store.close()


async def leap(store: Store, clock: Clock, ms: int = DAY) -> int:
    """Let a record be stamped while the clock is ahead, and set the clock back; return the stamp."""
    clock.now += ms
    await store.log.tick(0)
    clock.now -= ms
    return (await store.log.head()).stamp


def passes(ms: int, *clocks: Clock) -> None:
    for clock in clocks:
        clock.now += ms


async def test_while_the_clock_goes_right_it_is_the_clock(store: Store, clock: Clock, passing: Clock) -> None:
    for _ in range(3):
        passes(1_000, clock, passing)
        await store.log.tick(0)
        assert store.log.now() == clock.now == (await store.log.head()).stamp


async def test_after_a_leap_it_goes_on_as_time_passes_and_a_64th_slower(
    store: Store, clock: Clock, passing: Clock
) -> None:
    ahead = await leap(store, clock)
    stamps = []
    for number in range(1, 65):
        passes(64_000, clock, passing)
        assert store.log.now() == ahead + number * 63_000
        await store.log.tick(1_000)
        stamps.append((await store.log.head()).stamp)
    assert stamps == [ahead + number * 63_000 for number in range(1, 65)]


async def test_it_comes_back_to_the_clock(store: Store, clock: Clock, passing: Clock) -> None:
    await leap(store, clock, HOUR)
    for _ in range(65):
        passes(HOUR, clock, passing)
        await store.log.tick(0)
    assert (await store.log.head()).stamp == clock.now
    passes(-500, clock)
    passes(500, passing)
    await store.log.tick(0)
    assert (await store.log.head()).stamp > clock.now


async def test_a_clock_that_is_put_right_again_is_not_counted_twice(
    store: Store, clock: Clock, passing: Clock
) -> None:
    await store.log.tick(0)
    passes(-HOUR, clock)
    passes(64_000, clock, passing)
    await store.log.tick(0)
    assert (await store.log.head()).stamp == START + 63_000
    passes(HOUR, clock)
    await store.log.tick(0)
    assert (await store.log.head()).stamp == clock.now == START + 64_000


async def test_holds_end_and_windows_close_after_a_leap(store: Store, clock: Clock, passing: Clock) -> None:
    await leap(store, clock)
    [hold] = await store.log.log_decisions([changed(a_draft(), key=KEY, lasts=60_000)])
    passes(HOUR, clock, passing)
    assert store.log.now() > hold.until
    [next_one] = await store.log.log_decisions([changed(a_draft(), key=KEY, lasts=60_000)])
    assert next_one.decision == hold.decision + 1
    await store.log.log_exposure(next_one, deferred=False, window=600_000)
    head = await store.log.head()
    passes(700_000, clock, passing)
    await store.log.log_exposure(next_one, deferred=False, window=600_000)
    assert (await store.log.head()).position == head.position + 1


async def test_ticks_go_on_after_a_leap(store: Store, clock: Clock, passing: Clock) -> None:
    await leap(store, clock)
    before = (await store.log.head()).position
    for _ in range(10):
        passes(1_100, clock, passing)
        await store.log.tick(1_000)
    assert (await store.log.head()).position == before + 10


async def test_a_lease_of_a_clock_that_was_ahead_has_run_out(store: Store, clock: Clock) -> None:
    passes(DAY, clock)
    assert await store.state.lead("one", 5_000)
    passes(-DAY, clock)
    lease = await store.state.lease()
    assert lease
    assert not lease.lasts(clock.now)
    assert await store.state.lead("another", LONGEST_LEASE_MS)
    assert await store.state.lead("one", 5_000) is None


async def test_processes_agree_after_a_leap_and_a_start_goes_on_from_the_last_stamp(tmp_path: Path) -> None:
    clock, passing = Clock(START), Clock()
    one, other = SqliteStore(tmp_path, clock, passing), SqliteStore(tmp_path, clock, passing)
    ahead = await leap(one, clock)
    await other.log.check()
    assert other.log.now() == ahead
    stamps = []
    for number in range(100):
        passes(100, clock, passing)
        store = (one, other)[number % 3 == 0]
        await store.log.log_decisions([a_draft()])
        stamps.append((await store.log.head()).stamp)
    assert stamps == sorted(stamps)
    assert 9_500 < stamps[-1] - ahead <= 10_000
    await one.close()
    await other.close()

    passing.now = 0
    again = SqliteStore(tmp_path, clock, passing)
    assert again.log.now() == stamps[-1]
    passes(6_400, clock, passing)
    assert again.log.now() == stamps[-1] + 6_300
    await again.close()
