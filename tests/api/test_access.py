"""Who may do what: keys, this machine, session cookies."""

import os
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hmac import compare_digest
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app import access
from app.access import SESSION_MS
from app.keys import admin_key, make_admin_key
from app.settings import Settings
from tests.api.service import ADMIN, CLIENT, Catalogue, Service, is_problem, send, serving, settings_of

ADMIN_CALLS = [
    ("GET", "/report"),
    ("GET", "/decisions/" + "A" * 48),
    ("PUT", "/titles/countdown"),
    ("DELETE", "/titles/countdown"),
    ("PATCH", "/titles/countdown/artworks/cupola"),
    ("DELETE", "/titles/countdown/artworks/sunset-pad"),
    ("GET", "/catalogue"),
    ("PATCH", "/catalogue"),
    ("PUT", "/titles/countdown/pin"),
    ("DELETE", "/titles/countdown/pin"),
]
PROFILE_CALLS = [("GET", "/profiles"), ("PUT", "/profiles"), ("DELETE", "/profiles")]
OPEN_CALLS = [
    "/artwork?title=countdown",
    "/titles",
    "/healthz",
    "/readyz",
    "/metrics",
    "/docs",
    "/openapi.json",
]
KEYLESS: dict[str, Any] = {"admin_key": None, "client_key": None}


async def call(
    service: Service, method: str, path: str, headers: Mapping[str, str] | None = None
) -> httpx2.Response:
    params = {"profile": "ada"} if path == "/profiles" else None
    json: dict[str, str] | None = {} if method in {"PUT", "PATCH"} else None
    if path.endswith("/pin") and method == "PUT":
        json = {"artwork": "cupola"}
    return await service.http.request(method, path, params=params, json=json, headers=headers)


def is_refused(answer: httpx2.Response) -> None:
    is_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize(("method", "path"), ADMIN_CALLS)
async def test_admin_calls_need_the_admin_key(service: Service, method: str, path: str) -> None:
    for headers in ({}, CLIENT, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}):
        is_refused(await call(service, method, path, headers))
    assert (await call(service, method, path, ADMIN)).status_code in {200, 204, 404}


@pytest.mark.parametrize(("method", "path"), PROFILE_CALLS)
async def test_profile_calls_need_the_client_key_or_the_admin_key(
    service: Service, method: str, path: str
) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        is_refused(await call(service, method, path, headers))
    for headers in (CLIENT, ADMIN):
        assert (await call(service, method, path, headers)).status_code in {200, 204}


@pytest.mark.parametrize("path", OPEN_CALLS)
async def test_the_other_calls_need_no_key(service: Service, path: str) -> None:
    assert (await service.http.get(path)).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "the-admin-key",
        "Basic the-admin-key",
        "Bearer the-admin-ke",
        "Bearer the-admin-keys",
        "Bearer The-Admin-Key",
        "Bearer the-admin-key, x",
        "Bearer \u00e9",
        "Bearer",
        "",
    ],
)
async def test_only_the_whole_key_as_a_bearer_is_accepted(service: Service, authorization: str) -> None:
    headers = [(b"host", b"localhost"), (b"authorization", authorization.encode())]
    assert (await send(service.app, "GET", "/report", headers=headers)).status == 401


async def test_the_scheme_is_read_in_any_case(service: Service) -> None:
    assert (await call(service, "GET", "/report", {"Authorization": "bearer the-admin-key"})).status_code == 200


async def test_where_a_key_is_set_coming_from_this_machine_is_not_enough(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue, client_key=None) as service:
        is_refused(await call(service, "GET", "/report"))
        is_refused(await call(service, "GET", "/profiles"))


async def test_with_a_client_key_alone_admin_calls_are_still_taken_from_this_machine(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue, admin_key=None) as service:
        assert (await call(service, "GET", "/report")).status_code == 200
        is_refused(await call(service, "GET", "/report", {**CLIENT, "X-Forwarded-For": "10.0.0.1"}))
        assert (await call(service, "GET", "/profiles", {**CLIENT, "Host": "keyart.example"})).status_code == 200


async def test_keys_are_compared_in_constant_time(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return compare_digest(one, other)

    monkeypatch.setattr(access, "compare_digest", watched)
    await call(service, "GET", "/report", {"Authorization": "Bearer wrong"})
    assert (b"the-admin-key", b"wrong") in compared
    assert (b"the-client-key", b"wrong") in compared


async def test_what_is_meant_for_operators_or_about_people_is_never_stored(service: Service) -> None:
    for path in ("/report", "/profiles"):
        assert "no-store" in (await call(service, "GET", path, ADMIN)).headers["cache-control"]


# ---------------------------------------------------------------- this machine


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000", "LocalHost:80"],
)
async def test_without_a_key_this_machine_may_make_admin_calls(
    tmp_path: Path, catalogue: Catalogue, host: str
) -> None:
    for peer in ("127.0.0.1", "127.8.8.8", "::1"):
        async with serving(tmp_path, catalogue, peer=peer, **KEYLESS) as service:
            assert (await call(service, "GET", "/report", {"Host": host})).status_code == 200
            assert (await call(service, "GET", "/profiles", {"Host": host})).status_code == 200


@pytest.mark.parametrize("peer", ["10.0.0.1", "192.168.1.2", "0.0.0.0", "::", "fe80::1", "testclient", ""])  # noqa: S104
async def test_without_a_key_nobody_else_may(tmp_path: Path, catalogue: Catalogue, peer: str) -> None:
    async with serving(tmp_path, catalogue, peer=peer, **KEYLESS) as service:
        is_refused(await call(service, "GET", "/report"))
        is_refused(await call(service, "PUT", "/profiles"))


@pytest.mark.parametrize(
    "header",
    [
        {"Forwarded": "for=127.0.0.1"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-Host": "localhost"},
        {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-Anything": ""},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Host": "keyart.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1.nip.io:8000"},
        {"Host": "evil.example:127.0.0.1"},
        {"Host": "localhost@evil.example"},
        {"Host": "localhost:80@evil.example"},
        {"Host": "[::1].evil.example"},
        {"Host": "10.0.0.1"},
        {"Host": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "none, cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_without_a_key_a_proxy_a_rebound_name_or_another_sites_page_is_refused(
    tmp_path: Path, catalogue: Catalogue, header: dict[str, str]
) -> None:
    async with serving(tmp_path, catalogue, **KEYLESS) as service:
        is_refused(await call(service, "GET", "/report", header))
        is_refused(await call(service, "DELETE", "/titles/countdown", header))
        is_refused(await call(service, "GET", "/profiles", header))


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_without_a_key_this_services_own_pages_may(tmp_path: Path, catalogue: Catalogue, site: str) -> None:
    async with serving(tmp_path, catalogue, **KEYLESS) as service:
        origin = {"Origin": "http://localhost"}
        assert (await call(service, "GET", "/report", {"Sec-Fetch-Site": site})).status_code == 200
        assert (await call(service, "GET", "/report", {"Sec-Fetch-Site": site, **origin})).status_code == 200


async def test_a_request_without_a_host_is_not_from_this_machine(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, **KEYLESS) as service:
        assert (await send(service.app, "GET", "/report", headers=[])).status == 401


# ---------------------------------------------------------------- the key that is made


def test_a_key_is_made_once_where_the_service_can_be_reached_from_elsewhere(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, host="0.0.0.0")  # noqa: S104
    make_admin_key(settings)
    made = admin_key(settings)
    assert made
    assert len(made) >= 32
    assert stat.S_IMODE(os.stat(tmp_path / "admin-key").st_mode) == 0o600  # noqa: PTH116
    make_admin_key(settings)
    assert admin_key(settings) == made
    assert [path.name for path in tmp_path.iterdir()] == ["admin-key"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.1.2.3"])
def test_no_key_is_made_where_only_this_machine_can_reach_the_service(tmp_path: Path, host: str) -> None:
    make_admin_key(Settings(data=tmp_path, host=host))
    assert list(tmp_path.iterdir()) == []


def test_no_key_is_made_where_one_is_set(tmp_path: Path) -> None:
    settings = settings_of(data=tmp_path, host="0.0.0.0", admin_key="mine")  # noqa: S104
    make_admin_key(settings)
    assert list(tmp_path.iterdir()) == []
    assert admin_key(settings) == "mine"


async def test_the_key_that_was_made_is_the_one_that_is_asked_for(tmp_path: Path, catalogue: Catalogue) -> None:
    settings: dict[str, Any] = {"host": "0.0.0.0", "admin_key": None}  # noqa: S104
    make_admin_key(Settings(data=tmp_path, **settings))
    made = (tmp_path / "admin-key").read_text().strip()
    async with serving(tmp_path, catalogue, **settings) as service:
        is_refused(await call(service, "GET", "/report"))
        assert (await call(service, "GET", "/report", {"Authorization": f"Bearer {made}"})).status_code == 200


# ---------------------------------------------------------------- sessions


async def open_session(service: Service, key: str) -> str:
    answer = await service.http.post("/session", json={"key": key})
    assert answer.status_code == 204, answer.text
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert "Path=/" in cookie
    assert key not in cookie
    service.http.cookies.clear()
    return str(cookie.partition(";")[0])


async def test_a_cookie_stands_in_for_the_key(service: Service) -> None:
    cookie = {"Cookie": await open_session(service, "the-admin-key")}
    assert (await call(service, "GET", "/report", cookie)).status_code == 200
    assert (await call(service, "GET", "/profiles", cookie)).status_code == 200


@pytest.mark.parametrize(
    ("said", "secure"),
    [
        (None, False),
        ("http", False),
        ("https", True),
        ("HTTPS", True),
        ("https, http", True),
        ("http,https", False),
    ],
)
async def test_a_cookie_that_came_through_tls_goes_through_nothing_else(
    service: Service, said: str | None, *, secure: bool
) -> None:
    headers = {"X-Forwarded-Proto": said} if said else {}
    answer = await service.http.post("/session", json={"key": "the-admin-key"}, headers=headers)
    assert answer.status_code == 204
    assert ("Secure" in answer.headers["set-cookie"].split("; ")) is secure


async def test_a_client_keys_cookie_is_no_admins(service: Service) -> None:
    cookie = {"Cookie": await open_session(service, "the-client-key")}
    is_refused(await call(service, "GET", "/report", cookie))
    assert (await call(service, "GET", "/profiles", cookie)).status_code == 200


async def test_a_write_with_a_cookie_has_to_come_from_a_page_of_this_service(service: Service) -> None:
    cookie = await open_session(service, "the-admin-key")
    for origin in (
        None,
        "",
        "null",
        "http://evil.example",
        "http://localhost.evil.example",
        "http://localhost:8001",
        "localhost",
        "http://",
    ):
        headers = {"Cookie": cookie, **({} if origin is None else {"Origin": origin})}
        is_refused(await call(service, "PUT", "/titles/countdown", headers))
    headers = {"Cookie": cookie, "Origin": "http://localhost"}
    assert (await call(service, "PUT", "/titles/countdown", headers)).status_code == 200


@pytest.mark.parametrize("key", ["wrong", "the-admin-ke", "x" * 256])
async def test_no_session_is_opened_with_a_wrong_key(service: Service, key: str) -> None:
    answer = await service.http.post("/session", json={"key": key})
    is_refused(answer)
    assert "set-cookie" not in answer.headers
    assert key not in answer.text


async def test_no_session_is_opened_where_no_key_is_set(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, **KEYLESS) as service:
        is_refused(await service.http.post("/session", json={"key": "None"}))


async def test_an_altered_cookie_opens_nothing(service: Service) -> None:
    name, _, value = (await open_session(service, "the-client-key")).partition("=")
    data = urlsafe_b64decode(value.strip('"'))
    admin = urlsafe_b64encode(data.replace(b"client", b"admin")).decode()
    flipped = [
        urlsafe_b64encode(data[:n] + bytes([data[n] ^ 1]) + data[n + 1 :]).decode() for n in range(len(data))
    ]
    for text in [admin, *flipped, "", "=", "AAAA", "%%%", "A" * 4000]:
        is_refused(await call(service, "GET", "/profiles", {"Cookie": f"{name}={text}"}))


async def test_a_session_ends_after_its_time(service: Service) -> None:
    cookie = {"Cookie": await open_session(service, "the-admin-key")}
    service.clock.now += SESSION_MS - 1
    assert (await call(service, "GET", "/report", cookie)).status_code == 200
    service.clock.now += 1
    is_refused(await call(service, "GET", "/report", cookie))


async def test_a_session_ends_when_the_key_is_changed(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue) as service:
        cookie = {"Cookie": await open_session(service, "the-admin-key")}
        clock = service.clock
    async with serving(tmp_path, catalogue, clock=clock) as again:
        assert (await call(again, "GET", "/report", cookie)).status_code == 200
    async with serving(tmp_path, catalogue, clock=clock, admin_key="another-key") as changed:
        is_refused(await call(changed, "GET", "/report", cookie))
