"""HEAD: what GET answers, without the body."""

from collections.abc import AsyncIterator
from functools import reduce
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.api.heads import Heads
from app.records import Kind
from tests.api.service import ADMIN, IMG, Catalogue, Service, send, serving

LATER = {"x-request-id", "x-decision-id", "content-length"}
"""Headers that are another each time where a decision is drawn anew, or metrics go on counting."""
WHOLE = "/titles/{title}/artworks/{artwork}/whole"
"""The catalogue of these tests was made without originals; tests/api/test_originals.py asks for one."""
LINK = "/session/links/{token}"
"""HEAD uses no sign-in link up, so it answers otherwise than GET."""
UNSTEADY = {"/metrics", "/report", "/artwork"}


@pytest.fixture(params=[True, False], ids=["lane", "route"])
async def either(request: pytest.FixtureRequest, tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Service]:
    async with serving(tmp_path, catalogue, lane=request.param) as running:
        yield running


async def _paths(service: Service) -> set[str]:
    """Return the patterns of all paths that have GET."""
    document = (await service.http.get("/openapi.json")).json()
    return {"/docs", "/openapi.json", *(path for path, methods in document["paths"].items() if "get" in methods)}


async def _addresses(service: Service) -> list[str]:
    choice = await service.get(profile="ada")
    id_, image = choice["decision_id"], choice["image"]["url"].rpartition("/")[2]
    paths = await _paths(service) - {LINK, WHOLE}
    parts = {"{decision_id}": id_, "{name}": image, "{title}": "countdown", "{snapshot}": "1"}
    filled = [reduce(lambda path, part: path.replace(part, parts[part]), parts, each) for each in paths]
    assert not any("{" in each for each in filled), "A path has a part that this test does not know."
    queries = {
        "/artwork": "?title=countdown&profile=ada",
        "/profiles": "?profile=ada",
        "/profiles/records": "?profile=ada",
        "/report/shares": "?title=countdown",
    }
    return sorted(each + queries.get(each, "") for each in filled)


def headers(answer: httpx2.Response, address: str) -> dict[str, str]:
    passing = LATER if address.partition("?")[0] in UNSTEADY else {"x-request-id"}
    return {name: value for name, value in answer.headers.items() if name not in passing}


async def test_every_path_that_has_get_has_head(either: Service) -> None:
    addresses = await _addresses(either)
    for address in addresses:
        got = await either.http.get(address, headers=ADMIN)
        head = await either.http.head(address, headers=ADMIN)
        assert (head.status_code, head.content) == (got.status_code, b""), address
        assert got.status_code == 200, address
        assert headers(head, address) == headers(got, address)


@pytest.mark.parametrize("purpose", [None, "x", "", "prefetch"])
async def test_head_uses_no_sign_in_link_up(service: Service, purpose: str | None) -> None:
    link = (await service.http.post("/session/links", headers=ADMIN)).json()["path"]
    head = await service.http.head(link, headers={} if purpose is None else {"Sec-Purpose": purpose})
    assert head.status_code == 204
    assert "set-cookie" not in head.headers
    assert (await service.http.get(link)).status_code == 303


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/artwork?title=nothing", 404),
        ("/artwork", 422),
        ("/report", 401),
        ("/images/none.webp", 404),
        ("/nothing", 404),
        ("/decisions/forged/why", 404),
        ("/clicks", 405),
    ],
)
async def test_head_is_refused_as_get_is_and_without_a_body(either: Service, path: str, status: int) -> None:
    got, head = await either.http.get(path), await either.http.head(path)
    assert (head.status_code, head.content) == (status, b"")
    assert headers(head, path) == headers(got, path)


async def test_head_of_a_picture_of_a_title_is_no_showing(either: Service) -> None:
    """It decides as a prefetch does; the GET that follows shows the same decision."""
    head = await either.http.head("/artwork?title=countdown&profile=ada")
    id_ = head.headers["x-decision-id"]
    await either.close_windows()
    report = (await either.http.get("/report", headers=ADMIN)).json()
    assert sum(group["exposures"] for group in report["groups"].values()) == 0
    redirect = await either.http.head("/artwork?title=countdown&profile=ada", headers=IMG)
    assert (redirect.status_code, redirect.headers["x-decision-id"]) == (302, id_)
    assert [kind for kind, _ in await either.records()].count(Kind.DEFERRED) == 1
    assert (await either.get(profile="ada"))["decision_id"] == id_
    await either.close_windows()
    report = (await either.http.get("/report", headers=ADMIN)).json()
    assert sum(group["exposures"] for group in report["groups"].values()) == 1


async def test_head_is_counted_under_its_route(service: Service) -> None:
    before = _counted(await service.http.get("/metrics"))
    await send(service.app, "HEAD", "/artwork", query=b"title=countdown")
    await send(service.app, "HEAD", "/healthz")
    after = _counted(await service.http.get("/metrics"))
    for route in ("/artwork", "/healthz"):
        assert after.get(route, 0) == before.get(route, 0) + 1


def _counted(answer: httpx2.Response) -> dict[str, float]:
    counts = {}
    for line in answer.text.splitlines():
        if line.startswith("keyart_request_seconds_count{") and 'status="200"' in line:
            counts[line.split('route="')[1].partition('"')[0]] = float(line.rpartition(" ")[2])
    return counts


async def test_what_is_no_request_is_passed_on() -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    for scope in ({"type": "lifespan"}, {"type": "websocket", "path": "/"}):
        await Heads(app)(scope, None, None)  # type: ignore[arg-type]
    assert [scope["type"] for scope in seen] == ["lifespan", "websocket"]
