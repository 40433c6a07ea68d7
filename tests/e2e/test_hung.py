"""A worker whose event loop stands still is replaced; one that stood still with the whole machine is not."""

import asyncio
import os
import signal
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Receive, Scope, Send

from app.processes.heartbeat import COUNTED_SECONDS, HUNG_SECONDS, START_SECONDS, Heartbeat, beat
from app.processes.worker import Server
from tests.e2e.conftest import Start
from tests.e2e.service import Service, keyart, until

SECONDS = 40.0


def replaced(service: Service) -> dict[str, float]:
    """Return how many workers were started in the place of others, by what had become of these."""
    families = text_string_to_metric_families(service.get("/metrics")[1].decode())
    samples = [sample for family in families for sample in family.samples]
    return {each.labels["cause"]: each.value for each in samples if each.name == "keyart_workers_replaced_total"}


def test_the_only_worker_is_replaced_when_it_hangs(start: Start) -> None:
    service = start(log_level="info")
    [worker] = service.workers()
    trainers = service.trainers()
    os.kill(worker, signal.SIGSTOP)
    unwell = keyart(service.data, "health", port=service.port)
    assert unwell.returncode == 1
    assert "timed out" in unwell.stderr

    until("another worker answers", lambda: service.get("/readyz", timeout=1.0)[0] == 200, SECONDS)
    assert worker not in service.workers()
    assert service.trainers() == trainers
    assert '"event": "hung"' in service.log
    assert replaced(service) == {"hung": 1, "ended": 0}
    assert keyart(service.data, "health", port=service.port).returncode == 0


def test_a_worker_that_is_killed_is_counted_as_ended(start: Start) -> None:
    service = start()
    [worker] = service.workers()
    os.kill(worker, signal.SIGKILL)
    until("another worker answers", lambda: worker not in service.workers() and service.get("/readyz")[0] == 200)
    assert replaced(service) == {"hung": 0, "ended": 1}


@pytest.mark.soak
def test_a_pause_of_everything_replaces_nobody(start: Start) -> None:
    service = start()
    before = service.processes()
    os.killpg(service.pid, signal.SIGSTOP)
    time.sleep(HUNG_SECONDS * 1.5)
    os.killpg(service.pid, signal.SIGCONT)
    until("it answers again", lambda: service.get("/readyz")[0] == 200)
    time.sleep(3)
    assert service.processes() == before
    assert '"event": "hung"' not in service.log


def test_silence_counts_only_while_the_listener_is_awake() -> None:
    heart = Heartbeat()
    heart.listen(0.1)
    beat(heart.handle)
    heart.listen(0.1)
    heart.listen(10 * HUNG_SECONDS)  # the machine was paused
    assert not heart.is_hung()
    for _ in range(int(HUNG_SECONDS / COUNTED_SECONDS) + 1):
        heart.listen(COUNTED_SECONDS)
    assert heart.is_hung()
    beat(heart.handle)
    heart.listen(0.1)
    assert not heart.is_hung()


def test_a_process_that_starts_has_more_time() -> None:
    heart = Heartbeat()
    beat(heart.handle)
    heart.begin()  # the beats of the one before do not count
    for _ in range(int(2 * HUNG_SECONDS / COUNTED_SECONDS)):
        heart.listen(COUNTED_SECONDS)
    assert not heart.is_hung()
    for _ in range(int(START_SECONDS / COUNTED_SECONDS)):
        heart.listen(COUNTED_SECONDS)
    assert heart.is_hung()


async def test_a_worker_beats_while_its_application_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.processes.worker.BEAT_SECONDS", 0.01)
    beats: asyncio.Queue[None] = asyncio.Queue()

    async def slow_to_start(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "lifespan"
        await receive()
        for _ in range(3):
            await beats.get()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    server = Server(
        slow_to_start,
        connect=asyncio.Protocol,
        sweep=lambda _: None,
        idle_seconds=1,
        beat=lambda: beats.put_nowait(None),
    )
    server.should_exit = True  # it ends once it has started
    await server.serve(sockets=[])
    assert server.started
