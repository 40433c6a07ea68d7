"""Requests that are refused before anybody reads them, and the form of every refusal."""

import re

import pytest

from tests.api.service import ADMIN, Service, is_problem, send

MIB = 1 << 20
HOST = (b"host", b"localhost")
JSON = (b"content-type", b"application/json")
KEY = (b"authorization", b"Bearer the-admin-key-of-tests")
WRITES = [
    ("POST", "/artwork"),
    ("POST", "/clicks"),
    ("POST", "/session"),
    ("PUT", "/profiles"),
    ("PUT", "/titles/countdown"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_a_body_whose_length_is_over_a_mebibyte_is_refused_unread(
    service: Service, method: str, path: str
) -> None:
    headers = [HOST, JSON, KEY, (b"content-length", b"%d" % (MIB + 1))]
    answer = await send(service.app, method, path, query=b"profile=ada", headers=headers, body=[])
    assert str(MIB) in is_problem(answer, 413)["detail"]


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_a_body_in_chunks_is_refused_once_it_is_over_a_mebibyte(
    service: Service, method: str, path: str
) -> None:
    chunks = [b"[" + b" " * 65_535] * 17
    answer = await send(service.app, method, path, query=b"profile=ada", headers=[HOST, JSON, KEY], body=chunks)
    is_problem(answer, 413)


async def test_a_length_that_lies_does_not_help(service: Service) -> None:
    headers = [HOST, JSON, (b"content-length", b"2")]
    answer = await send(service.app, "POST", "/clicks", headers=headers, body=[b" " * MIB, b"{}"])
    is_problem(answer, 413)


async def test_a_body_of_exactly_a_mebibyte_is_read(service: Service) -> None:
    body = b"[" + b" " * (MIB - 2) + b"]"
    headers = [HOST, JSON, (b"content-length", b"%d" % MIB)]
    problem = is_problem(await send(service.app, "POST", "/clicks", headers=headers, body=[body]), 422)
    assert "empty" in problem["detail"]


@pytest.mark.parametrize("length", [b"", b"abc", b"-1", b"+5", b"1.5", b"0x10", b"1 2", b"\xd9\xa1", b"1_0"])
async def test_a_malformed_length_is_a_bad_request(service: Service, length: bytes) -> None:
    for method, path in (("POST", "/clicks"), ("GET", "/artwork")):
        headers = [HOST, (b"content-length", length)]
        is_problem(await send(service.app, method, path, headers=headers), 400)


async def test_a_length_beyond_all_numbers_is_too_large(service: Service) -> None:
    headers = [HOST, (b"content-length", b"9" * 5000)]
    is_problem(await send(service.app, "POST", "/clicks", headers=headers), 413)


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/artwork/x", "/titles/a/b/c", "/images", "/images/../log.sqlite"]
)
async def test_an_unknown_path_is_not_found(service: Service, path: str) -> None:
    assert repr(path) in is_problem(await send(service.app, "GET", path), 404)["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/clicks/"),
        ("GET", "/artwork/"),
        ("HEAD", "/readyz/"),
        ("GET", "/titles/"),
        ("PUT", "/titles/countdown/"),
        ("DELETE", "/titles/countdown/pin//"),
        ("GET", "/docs/"),
    ],
)
async def test_a_slash_too_many_is_not_found_and_nobody_is_redirected(
    service: Service, method: str, path: str
) -> None:
    """Behind TLS a redirect would lead to plain HTTP."""
    answer = await service.http.request(method, path, headers={"X-Forwarded-Proto": "https"})
    assert answer.status_code == 404
    assert "location" not in answer.headers
    if method != "HEAD":
        assert f"use {path.rstrip('/')!r}, without the slash" in is_problem(answer, 404)["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/artwork", "GET, HEAD, POST"),
        ("GET", "/clicks", "POST"),
        ("POST", "/profiles", "GET, HEAD, PUT, PATCH, DELETE"),
        ("PATCH", "/titles/countdown", "GET, HEAD, PUT, DELETE"),
        ("POST", "/titles/countdown/pin", "PUT, DELETE"),
        ("GET", "/titles/countdown/artworks", "POST"),
        ("PUT", "/titles/countdown/artworks/cupola", "PATCH, DELETE"),
        ("PUT", "/catalogue", "GET, HEAD, PATCH"),
        ("POST", "/images/00aa-640.webp", "GET, HEAD"),
        ("HEAD", "/clicks", "POST"),
        ("POST", "/report", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    service: Service, method: str, path: str, allowed: str
) -> None:
    answer = await send(service.app, method, path)
    assert answer.status == 405
    assert answer.headers["allow"] == allowed
    assert method == "HEAD" or allowed in is_problem(answer, 405)["detail"]


async def test_every_answer_has_a_request_id_and_a_sensible_one_is_kept(service: Service) -> None:
    ids = set()
    for path in ("/healthz", "/artwork?title=countdown", "/artwork", "/nothing", "/metrics", "/titles", "/report"):
        answer = await service.http.get(path)
        ids.add(answer.headers["x-request-id"])
        answer = await service.http.get(path, headers={"X-Request-Id": "mine-1.2_3"})
        assert answer.headers["x-request-id"] == "mine-1.2_3"
    assert len(ids) == 7


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", 'a"b', "é"])
async def test_a_request_id_that_could_spoil_a_log_is_replaced(service: Service, given: str) -> None:
    headers = [HOST, (b"x-request-id", given.encode())]
    answer = await send(service.app, "GET", "/healthz", headers=headers)
    assert re.fullmatch("[0-9a-f]{12}-[0-9a-f]+", answer.headers["x-request-id"])


async def test_a_failure_inside_is_a_problem_without_particulars(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise RuntimeError("particulars")

    monkeypatch.setattr(service.store.state, "tallies", fail)
    answer = await service.http.get("/report", headers=ADMIN)
    assert "particulars" not in str(is_problem(answer, 500))


async def test_of_many_errors_the_first_are_told_and_how_many_more_there_are(service: Service) -> None:
    for wrong, more in ((20, None), (21, 1), (32, 12)):
        body = {"genres": ["No Slug"] * wrong}
        answer = await service.http.put("/titles/countdown", json=body, headers=ADMIN)
        errors = is_problem(answer, 422)["errors"]
        assert [each["field"] for each in errors[:20]] == [f"genres.{number}" for number in range(20)]
        told = [{"field": "body", "reason": f"{more} more errors are not listed"}] if more else []
        assert errors[20:] == told


async def test_the_titles_of_a_page_are_counted_before_each_of_them_is_looked_at(service: Service) -> None:
    answer = await service.http.post("/artwork", json={"titles": [0] * 100_000})
    [error] = is_problem(answer, 422)["errors"]
    assert (error["field"], error["reason"]) == ("titles", "must have at most 200 entries, not 100000")


@pytest.mark.parametrize("path", ["/titles/UPPER/pin", "/titles/a%20b/pin", "/titles/" + "a" * 65 + "/pin"])
async def test_an_id_that_is_no_slug_is_refused_with_its_field(service: Service, path: str) -> None:
    problem = is_problem(await service.http.delete(path, headers=ADMIN), 422)
    assert problem["errors"][0]["field"] == "title"


async def test_half_of_a_surrogate_pair_in_a_key_is_refused(service: Service) -> None:
    for body in (b'{"\\ud800": 1}', b'{"attributes": {"\\ud800": 1}}', b'{"attributes": {"a": "\\ud800"}}'):
        answer = await service.http.put(
            "/profiles?profile=ada", content=body, headers={**ADMIN, "Content-Type": "application/json"}
        )
        is_problem(answer, 422)


# ---------------------------------------------------------------- one host


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/artwork"), ("POST", "/artwork"), ("GET", "/titles"), ("POST", "/clicks"), ("GET", "/nothing")],
)
@pytest.mark.parametrize("hosts", [(b"localhost", b"localhost"), (b"a.example", b"127.0.0.1:8000", b"")])
async def test_a_request_with_several_host_lines_is_refused(
    service: Service, method: str, path: str, hosts: tuple[bytes, ...]
) -> None:
    """Two parties would take it for two different ones."""
    headers = [(b"host", host) for host in hosts]
    answer = await send(service.app, method, path, query=b"title=countdown", headers=headers)
    assert f"{len(hosts)} Host lines" in is_problem(answer, 400)["detail"]
