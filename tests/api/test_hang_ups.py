"""Clients that leave before they are answered: nobody's fault here, and counted apart."""

import asyncio
import socket
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tests.api.service import Catalogue, Service, listening, send, serving

UNFINISHED = {
    "/artwork": "POST /artwork",
    "/clicks": "POST /clicks",
    "/session": "POST /session",
    "/profiles": "PUT /profiles?profile=ada",
    "/titles/{title}": "PUT /titles/countdown",
    "/catalogue": "PATCH /catalogue",
    "/titles/{title}/pin": "PUT /titles/countdown/pin",
    "/titles/{title}/artworks": "POST /titles/countdown/artworks",
}
"""Calls with a body, by the route under which they are counted."""
FRAMES = {
    "no body": "Content-Length: 100\r\n\r\n",
    "half a body": 'Content-Length: 100\r\n\r\n{"titles": [',
    "half in chunks": 'Transfer-Encoding: chunked\r\n\r\nc\r\n{"titles": [\r\n',
}
Lines = list[MutableMapping[str, Any]]


def counted(route: str) -> dict[str, float]:
    """Return how often each status was answered on a route."""
    [family] = [each for each in REGISTRY.collect() if each.name == "keyart_request_seconds"]
    return {
        sample.labels["status"]: sample.value
        for sample in family.samples
        if sample.name.endswith("_count") and sample.labels["route"] == route
    }


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not what():  # noqa: ASYNC110  it is the server that acts
            await asyncio.sleep(0.01)


def leave(address: str, request: str) -> None:
    """Send a request and close the connection at once."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(request.encode())


def request_of(call: str, frame: str) -> str:
    kind = "multipart/form-data; boundary=x" if call.endswith("artworks") else "application/json"
    headers = f"Host: localhost\r\nAuthorization: Bearer the-admin-key-of-tests\r\nContent-Type: {kind}\r\n"
    return f"{call} HTTP/1.1\r\n{headers}{frame}"


def said(lines: Lines) -> list[tuple[str, str]]:
    return [(line["log_level"], line["event"]) for line in lines]


@pytest.mark.parametrize("frame", FRAMES)
async def test_who_leaves_before_the_body_ends_is_counted_apart_with_one_line(
    tmp_path: Path, catalogue: Catalogue, frame: str, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as lines:
        async with serving(tmp_path, catalogue) as service, listening(service.app) as address:
            for route, call in UNFINISHED.items():
                before = counted(route)
                expected = {**before, "499": before.get("499", 0) + 1}
                lines.clear()
                await asyncio.to_thread(leave, address, request_of(call, FRAMES[frame]))
                await until(lambda now=expected, route=route: counted(route) == now)  # type: ignore[misc]
                assert said(lines) == [("debug", "answered")], lines
                assert lines[0]["status"] == 499
    assert [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}] == []


async def test_who_leaves_while_the_answer_is_written_leaves_no_trace(
    tmp_path: Path, catalogue: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as lines:
        async with serving(tmp_path, catalogue) as service, listening(service.app) as address:
            image = (await service.get())["image"]["url"]
            for call in ("GET /titles", f"GET {image}", "GET /artwork?title=countdown", "HEAD /metrics"):
                seen = len(lines)
                await asyncio.to_thread(leave, address, f"{call} HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await until(lambda seen=seen: len(lines) > seen)  # type: ignore[misc]
            assert (await service.http.get("/readyz")).status_code == 200
    assert {level for level, _ in said(lines)} == {"debug"}
    assert [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}] == []


@pytest.mark.parametrize("lane", [True, False])
async def test_a_body_that_nobody_reads_may_end_at_any_point(
    tmp_path: Path, catalogue: Catalogue, lane: bool
) -> None:
    async with serving(tmp_path, catalogue, lane=lane) as service:
        answer = await send(service.app, "GET", "/artwork", query=b"title=countdown", body=[])
        assert answer.status == 200


async def test_what_fails_by_itself_is_still_a_failure(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail() -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(service.store.state, "tallies", fail)
    before = counted("/report").get("500", 0)
    with capture_logs() as lines:
        await service.http.get("/report", headers={"Authorization": "Bearer the-admin-key-of-tests"})
    assert ("error", "request_failed") in said(lines)
    assert counted("/report")["500"] == before + 1
