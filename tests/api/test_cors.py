"""Pages of other origins: what they may send, and what they may read."""

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.cors import BEACONS
from tests.api.service import Answer, Catalogue, Service, is_problem, listening, send, serving
from tests.api.test_browser import a_page
from tests.api.test_sessions import open_session
from tests.chromium import in_chromium

SHOP, EVIL = b"https://shop.example", b"https://evil.example"
HOST = (b"host", b"localhost")
OTHERS = ["/artwork", "/titles", "/profiles", "/report", "/session", "/clicks/", "/titles/countdown/pin"]
PRIVATE = (b"access-control-request-private-network", b"true")
READ = """([service, path, credentials]) => fetch(`${service}${path}`, {credentials})
    .then((answer) => answer.status, () => 'kept out')"""
ORIGINS = ["*", "https://shop.example", "https://other.example,https://shop.example"]


async def preflight(service: Service, path: str, *more: tuple[bytes, bytes], origin: bytes = SHOP) -> Answer:
    wish = (b"access-control-request-method", b"POST"), (b"access-control-request-headers", b"content-type")
    return await send(service.app, "OPTIONS", path, headers=[HOST, (b"origin", origin), *wish, *more])


@pytest.mark.parametrize("origins", ORIGINS)
async def test_a_beacon_may_be_sent_with_credentials(tmp_path: Path, catalogue: Catalogue, origins: str) -> None:
    async with serving(tmp_path, catalogue, cors_origins=origins) as service:
        for path in sorted(BEACONS):
            answer = await preflight(service, path)
            assert answer.status == 200
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert answer.headers["access-control-allow-origin"] == SHOP.decode()
            assert answer.headers["access-control-allow-headers"] == "content-type"
            assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("origins", ORIGINS)
async def test_no_other_call_may_be_made_with_credentials(
    tmp_path: Path, catalogue: Catalogue, origins: str
) -> None:
    async with serving(tmp_path, catalogue, cors_origins=origins) as service:
        for path in OTHERS:
            answer = await preflight(service, path)
            assert answer.status == 200
            assert "access-control-allow-credentials" not in answer.headers
            assert answer.headers["access-control-allow-origin"] in {"*", SHOP.decode()}


@pytest.mark.parametrize("origins", ORIGINS)
async def test_what_a_session_opens_is_readable_by_no_page_of_another_origin(
    tmp_path: Path, catalogue: Catalogue, origins: str
) -> None:
    """A browser hands such an answer to a page only where credentials are allowed in it."""
    async with serving(tmp_path, catalogue, cors_origins=origins) as service:
        cookie = (b"cookie", (await open_session(service, "the-admin-key-of-tests")).encode())
        for path in ("/report", "/titles", "/catalogue", "/session"):
            answer = await send(service.app, "GET", path, headers=[HOST, cookie, (b"origin", SHOP)])
            assert answer.status == 200
            assert "access-control-allow-credentials" not in answer.headers


async def test_a_session_gives_a_beacon_of_another_origin_no_rights(tmp_path: Path, catalogue: Catalogue) -> None:
    """Feedback by name needs a key; the cookie of an operator who visits the page is none."""
    async with serving(tmp_path, catalogue, cors_origins="*") as service:
        choice = await service.get(profile="ada")
        cookie = (b"cookie", (await open_session(service, "the-admin-key-of-tests")).encode())
        for item, status in (
            ({"profile": "ada", "title": "countdown"}, 422),
            ({"decision_id": choice["decision_id"]}, 202),
        ):
            headers = [HOST, cookie, (b"origin", SHOP), (b"content-type", b"application/json")]
            answer = await send(service.app, "POST", "/clicks", headers=headers, body=[json.dumps(item).encode()])
            assert answer.status == status
            assert answer.headers["access-control-allow-credentials"] == "true"
            assert answer.headers["access-control-allow-origin"] == SHOP.decode()
        assert "needs" in (await _rejected(service, cookie))[0]["reason"]


async def _rejected(service: Service, cookie: tuple[bytes, bytes]) -> Any:
    body = [b'{"profile": "ada", "title": "countdown"}']
    answer = await send(service.app, "POST", "/clicks", headers=[HOST, cookie, (b"origin", SHOP)], body=body)
    return answer.json()["rejected"]


@pytest.mark.parametrize("origins", ORIGINS)
async def test_a_page_of_an_allowed_origin_may_call_a_service_in_a_private_network(
    tmp_path: Path, catalogue: Catalogue, origins: str
) -> None:
    async with serving(tmp_path, catalogue, cors_origins=origins) as service:
        for path in ("/artwork", "/clicks"):
            answer = await preflight(service, path, PRIVATE)
            assert answer.status == 200
            assert answer.headers["access-control-allow-private-network"] == "true"
            assert "access-control-allow-private-network" not in (await preflight(service, path)).headers


async def test_a_page_of_another_origin_is_allowed_nothing(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, cors_origins="https://shop.example") as service:
        for path in ("/clicks", "/artwork"):
            for more in ((), (PRIVATE,)):
                answer = await preflight(service, path, *more, origin=EVIL)
                is_problem(answer, 403)
                assert not [name for name in answer.headers if name.startswith("access-control-")]
            answer = await send(service.app, "POST", path, headers=[HOST, (b"origin", EVIL)], body=[b"{}"])
            assert "access-control-allow-origin" not in answer.headers


async def test_a_refusal_before_the_body_is_read_is_readable_too(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, cors_origins="*") as service:
        headers = [HOST, (b"origin", SHOP), (b"content-length", b"9999999")]
        answer = await send(service.app, "POST", "/clicks", headers=headers)
        is_problem(answer, 413)
        assert answer.headers["access-control-allow-origin"] == SHOP.decode()


def recording(app: ASGIApp, path: str, statuses: list[int]) -> ASGIApp:
    """Pass requests on, and write down how those of a path are answered."""

    async def passing(scope: Scope, receive: Receive, send: Send) -> None:
        async def note(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"] == path:
                statuses.append(message["status"])
            await send(message)

        await app(scope, receive, note)

    return passing


@in_chromium
async def test_a_page_of_the_same_site_reads_nothing_with_an_operators_session(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    """Ports make another origin, but no other site: the browser sends the cookie along, strict as it is."""
    told: list[int] = []
    async with (
        serving(tmp_path / "data", catalogue, cors_origins="*") as service,
        listening(recording(service.app, "/report", told)) as address,
        a_page("", tmp_path / "page") as page,
    ):
        near = address.replace("127.0.0.1", "localhost")
        name, _, value = (await open_session(service, "the-admin-key-of-tests")).partition("=")
        cookie = {"name": name, "value": value, "url": near, "sameSite": "Strict", "httpOnly": True}
        await page.context.add_cookies([cookie])  # type: ignore[list-item]
        assert await page.evaluate(READ, [near, "/report", "include"]) == "kept out"
        assert told == [200], "The browser sent no cookie, so nothing was tried."
        assert await page.evaluate(READ, [near, "/report", "same-origin"]) == 401
        assert await page.evaluate(READ, [near, "/titles", "same-origin"]) == 200
