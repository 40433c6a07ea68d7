"""The stores that owe the same to the rest of Keyart."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.store.protocol import State, Store
from app.store.sqlite import SqliteStore
from tests.builders import Clock
from tests.memory import MemoryStore
from tests.memory_folder import tmp_path

__all__ = ["tmp_path"]
LEASE = 5_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite", "sqlite-full"])
async def store(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> AsyncIterator[Store]:
    store: Store
    if request.param == "memory":
        store = MemoryStore(clock)
    else:
        store = SqliteStore(tmp_path, clock, full_sync=request.param == "sqlite-full")
    yield store
    await store.close()


@pytest.fixture
def state(store: Store) -> State:
    return store.state


@pytest.fixture
async def token(state: State) -> int:
    token = await state.lead("one", LEASE)
    assert token is not None
    return token
