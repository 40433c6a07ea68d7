"""Promises in seconds. Only `make soak` measures them, because a busy machine proves nothing."""

import asyncio
import json
import signal
import time

import pytest

from tests.e2e.client import Connection
from tests.e2e.conftest import Start
from tests.e2e.service import END_SECONDS, until
from tests.e2e.test_processes import ENDINGS, choose, locked

pytestmark = pytest.mark.soak
LOCKED_SECONDS = 1.5
TASTE_SECONDS = 2.5


@pytest.mark.parametrize("number", [*ENDINGS, signal.SIGKILL])
def test_an_ending_service_is_gone_in_time(start: Start, number: signal.Signals) -> None:
    service = start(workers=2)
    begun = time.monotonic()
    service.send(number)
    service.wait_gone()
    assert time.monotonic() - begun < END_SECONDS


async def test_while_the_log_is_locked_a_picture_is_served_in_time(start: Start) -> None:
    """One viewer needs a new decision. The other has a hold whose window is over, so that it is logged again."""
    service = await asyncio.to_thread(start, reward_window_seconds=0.2, decision_timeout_ms=100)
    connection = Connection(service.port)
    await choose(connection, "held", decided=True)
    await asyncio.sleep(0.3)
    with locked(service.data / "log.sqlite"):
        for profile in ("new", "held"):
            begun = time.monotonic()
            await choose(connection, profile)
            assert time.monotonic() - begun < LOCKED_SECONDS
    connection.close()


async def test_a_click_is_in_use_in_time(start: Start) -> None:
    service = await asyncio.to_thread(start, hold_seconds=0, reward_window_seconds=600, best_single_share=0)
    connection = Connection(service.port)
    choice = await choose(connection, decided=True)
    status, answer = await connection.post("/clicks", {"decision_id": choice["decision_id"]})
    connection.close()
    assert (status, answer["recorded"]) == (202, 1)

    def taste() -> bool:
        return bool(json.loads(service.get("/profiles?profile=ada", key=service.key)[1])["taste"])

    begun = time.monotonic()
    until("the click shows in the taste", taste)
    assert time.monotonic() - begun < TASTE_SECONDS
