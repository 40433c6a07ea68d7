"""Sessions: cookies in the place of keys, links that sign in, and signing out."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest

from app.api.tickets import LINK_MS, SESSION_MS
from tests.api.service import ADMIN, CLIENT, EDITOR, Catalogue, Service, is_problem, serving
from tests.api.test_access import call, is_refused

ADMIN_KEY, EDITOR_KEY, CLIENT_KEY = (f"the-{role}-key-of-tests" for role in ("admin", "editor", "client"))
ORIGIN = {"Origin": "http://localhost"}


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
    cookie = {"Cookie": await open_session(service, ADMIN_KEY)}
    assert (await call(service, "GET /report", cookie)).status_code == 200
    assert (await call(service, "GET /profiles", cookie)).status_code == 200


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
    answer = await service.http.post("/session", json={"key": ADMIN_KEY}, headers=headers)
    assert answer.status_code == 204
    assert ("Secure" in answer.headers["set-cookie"].split("; ")) is secure


async def test_a_client_keys_cookie_is_no_admins(service: Service) -> None:
    cookie = {"Cookie": await open_session(service, CLIENT_KEY)}
    is_refused(await call(service, "GET /report", cookie), 403)
    assert (await call(service, "GET /profiles", cookie)).status_code == 200


async def test_a_write_with_a_cookie_has_to_come_from_a_page_of_this_service(service: Service) -> None:
    cookie = await open_session(service, ADMIN_KEY)
    for origin in (
        None,
        "",
        "null",
        "http://evil.example",
        "http://localhost.evil.example",
        "http://localhost:8001",
        "localhost",
        "http://",
        "http://keyart.example",
    ):
        headers = {"Cookie": cookie, **({} if origin is None else {"Origin": origin})}
        is_refused(await call(service, "PUT /titles/{title}", headers))
    assert (await call(service, "DELETE /titles/{title}", {"Cookie": cookie, **ORIGIN})).status_code == 204


async def test_a_page_under_the_public_url_may_write_where_a_proxy_passes_on_another_host(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue, public_url="https://www.Example.org:8443/keyart") as service:
        cookie = {"Cookie": await open_session(service, ADMIN_KEY), "Host": "127.0.0.1:8000"}
        for origin in ("https://example.org:8443", "http://www.example.org:8443", "https://www.example.org", ""):
            is_refused(await call(service, "DELETE /titles/{title}", {**cookie, "Origin": origin}))
        own = {**cookie, "Origin": "https://www.example.org:8443"}
        assert (await call(service, "DELETE /titles/{title}", own)).status_code == 204


@pytest.mark.parametrize("key", ["wrong", ADMIN_KEY[:-1], "x" * 256])
async def test_no_session_is_opened_with_a_wrong_key(service: Service, key: str) -> None:
    answer = await service.http.post("/session", json={"key": key})
    is_refused(answer)
    assert "set-cookie" not in answer.headers
    assert key not in answer.text


@pytest.mark.parametrize("key", [ADMIN_KEY, CLIENT_KEY, "wrong"])
async def test_a_page_of_another_origin_opens_no_session(service: Service, key: str) -> None:
    for origin in (
        "http://evil.example",
        "http://localhost:8001",
        "null",
        "",
        "localhost",
        "http://" + "x" * 9999,
    ):
        answer = await service.http.post("/session", json={"key": key}, headers={"Origin": origin})
        detail = is_problem(answer, 403)["detail"]
        assert origin[:100] in detail
        assert len(detail) < 500
        assert "set-cookie" not in answer.headers


async def test_a_page_of_this_service_opens_a_session(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, public_url="https://www.example.org/keyart") as service:
        for origin in ("http://localhost", "https://localhost", "https://www.example.org"):
            answer = await service.http.post("/session", json={"key": ADMIN_KEY}, headers={"Origin": origin})
            assert answer.status_code == 204, answer.text


async def test_a_parameter_that_nobody_knows_opens_and_ends_no_session(service: Service) -> None:
    cookie = {"Cookie": await open_session(service, ADMIN_KEY), **ORIGIN}
    answer = await service.http.post("/session?role=client", json={"key": ADMIN_KEY})
    assert "role" in is_problem(answer, 422)["detail"]
    assert "set-cookie" not in answer.headers
    answer = await service.http.delete("/session?all=true", headers=cookie)
    assert "all" in is_problem(answer, 422)["detail"]
    assert (await call(service, "GET /report", cookie)).status_code == 200


async def test_an_altered_cookie_opens_nothing(service: Service) -> None:
    name, _, value = (await open_session(service, CLIENT_KEY)).partition("=")
    data = urlsafe_b64decode(value.strip('"'))
    admin = urlsafe_b64encode(data.replace(b"client", b"admin")).decode()
    flipped = [
        urlsafe_b64encode(data[:n] + bytes([data[n] ^ 1]) + data[n + 1 :]).decode() for n in range(len(data))
    ]
    for text in [admin, *flipped, "", "=", "AAAA", "%%%", "A" * 4000]:
        is_refused(await call(service, "GET /profiles", {"Cookie": f"{name}={text}"}))


async def test_a_session_ends_after_its_time(service: Service) -> None:
    cookie = {"Cookie": await open_session(service, ADMIN_KEY)}
    service.clock.now += SESSION_MS - 1
    assert (await call(service, "GET /report", cookie)).status_code == 200
    service.clock.now += 1
    is_refused(await call(service, "GET /report", cookie))


async def test_a_session_ends_with_its_own_key_and_no_other(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue) as service:
        cookies = [{"Cookie": await open_session(service, key)} for key in (ADMIN_KEY, EDITOR_KEY)]
        clock = service.clock
    changed: dict[str, Any] = {"clock": clock, "admin_key": "another-key-of-mine"}
    async with serving(tmp_path, catalogue, **changed) as again:
        is_refused(await call(again, "GET /report", cookies[0]))
        assert (await call(again, "GET /report", cookies[1])).status_code == 200


# ---------------------------------------------------------------- who one is, and signing out


async def test_a_page_is_told_who_is_signed_in(service: Service) -> None:
    cookie = {"Cookie": await open_session(service, EDITOR_KEY)}
    who = (await call(service, "GET /session", cookie)).json()
    assert (who["role"], who["until"]) == ("editor", (service.clock.now + SESSION_MS) / 1000)
    assert who["name"].startswith("session ")
    assert (await call(service, "GET /session", CLIENT)).json() == {"role": "client", "name": "key", "until": None}


async def test_signing_out_ends_a_session_for_whoever_has_its_cookie(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue) as service:
        kept = {"Cookie": await open_session(service, ADMIN_KEY)}
        cookie = {"Cookie": await open_session(service, ADMIN_KEY)}
        is_refused(await call(service, "DELETE /session", cookie), 401)
        assert (await call(service, "GET /report", cookie)).status_code == 200, "no page of this service asked"
        answer = await call(service, "DELETE /session", {**cookie, **ORIGIN})
        assert answer.status_code == 204
        assert "Max-Age=0" in answer.headers["set-cookie"]
        is_refused(await call(service, "GET /report", cookie))
        is_refused(await call(service, "DELETE /session", {**cookie, **ORIGIN}))
        assert (await call(service, "GET /report", kept)).status_code == 200
        clock = service.clock
    async with serving(tmp_path, catalogue, clock=clock) as again:  # as another worker is
        is_refused(await call(again, "GET /report", cookie))


async def test_a_key_is_no_session_to_end(service: Service) -> None:
    is_refused(await call(service, "DELETE /session", ADMIN))


# ---------------------------------------------------------------- links that sign in


async def link(service: Service) -> str:
    answer = await service.http.post("/session/links", headers=ADMIN)
    assert answer.status_code == 201, answer.text
    assert answer.json()["until"] == (service.clock.now + LINK_MS) / 1000
    return str(answer.json()["path"])


async def test_a_link_signs_one_browser_in_as_an_admin(service: Service) -> None:
    path = await link(service)
    answer = await service.http.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == "../../dashboard#signed-in", "it is right below any path that a proxy has"
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "HttpOnly" in answer.headers["set-cookie"]
    page = await service.http.get(str(answer.url.join(answer.headers["location"])))
    assert page.status_code == 200
    assert (await service.http.get("/session")).json()["role"] == "admin"


async def test_a_link_is_good_once_and_for_a_while(service: Service) -> None:
    path = await link(service)
    for method in ("HEAD", "OPTIONS"):  # of who only looks
        await service.http.request(method, path)
    await service.http.get(path, headers={"Sec-Purpose": "prefetch;prerender"})
    service.http.cookies.clear()
    assert (await service.http.get(path)).status_code == 303
    assert "keyart open" in is_problem(await service.http.get(path), 410)["detail"]
    old = await link(service)
    service.clock.now += LINK_MS
    assert "keyart open" in is_problem(await service.http.get(old), 410)["detail"]


async def test_of_many_who_follow_a_link_at_once_one_is_signed_in(tmp_path: Path, catalogue: Catalogue) -> None:
    async with (
        serving(tmp_path, catalogue) as one,
        serving(tmp_path, catalogue, clock=one.clock) as other,
    ):
        path = await link(one)
        answers = await asyncio.gather(*(each.http.get(path) for each in [one, other] * 20))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [303, *[410] * 39]
    assert sum("set-cookie" in answer.headers for answer in answers) == 1


async def test_a_forged_link_signs_nobody_in(service: Service) -> None:
    session = (await open_session(service, ADMIN_KEY)).partition("=")[2].strip('"')
    path = await link(service)
    for forged in (path[:-8] + "AAAAAAA=", path[:-4], f"/session/links/{session}", "/session/links/%00"):
        answer = await service.http.get(forged)
        is_refused(answer)
        assert "set-cookie" not in answer.headers


async def test_a_link_is_no_cookie(service: Service) -> None:
    token = (await link(service)).rpartition("/")[2]
    is_refused(await call(service, "GET /report", {"Cookie": f"keyart_session={token}"}))


async def test_only_an_admin_makes_links(service: Service) -> None:
    for headers in (EDITOR, CLIENT):
        is_refused(await call(service, "POST /session/links", headers), 403)
