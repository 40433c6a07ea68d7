import asyncio
from pathlib import Path

from app.trainer import LEASE_MS, Trainer
from tests.builders import Clock, VoidableStore, a_film, a_shelf


async def test_a_trainer_whose_lease_was_taken_under_its_own_name_sees_that_it_lost_it(tmp_path: Path) -> None:
    store = VoidableStore(Clock())
    trainer = Trainer(store, await a_shelf(store.log, tmp_path, a_film("apollo")), holder="me", retention_days=1)
    token = await store.state.lead("me", LEASE_MS)
    assert token is not None
    other = await store.state.lead("me", LEASE_MS)
    await asyncio.wait_for(trainer._renew(token, asyncio.Event()), 5)  # noqa: SLF001
    assert await store.state.lead("me", LEASE_MS, other) == other
