"""SIGTERM stops a command as Ctrl-C does."""

import asyncio
import signal
from collections.abc import Iterator

import pytest

from app.commands.terminal import stop_on_sigterm


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job begins without it
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


async def until_stopped(ended: list[str]) -> None:
    async def end() -> None:
        signal.raise_signal(signal.SIGTERM)
        ended.append("the task was not interrupted")

    task = asyncio.create_task(end())
    try:
        await asyncio.sleep(60)
    finally:
        ended.append("cleared away")
        await task


def test_it_stops_the_main_task_whichever_task_is_running() -> None:
    ended: list[str] = []
    stop_on_sigterm()
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(until_stopped(ended))
    assert ended == ["the task was not interrupted", "cleared away"]


def test_it_stops_a_background_job_that_ignores_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop_on_sigterm()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
