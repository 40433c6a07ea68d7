"""What every store owes to sessions and sign-in links; `app/store/protocol/` says it in words."""

import asyncio
from pathlib import Path

from app.store.protocol import SPENT_MS, Store
from app.store.sqlite import SqliteStore
from tests.builders import Clock


async def test_something_is_spent_once(store: Store, clock: Clock) -> None:
    assert not await store.passes.spent("link")
    found = await asyncio.gather(*(store.passes.spend("link", clock.now + 10) for _ in range(20)))
    assert found.count(True) == 1
    assert await store.passes.spent("link")
    assert not await store.passes.spent("another")


async def test_what_was_spent_is_known_for_a_month_after_its_end(store: Store, clock: Clock) -> None:
    end = clock.now + 10
    await store.passes.spend("link", end)
    clock.now = end + SPENT_MS - 1
    await store.passes.spend("another", clock.now)
    assert not await store.passes.spend("link", end)
    clock.now += 1
    await store.passes.spend("a-third", clock.now)
    assert not await store.passes.spent("link")


async def test_of_two_processes_one_spends_it(tmp_path: Path, clock: Clock) -> None:
    stores = [SqliteStore(tmp_path, clock) for _ in range(2)]
    found = await asyncio.gather(*(each.passes.spend("link", clock.now) for each in stores * 10))
    assert found.count(True) == 1
    assert all([await each.passes.spent("link") for each in stores])
    for each in stores:
        await each.close()
