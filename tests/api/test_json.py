"""Bodies of JSON: read in one way, whatever route they are for."""

import gzip
import json
from itertools import product
from typing import Any

import httpx2
import pytest

from app.api.bodies import DEEPEST
from tests.api.service import ADMIN, Service, is_problem

BOM = b"\xef\xbb\xbf"
FORM = "application/x-www-form-urlencoded"
"""What curl says of `-d`."""
DIGITS = 4301
"""One more than Python makes an integer of by default."""
THERE = {"title": "countdown", "artwork": "cupola", "snapshot": 1, "position": 1}
ROUTES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "page": ("POST", "/artwork", {"titles": ["countdown"]}),
    "profile": ("PUT", "/profiles?profile=ada", {"attributes": {"country": "DE"}}),
    "title": ("PUT", "/titles/countdown", {"name": "Countdown"}),
    "artwork": ("PATCH", "/titles/countdown/artworks/cupola", {"alt": "The Earth"}),
    "pin": ("PUT", "/titles/countdown/pin", {"artwork": "cupola"}),
    "catalogue": ("PATCH", "/catalogue", {"barred": []}),
    "session": ("POST", "/session", {"key": "the-admin-key-of-tests"}),
    "clicks": ("POST", "/clicks", {"profile": "ada", "title": "countdown"}),
}
"""One of each kind of route, and what it takes."""
NUMBERS = {
    "page": ["titles"],
    "profile": ["attributes.age", "attributes.maturity"],
    "title": ["maturity"],
    "artwork": ["maturity", "valid_from", "consent.until"],
    "pin": ["until"],
    "clicks": ["title"],
}
"""Fields of them that could hold a number."""
DEPTHS = [10, 64, 65, *range(850, 1101, 7), 947, 948, 949]
"""Python's own recursion ends a little below 1,000, and the decoder's a little later."""
MALFORMED = {
    "nothing": b"",
    "blank": b" ",
    "cut short": b'{"titles": ["countdown"',
    "a form": b"titles=countdown",
    "two values": b"{} {}",
    "a comma too many": b'{"titles": ["countdown"],}',
    "not a number": b'{"width": NaN}',
    "infinity": b'{"width": -Infinity}',
    "too large for a float": b'{"width": 1e999}',
    "half of a surrogate pair": b'{"device": "\\ud800"}',
    "half of one in a key": b'{"\\udfff": 1}',
    "a raw control character": b'{"device": "\x01"}',
    "not UTF-8": b'{"device": "\xff"}',
    "UTF-16": json.dumps({"titles": ["countdown"]}).encode("utf-16"),
    "lists in lists": b"[" * 100_000,
    "objects in objects": b'{"a":' * 100_000,
    "a byte order mark alone": BOM,
}


@pytest.fixture
async def chosen(service: Service) -> Service:
    """A service that has chosen what the clicks are about."""
    await service.get(profile="ada")
    return service


async def call(service: Service, route: str, content: bytes, **headers: str) -> httpx2.Response:
    method, path, _ = ROUTES[route]
    return await service.http.request(method, path, content=content, headers={**ADMIN, **headers})


async def upload(service: Service, fields: dict[str, str], **headers: str) -> httpx2.Response:
    path, files = "/titles/countdown/artworks", {"file": ("night.jpg", b"none", "image/jpeg")}
    return await service.http.post(path, files=files, data=fields, headers={**ADMIN, **headers})


def body(route: str) -> bytes:
    return json.dumps(ROUTES[route][2]).encode()


def is_taken(answer: httpx2.Response) -> None:
    assert answer.status_code in {200, 202, 204}, answer.text


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "application/x-www-form-urlencoded",
        None,
    ],
)
async def test_json_is_taken_under_any_media_type(chosen: Service, kind: str | None) -> None:
    headers = {"Content-Type": kind} if kind else {}
    for route in ROUTES:
        is_taken(await call(chosen, route, body(route), **headers))


async def test_a_byte_order_mark_is_passed_over(chosen: Service) -> None:
    for route in ROUTES:
        is_taken(await call(chosen, route, BOM + body(route)))


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "GZIP", "nonsense"])
async def test_a_compressed_body_is_refused_by_the_name_of_its_coding(service: Service, coding: str) -> None:
    for route in ROUTES:
        answer = await call(service, route, gzip.compress(body(route)), **{"Content-Encoding": coding})
        assert repr(coding) in is_problem(answer, 415)["detail"]
        assert answer.headers["accept-encoding"] == "identity"


async def test_a_body_that_says_it_is_not_compressed_is_taken(chosen: Service) -> None:
    for route in ROUTES:
        is_taken(await call(chosen, route, body(route), **{"Content-Encoding": "identity"}))


async def test_a_compressed_form_is_refused_as_well(service: Service) -> None:
    answer = await upload(service, {}, **{"Content-Encoding": "gzip"})
    assert "'gzip'" in is_problem(answer, 415)["detail"]


@pytest.mark.parametrize("malformed", MALFORMED)
async def test_what_is_not_json_is_refused_with_the_reason(service: Service, malformed: str) -> None:
    for route in ROUTES:
        problem = is_problem(await call(service, route, MALFORMED[malformed]), 422)
        [error] = problem["errors"]
        assert error["field"] == "body"
        assert problem["detail"] == f"body: {error['reason']}."


async def test_the_media_type_is_named_where_it_tells_what_is_wrong(service: Service) -> None:
    for route in ROUTES:
        answer = await call(service, route, b"a=b", **{"Content-Type": FORM})
        assert repr(FORM) in is_problem(answer, 422)["detail"]
        answer = await call(service, route, b"a=b", **{"Content-Type": "application/json"})
        assert "Content-Type" not in is_problem(answer, 422)["detail"]


@pytest.mark.parametrize("number", ["9" * DIGITS, "-" + "9" * DIGITS, "9" * 400, "1e999", "-1e999"])
async def test_a_number_beyond_all_bounds_is_refused_wherever_it_stands(service: Service, number: str) -> None:
    """An integer of 4,301 digits is more than Python reads."""
    for route, paths in NUMBERS.items():
        for path in paths:
            outer, _, inner = path.rpartition(".")
            field = f'"{outer}": {{"{inner}": {number}}}' if outer else f'"{inner}": {number}'
            content = b"{" + body(route)[1:-1] + b", " + field.encode() + b"}"
            is_problem(await call(service, route, content), 422)
        is_problem(await call(service, route, number.encode()), 422)
        is_problem(await call(service, route, b"[%s]" % number.encode()), 422)


@pytest.mark.parametrize("name", ["width", "maturity", "deferred", "title"])
async def test_a_number_of_thousands_of_digits_fails_no_query(service: Service, name: str) -> None:
    """Where it is a hint it is passed over, and as a title it is not known."""
    answer = await service.http.get("/artwork", params={"title": "countdown", name: "9" * DIGITS})
    assert answer.status_code in {200, 404, 422}


@pytest.mark.parametrize("name", ["maturity", "valid_from", "consent_until", "focus", "faces"])
async def test_a_number_of_thousands_of_digits_is_refused_in_a_form(service: Service, name: str) -> None:
    is_problem(await upload(service, {"consent": "Ada", name: "9" * DIGITS}), 422)


async def _takers(service: Service) -> dict[tuple[str, str], list[str]]:
    """Return the routes that take JSON, and which fields they have, as the document has it."""
    document = (await service.http.get("/openapi.json")).json()
    return {
        (method.upper(), path.format(**THERE)): _fields(document, content["schema"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if (content := operation.get("requestBody", {}).get("content", {}).get("application/json"))
    }


def _fields(document: Any, schema: Any) -> list[str]:
    if "$ref" in schema:
        return _fields(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return list(schema["properties"]) if "properties" in schema else _fields(document, schema["anyOf"][0])


def _nested(depth: int, fields: list[str]) -> list[bytes]:
    """Return bodies of as many levels: lists, objects, each field of the route, and a title of a page."""
    lists = b"[" * depth + b"]" * depth
    objects = b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)
    inner = lists[1:-1]
    each = [b'{"%s":%s}' % (field.encode(), inner) for field in fields]
    return [lists, objects, *each, b'{"titles":["countdown",%s]}' % inner[1:-1]]


async def test_no_depth_of_nesting_fails_any_route(service: Service) -> None:
    takers = await _takers(service)
    assert {path for _, path in takers} >= {path.partition("?")[0] for _, path, _ in ROUTES.values()}
    for depth, ((method, path), fields) in product(DEPTHS, takers.items()):
        for content in _nested(depth, fields):
            answer = await service.http.request(method, path, content=content, headers=ADMIN)
            assert answer.status_code < 500, (depth, method, path, content[:40])
            assert ("nested too deep" in answer.text) is (depth > DEEPEST), (depth, method, path, content[:40])


async def test_brackets_are_no_levels(service: Service) -> None:
    """Neither those in text nor those side by side."""
    content = json.dumps({"titles": ["countdown", "[" * 100, *([n] for n in range(100))]}).encode()
    is_taken(await call(service, "page", content))


async def test_the_fault_of_what_is_not_json_is_told_once(service: Service) -> None:
    problem = is_problem(await call(service, "page", b"nonsense"), 422)
    assert problem["detail"].startswith("body: It is not JSON: invalid")


@pytest.mark.parametrize("content", [b"[]", b"7", b"null", b'"countdown"'])
async def test_what_is_no_object_is_told_in_plain_words(service: Service, content: bytes) -> None:
    assert is_problem(await call(service, "page", content), 422)["detail"] == (
        "body: It should be an object with `titles`."
    )
    for route in ROUTES.keys() - {"page", "clicks"}:
        detail = is_problem(await call(service, route, content), 422)["detail"]
        assert "body: It should be an object" in detail or "body: It is required" in detail, (route, detail)


async def test_of_a_repeated_key_the_last_counts(service: Service) -> None:
    answer = await call(service, "page", b'{"titles": ["nothing"], "titles": ["countdown"]}')
    assert [choice["title"] for choice in answer.json()["choices"]] == ["countdown"]
