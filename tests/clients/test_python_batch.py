"""Feedback that the Python client collects."""

import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from threading import Thread

import pytest

from app.records import Kind
from keyart_client import Batch, KeyartError, Recorded, Refused, Unreachable
from keyart_client.feedback import MOST_KEPT, Buffer, of_decision
from tests.api.service import Catalogue, Service, listening, serving
from tests.clients.both import Which, client, close, flush
from tests.clients.proxies import Flaky
from tests.pages.site import kinds, recorded

BOTH = pytest.mark.parametrize("which", ["sync", "async"])
NEVER = 3600.0


@pytest.fixture
async def service(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Service]:
    async with serving(tmp_path / "data", catalogue) as each:
        yield each


@pytest.fixture
async def ids(service: Service) -> list[str]:
    titles = ("countdown", "big-buck-bunny", "cosmos-laundromat")
    return [(await service.get(title, profile="ada", deferred=True))["decision_id"] for title in titles]


@BOTH
async def test_it_is_reported_at_the_size_in_one_call_of_each_kind(
    which: Which, service: Service, ids: list[str]
) -> None:
    counting = Flaky(service.app, 503, 0)
    async with listening(counting) as address, client(which, address) as keyart:
        batch = keyart.client.batch(size=4, seconds=NEVER)
        batch.impression(ids[0])
        batch.impression(ids[1])
        batch.click(None)
        batch.click(ids[0])
        assert await kinds(service) == []
        batch.play(ids[1], 42)
        await recorded(service, [Kind.IMPRESSION, Kind.IMPRESSION, Kind.CLICK, Kind.PLAY])
        await close(batch)
        assert counting.calls == 3


@BOTH
async def test_it_is_reported_after_its_time_and_at_the_end(
    which: Which, service: Service, ids: list[str]
) -> None:
    async with listening(service.app) as address, client(which, address) as keyart:
        batch = keyart.client.batch(seconds=0.01)
        batch.click(ids[0])
        await recorded(service, [Kind.CLICK])
        await close(batch)
        last = keyart.client.batch(seconds=NEVER)
        last.click(ids[1])
        await close(last)
        assert await kinds(service) == [Kind.CLICK] * 2
        await close(last)
        with pytest.raises(KeyartError, match="closed"):
            last.click(ids[2])


@BOTH
async def test_it_is_kept_while_nobody_answers(which: Which, service: Service, ids: list[str]) -> None:
    flaky = Flaky(service.app, 502, 2)
    async with listening(flaky) as address, client(which, address, tries=1) as keyart:
        batch = keyart.client.batch(seconds=NEVER)
        batch.impression(ids[0])
        batch.click(ids[0])
        for _ in range(2):
            with pytest.raises(Refused):
                await flush(batch)
        assert (await flush(batch)).recorded == 2
        assert await kinds(service) == [Kind.IMPRESSION, Kind.CLICK]
        await close(batch)


@BOTH
async def test_the_end_tells_that_it_did_not_arrive(which: Which) -> None:
    async with client(which, "http://127.0.0.1:9", tries=1) as keyart:
        batch = keyart.client.batch(seconds=NEVER)
        batch.click("an-id")
        with pytest.raises(Unreachable):
            await close(batch)


@BOTH
@pytest.mark.parametrize("hostile", ["forged", "\ud800", "x" * 2_000_000, '{"decision_id": 1}', ""])
async def test_an_id_that_is_not_the_services_is_told_and_keeps_nothing_else_back(
    which: Which, service: Service, ids: list[str], caplog: pytest.LogCaptureFixture, hostile: str
) -> None:
    async with listening(service.app) as address, client(which, address) as keyart:
        batch = keyart.client.batch(seconds=NEVER)
        batch.click(hostile)
        with caplog.at_level(logging.WARNING, "keyart_client"):
            assert (await flush(batch)).recorded == 0
        assert "Keyart rejected one of the clicks" in caplog.text
        batch.click(hostile)
        batch.click(ids[0])
        assert (await flush(batch)).recorded == 1
        await close(batch)


def test_many_threads_lose_nothing() -> None:
    arrived: list[int] = []

    def report(what: str, items: Sequence[object]) -> Recorded:
        arrived.append(len(items))
        return Recorded(len(items))

    batch = Batch(report, size=7, seconds=0.001)

    def click() -> None:
        for number in range(500):
            batch.click(str(number))

    threads = [Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    batch.close()
    assert sum(arrived) == 4000


def test_a_buffer_is_bounded_and_drops_the_oldest(caplog: pytest.LogCaptureFixture) -> None:
    buffer = Buffer(10)
    with caplog.at_level(logging.WARNING, "keyart_client"):
        for number in range(MOST_KEPT + 2):
            buffer.add("clicks", of_decision(str(number)))
    assert "1 items of feedback were dropped" in caplog.text
    taken = buffer.take()
    assert [kept.item["decision_id"] for kept in taken["clicks"]][:2] == ["2", "3"]
    assert len(buffer) == 0
    buffer.add("clicks", of_decision("new"))
    buffer.put_back(taken)
    assert len(buffer) == MOST_KEPT
    assert buffer.take()["clicks"][-1].item == {"decision_id": "new"}


def test_what_waited_for_a_network_says_how_long_ago_it_happened() -> None:
    now = 100.0
    buffer = Buffer(10, lambda: now)
    buffer.add("clicks", of_decision("first"))
    now += 30
    buffer.add("clicks", of_decision("second"))
    buffer.put_back(buffer.take())
    now += 12.34
    taken = buffer.take()
    assert buffer.aged(taken["clicks"]) == [
        {"decision_id": "first", "seconds_ago": 42.3},
        {"decision_id": "second", "seconds_ago": 12.3},
    ]
    buffer.add("clicks", of_decision("new"))
    assert buffer.aged(buffer.take()["clicks"]) == [{"decision_id": "new"}]


def test_a_batch_has_at_least_one_item() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Buffer(0)
