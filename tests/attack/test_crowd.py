"""A real service under a crowd of connections that wait: others are answered, and the memory comes back."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles

import pytest

from tests.attack.worker import GET, request
from tests.e2e.client import Connection
from tests.e2e.conftest import Start, title_id
from tests.e2e.service import KEYART, Service, soon

HEAD = GET[:-2]
BODY = request("POST", "/clicks", b"Content-Length: 900000")
KINDS = {"idle": b"", "head": HEAD, "body": BODY + b" " * 1000}
AGAIN_SECONDS = 2.0
"""How long who was shut out waits before coming again."""
LOW = 256
SPARE = 14
"""MiB: less than half of what such bodies may take together."""


class Limited(Service):
    """A service that is started where a process may have few files open, though it may ask for more."""

    limit = f"ulimit -S -n {LOW}"

    @property
    def command(self) -> list[str]:
        return ["/bin/sh", "-c", f'{self.limit}; exec "$@"', "sh", KEYART, "serve", *self._options]


class Confined(Limited):
    """A service that can't have more than this."""

    limit = "ulimit -n 1024"


def most_files(pid: int) -> tuple[int, int]:
    [found] = re.findall(r"Max open files +(\d+) +(\d+)", Path(f"/proc/{pid}/limits").read_text())
    return int(found[0]), int(found[1])


def resident(pid: int) -> int:
    """Return a process's memory in MiB."""
    [found] = re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found) >> 10


@asynccontextmanager
async def crowd(port: int, kinds: dict[str, bytes], each: int) -> AsyncIterator[None]:
    """Hold so many connections of each kind open, and open another one for each that is closed."""
    tasks = [asyncio.create_task(_insist(port, sent)) for sent in kinds.values() for _ in range(each)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _insist(port: int, sent: bytes) -> None:
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(AGAIN_SECONDS)
            continue
        try:
            writer.write(sent)
            while await reader.read(1024):
                pass
        except OSError:
            pass
        finally:
            writer.transport.abort()
        await asyncio.sleep(AGAIN_SECONDS)


async def ask(port: int, count: int) -> list[float]:
    """Ask for a picture on a new connection each time; return the milliseconds that it took. All are answered."""
    took = []
    for number in range(count):
        connection = Connection(port)
        begun = time.perf_counter()
        status, _ = await connection.get("/artwork", profile=f"viewer {number}", title=title_id(0))
        took.append((time.perf_counter() - begun) * 1e3)
        connection.close()
        assert status == 200
    return took


def test_a_service_takes_as_many_files_as_it_may(start: Start) -> None:
    service = start(kind=Limited)
    soft, hard = most_files(service.workers()[0])
    assert soft == min(hard, 65_536) > LOW


async def test_viewers_are_answered_while_a_crowd_waits(start: Start) -> None:
    service = await asyncio.to_thread(start, kind=Confined)
    async with crowd(service.port, KINDS, 300):
        await soon("the crowd is thinned out", lambda: "connections_ended" in service.log)
        await ask(service.port, 20)


@pytest.mark.soak
@pytest.mark.parametrize("kind", [Limited, Confined])
@pytest.mark.parametrize("name", KINDS)
async def test_viewers_are_answered_while_1100_wait(
    start: Start, kind: type[Service], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    service = await asyncio.to_thread(start, kind=kind)
    [worker] = service.workers()
    alone, before = await ask(service.port, 500), resident(worker)
    async with crowd(service.port, {name: KINDS[name]}, 1100):
        await asyncio.sleep(5)
        took, during = await ask(service.port, 1000), resident(worker)
    await asyncio.sleep(3)
    after = resident(worker)
    tell(
        capsys,
        f"{kind.__name__}, 1,100 {name}: {said(took)}, alone {said(alone)}; "
        f"{before} MiB before, {during} while they waited, {after} after",
    )


async def test_memory_comes_back_after_bodies_that_stall(start: Start) -> None:
    service = await asyncio.to_thread(start)
    [worker] = service.workers()
    await ask(service.port, 50)
    before = resident(worker)
    async with crowd(service.port, {"body": BODY + b" " * 899_000}, 150):
        await soon("bodies are refused", lambda: "hoarding" in service.log)
    await soon("the memory is given back", lambda: resident(worker) < before + SPARE)


def said(took: list[float]) -> str:
    parts = quantiles(took, n=100)
    return f"p50 {parts[49]:.1f} ms, p99 {parts[98]:.1f} ms, most {max(took):.0f} ms"


def tell(capsys: pytest.CaptureFixture[str], sentence: str) -> None:
    with capsys.disabled():
        print(f"\n{sentence}")  # noqa: T201  the figures are what it is run for
