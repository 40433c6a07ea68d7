"""Who may do what: keys, roles, and the key that is made."""

import os
import re
import stat
from collections.abc import Mapping
from hmac import compare_digest
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.api import access
from app.settings import Settings
from app.wiring.keys import KeyFileError, admin_key, keys_of, make_admin_key
from tests.api.service import ADMIN, CLIENT, EDITOR, Catalogue, Service, is_problem, send, serving, settings_of
from tests.docs.api import document, operations

ROLES = {"admin": ADMIN, "editor": EDITOR, "client": CLIENT}
OPEN = {
    "GET /artwork",
    "POST /artwork",
    "POST /impressions",
    "POST /clicks",
    "POST /plays",
    "GET /titles",
    "GET /images/{name}",
    "GET /decisions/{decision_id}/why",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "POST /session",
    "GET /session/links/{token}",
}
"""What asks for no key at first, or for one in its own way."""
FOR_CLIENTS = {
    "GET /profiles",
    "GET /profiles/records",
    "PUT /profiles",
    "PATCH /profiles",
    "DELETE /profiles",
}
FOR_EDITORS = {
    "GET /report",
    "GET /report/titles",
    "GET /report/audit",
    "GET /report/series",
    "GET /experiments",
    "GET /report/shares",
    "GET /catalogue",
    "GET /edits",
    "GET /titles/{title}",
    "GET /titles/{title}/probabilities",
    "GET /titles/{title}/artworks/{artwork}/whole",
    "PATCH /catalogue",
    "PUT /titles/{title}",
    "DELETE /titles/{title}",
    "POST /titles/{title}/artworks",
    "PATCH /titles/{title}/artworks/{artwork}",
    "DELETE /titles/{title}/artworks/{artwork}",
    "PUT /titles/{title}/pin",
    "DELETE /titles/{title}/pin",
}
FOR_ANY_KEY = {"GET /session"}
IN_A_SESSION = {"DELETE /session"}
"""Which a key does not do."""
OPERATIONS = [name for name, _ in operations(document())]
CLOSED = [name for name in OPERATIONS if name not in OPEN]
BY_KEY = [name for name in CLOSED if name not in IN_A_SESSION]
PLACES = {
    "position": "1",
    "snapshot": "1",
    "title": "countdown",
    "artwork": "cupola",
    "decision_id": "A" * 48,
    "name": "nothing.webp",
}
LONELY = [{}, *({"Host": host} for host in ("127.0.0.1:8000", "localhost", "[::1]:8000", "keyart.example"))]
"""What a request looks like that this machine sends, or a proxy on it that adds nothing."""
FORWARDED = [
    {"X-Forwarded-For": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1;host=localhost"},
    {"X-Real-IP": "127.0.0.1"},
    {"X-Forwarded-Host": "localhost"},
    {"Via": "1.1 localhost"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
    {"Origin": "http://127.0.0.1:8000", "Host": "127.0.0.1:8000"},
]
"""What a proxy may say of where a call comes from."""
KEYLESS: dict[str, Any] = {"admin_key": None, "editor_key": None, "client_key": None}


def may(operation: str) -> set[str]:
    """Return the roles that a call is for: whatever is not listed above is for admins alone."""
    if operation in FOR_ANY_KEY:
        return set(ROLES)
    if operation in FOR_EDITORS:
        return {"admin", "editor"}
    return {"admin", "client"} if operation in FOR_CLIENTS else {"admin"}


async def call(service: Service, operation: str, headers: Mapping[str, str] | None = None) -> httpx2.Response:
    method, _, path = operation.partition(" ")
    path = re.sub(r"\{(\w+)\}", lambda found: PLACES[found[1]], path)
    params = {"profile": "ada"} if path.startswith("/profiles") else None
    return await service.http.request(method, path, params=params, headers=headers)


def is_refused(answer: httpx2.Response, status: int = 401) -> None:
    problem = is_problem(answer, status)
    assert (answer.headers.get("www-authenticate") == "Bearer") is (status == 401)
    assert "KEYART_" in problem["detail"] or "keyart open" in problem["detail"], problem["detail"]


# ---------------------------------------------------------------- keys


def test_each_call_is_listed_once() -> None:
    listed = [*OPEN, *FOR_CLIENTS, *FOR_EDITORS, *FOR_ANY_KEY, *IN_A_SESSION]
    assert set(listed) <= set(OPERATIONS)
    assert len(listed) == len(set(listed))


async def test_nobody_without_a_key_gets_in(service: Service) -> None:
    for operation in CLOSED:
        for headers in ({"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}, *LONELY):
            is_refused(await call(service, operation, headers))


@pytest.mark.parametrize("role", ROLES)
async def test_a_key_opens_what_its_role_may_do_and_nothing_else(service: Service, role: str) -> None:
    for operation in BY_KEY:
        answer = await call(service, operation, ROLES[role])
        if role in may(operation):
            assert answer.status_code not in {401, 403}, (operation, answer.text)
        else:
            is_refused(answer, 403)


def test_the_document_says_which_key_a_call_needs() -> None:
    schemes = {"admin": "admin_key", "admin client": "client_key", "admin editor": "editor_key"}
    for name, operation in operations(document()):
        if name in BY_KEY:
            scheme = schemes.get(" ".join(sorted(may(name))), "any_key")
            assert {each for needed in operation["security"] for each in needed} == {scheme, "session"}, name


async def test_the_other_calls_ask_for_no_key(service: Service) -> None:
    for operation in OPEN - {"GET /session/links/{token}"}:
        assert (await call(service, operation)).status_code not in {401, 403}, operation


@pytest.mark.parametrize(
    "authorization",
    [
        "the-admin-key-of-tests",
        "Basic the-admin-key-of-tests",
        "Bearer the-admin-key-of-test",
        "Bearer the-admin-key-of-testss",
        "Bearer The-Admin-Key-Of-Tests",
        "Bearer the-admin-key-of-tests, x",
        "Bearer \u00e9",
        "Bearer",
        "",
    ],
)
async def test_only_the_whole_key_as_a_bearer_is_accepted(service: Service, authorization: str) -> None:
    headers = [(b"host", b"localhost"), (b"authorization", authorization.encode())]
    assert (await send(service.app, "GET", "/report", headers=headers)).status == 401


async def test_the_scheme_is_read_in_any_case(service: Service) -> None:
    headers = {"Authorization": "bearer the-admin-key-of-tests"}
    assert (await call(service, "GET /report", headers)).status_code == 200


async def test_keys_are_compared_in_constant_time(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return compare_digest(one, other)

    monkeypatch.setattr(access, "compare_digest", watched)
    await call(service, "GET /report", {"Authorization": "Bearer wrong"})
    for role in ROLES:
        assert (f"the-{role}-key-of-tests".encode(), b"wrong") in compared


async def test_what_is_meant_for_operators_or_about_people_is_never_stored(service: Service) -> None:
    for operation in ("GET /report", "GET /profiles", "GET /session"):
        assert "no-store" in (await call(service, operation, ADMIN)).headers["cache-control"]


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "10.0.0.1", ""])
async def test_where_no_key_is_set_nobody_is_let_in_for_where_the_call_comes_from(
    tmp_path: Path, catalogue: Catalogue, peer: str
) -> None:
    async with serving(tmp_path, catalogue, peer=peer, **KEYLESS) as service:
        for header in (*LONELY, *FORWARDED):
            for operation in CLOSED:
                is_refused(await call(service, operation, header))


async def test_a_request_without_a_host_is_let_in_nowhere(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, **KEYLESS) as service:
        assert (await send(service.app, "GET", "/report", headers=[])).status == 401


# ---------------------------------------------------------------- what writes refuse


async def test_a_write_with_a_parameter_that_it_does_not_have_is_refused(service: Service) -> None:
    """Whatever write with a key: one that is misspelt could be the limit of what is deleted."""
    for name, operation in operations(document()):
        method, _, path = name.partition(" ")
        schemes = {scheme for each in operation.get("security", ()) for scheme in each}
        if method == "GET" or schemes <= {"session"}:
            continue
        address = re.sub(r"\{\w+\}", "countdown", path)
        answer = await service.http.request(method, address, params={"profil": "ada", "x": ""}, headers=ADMIN)
        problem = is_problem(answer, 422)
        assert [each["field"] for each in problem["errors"]] == ["profil", "x"], name
        assert problem["detail"].startswith("profil: "), name
    assert len((await service.http.get("/titles")).json()["titles"]) == 3


async def test_a_write_that_names_a_parameter_twice_is_refused(service: Service) -> None:
    """The last value would be taken: of two profiles one would be erased, and the answer say nothing."""
    for name, operation in operations(document()):
        method, _, path = name.partition(" ")
        parameters = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
        schemes = {scheme for each in operation.get("security", ()) for scheme in each}
        if method == "GET" or schemes <= {"session"} or not parameters:
            continue
        address = re.sub(r"\{\w+\}", "countdown", path)
        twice = {parameter: ["kid", "kid", "ada"] for parameter in parameters}
        answer = await service.http.request(method, address, params=twice, headers=ADMIN)
        problem = is_problem(answer, 422)
        assert [each["field"] for each in problem["errors"]] == parameters, name
        assert "name it once" in problem["detail"], name


async def test_of_two_profiles_neither_is_erased(service: Service) -> None:
    for profile in ("ada", "kid"):
        body = {"attributes": {"country": "DE"}}
        assert (await service.http.put(f"/profiles?profile={profile}", json=body, headers=ADMIN)).is_success
    is_problem(await service.http.delete("/profiles?profile=ada&profile=kid", headers=ADMIN), 422)
    for profile in ("ada", "kid"):
        found = (await service.http.get(f"/profiles?profile={profile}", headers=ADMIN)).json()
        assert found["attributes"] == {"country": "DE"}


# ---------------------------------------------------------------- the key that is made


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])  # noqa: S104
def test_a_key_is_made_once_wherever_the_service_listens(tmp_path: Path, host: str) -> None:
    settings = Settings(data=tmp_path, host=host)
    make_admin_key(settings)
    made = admin_key(settings)
    assert len(made) >= 32
    assert stat.S_IMODE(os.stat(tmp_path / "admin-key").st_mode) == 0o600  # noqa: PTH116
    make_admin_key(settings)
    assert admin_key(settings) == made
    assert [path.name for path in tmp_path.iterdir()] == ["admin-key"]


def test_no_key_is_made_where_one_is_set(tmp_path: Path) -> None:
    settings = settings_of(data=tmp_path, admin_key="a-key-of-my-own-making")
    make_admin_key(settings)
    assert list(tmp_path.iterdir()) == []
    assert admin_key(settings) == "a-key-of-my-own-making"


async def test_the_key_that_was_made_is_the_one_that_is_asked_for(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, **KEYLESS) as service:
        made = (tmp_path / "admin-key").read_text().strip()
        is_refused(await call(service, "GET /report"))
        assert (await call(service, "GET /report", {"Authorization": f"Bearer {made}"})).status_code == 200


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "set KEYART_DATA"),
        (b"", "delete the file"),
        (b"short\n", "delete the file"),
        (b"two words that are long\n", "delete the file"),
        (b"\xff" * 20, "run this as the user of the service"),
    ],
)
def test_a_key_file_that_is_of_no_use_says_what_to_do(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "admin-key").write_bytes(content)
    with pytest.raises(KeyFileError) as refused:
        admin_key(Settings(data=tmp_path))
    assert words in str(refused.value)
    assert not content or content.strip() not in str(refused.value).encode() or not content.strip()


def test_a_made_key_that_is_set_for_another_role_is_refused(tmp_path: Path) -> None:
    (tmp_path / "admin-key").write_text("one-key-for-two-roles")
    with pytest.raises(KeyFileError, match="another role"):
        keys_of(settings_of(data=tmp_path, client_key="one-key-for-two-roles"))
