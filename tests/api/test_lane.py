"""`GET /artwork` in front of the framework answers as the framework's own route does."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_from_bytes

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.api.service import ADMIN, Answer, Catalogue, Service, is_problem, send, serving

Pair = tuple[Service, Service]

names = st.sampled_from(
    [
        "profile",
        "title",
        "placement",
        "canvas",
        "device",
        "country",
        "language",
        "maturity",
        "width",
        "deferred",
        "as",
        "as_",
        "titles",
        "query",
        "body",
    ]
)
odd = st.sampled_from(
    [
        *("", "x" * 129, "x" * 64, "9" * 400),
        *[
            "0",
            "-1",
            "1e999",
            "NaN",
            "inf",
            "1.0",
            "true",
            "yes",
            "null",
            "+",
            "a+b",
            "[]",
            "[1]",
            "16:9",
            "2:3",
            "1:1",
            "4:3",
            "641",
            "DE",
            "de-DE",
            "de_DE",
            "tv",
            "countdown",
            "Countdown",
            "nothing",
        ],
        *[
            "%",
            "%zz",
            "%00",
            "%ff%fe",
            "%F0%9F%98%80",
            "%ED%A0%80",
            "a%2Bb",
            "16%3A9",
            "image",
            "json",
            "row",
            "hero",
            "a;b",
            "a=b",
        ],
    ]
)
values = st.one_of(
    odd,
    st.text(max_size=20).map(lambda text: quote(text, errors="replace")),
    st.binary(max_size=8).map(quote_from_bytes),
)
pairs = st.lists(st.tuples(names, values).map("=".join), max_size=6)
sensible = st.sampled_from(["title=countdown", "title=countdown&profile=ada", "title=cosmos-laundromat", ""])
loose = st.binary(max_size=12).map(lambda raw: raw.decode("latin-1"))
queries = st.tuples(sensible, st.one_of(pairs, st.lists(loose, max_size=2))).map(
    lambda parts: "&".join([parts[0], *parts[1]]).encode("latin-1", errors="replace")
)
accepts = st.sampled_from(
    [
        *(b"", b"*/*", b"image/webp,*/*", b"image/", b"\xff", b"application/json", b"text/html,image/webp"),
        *(b"image/avif", b"image/avif;q=0,image/*", b"application/json,image/avif", b"image/png", b",;q=,;"),
        b"image/avif," * 200,
    ]
)


@pytest.fixture
async def both(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Pair]:
    """One service with the lane and one without."""
    async with (
        serving(tmp_path / "lane", catalogue) as lane,
        serving(tmp_path / "plain", catalogue, lane=False) as plain,
    ):
        yield lane, plain


def shape(answer: Answer) -> Any:
    """Return what two services have to have in common: nothing that hangs on a draw, but each rendition."""
    shared = {"content-type", "cache-control", "vary", "x-artwork-made", "x-ignored"}
    headers = {name: value for name, value in answer.headers.items() if name in shared}
    body: Any = json.loads(answer.body) if answer.body else None
    if answer.status == 200:
        image = {**body["image"], "url": rendition(body["image"]["url"])}
        body = {name: type(value).__name__ for name, value in body.items()} | {"title": body["title"]}
        body |= {name: image[name] for name in ("url", "width", "height", "made", "creator", "licence")}
    if answer.status == 302:
        body = rendition(answer.headers["location"])
    return answer.status, headers, sorted(answer.headers), body


def rendition(url: str) -> str:
    """Return an address without the digest: width and format."""
    return url.rpartition("-")[2]


@settings(max_examples=300)
@given(query=queries, accept=accepts)
@example(query=b"title=countdown&title=nothing", accept=b"")
@example(query=b"title=nothing&title=countdown", accept=b"")
@example(query=b"title=countdown&profile=ada&profile=", accept=b"")
@example(query=b"title=countdown&width=1&width=0", accept=b"")
@example(query=b"title=countdown&as=image&as=json", accept=b"image/webp")
@example(query=b"title=countdown&profile=%00", accept=b"")
@example(query=b"title=countdown&profile=\xff", accept=b"")
@example(query=b"title=countdown&profile=%ff", accept=b"")
@example(query=b"&&=&title=countdown&", accept=b"")
@example(query=b"title", accept=b"")
@example(query=b"", accept=b"")
async def test_lane_and_route_say_the_same_to_the_same(both: Pair, query: bytes, accept: bytes) -> None:
    headers = [(b"host", b"localhost"), (b"accept", accept), (b"x-request-id", b"same")]
    lane, plain = [
        shape(await send(service.app, "GET", "/artwork", query=query, headers=headers)) for service in both
    ]
    assert lane == plain
    assert lane[0] < 500


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (b"title=nothing&title=countdown", 200),
        (b"title=countdown&title=nothing", 404),
        (b"title=countdown&width=0&width=1", 200),
        (b"title=countdown&width=1&width=0", 200),
    ],
)
async def test_of_a_repeated_parameter_the_last_counts(both: Pair, query: bytes, status: int) -> None:
    for service in both:
        assert (await send(service.app, "GET", "/artwork", query=query)).status == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_another_method_is_refused_by_both_and_told_what_is_allowed(both: Pair, method: str) -> None:
    for service in both:
        answer = await send(service.app, method, "/artwork", query=b"title=countdown")
        is_problem(answer, 405)
        assert answer.headers["allow"] == "GET, HEAD, POST"


async def test_several_lines_of_accept_are_one_list_to_both(both: Pair) -> None:
    headers = [(b"host", b"localhost"), (b"accept", b"application/json"), (b"accept", b"image/avif")]
    for service in both:
        answer = await send(service.app, "GET", "/artwork", query=b"title=countdown", headers=headers)
        assert rendition(answer.json()["image"]["url"]) == "640.avif"


async def test_a_prefetch_is_deferred_by_both(both: Pair) -> None:
    headers = [(b"host", b"localhost"), (b"sec-purpose", b"prefetch;anonymous-client-ip")]
    for service in both:
        answer = await send(
            service.app, "GET", "/artwork", query=b"title=countdown&deferred=false", headers=headers
        )
        record = await service.http.get(f"/decisions/{answer.json()['decision_id']}", headers=ADMIN)
        assert record.json()["deferred"]


async def test_pages_of_allowed_origins_may_read_what_either_answers(tmp_path: Path, catalogue: Catalogue) -> None:
    origin = [(b"host", b"localhost"), (b"origin", b"https://shop.example")]
    for lane in (True, False):
        async with serving(
            tmp_path / str(lane), catalogue, lane=lane, cors_origins="https://shop.example, https://other.example"
        ) as service:
            answer = await send(service.app, "GET", "/artwork", query=b"title=countdown", headers=origin)
            assert answer.headers["access-control-allow-origin"] == "https://shop.example"
            assert (
                answer.headers["access-control-expose-headers"]
                == "X-Artwork-Made, X-Decision-Id, X-Ignored, X-Request-Id"
            )
            assert answer.headers["vary"] == "Accept, Origin"
            refusal = await send(
                service.app, "POST", "/clicks", headers=[*origin, (b"content-length", b"9999999")]
            )
            is_problem(refusal, 413)
            assert refusal.headers["access-control-allow-origin"] == "https://shop.example"
            stranger = [(b"host", b"localhost"), (b"origin", b"https://evil.example")]
            answer = await send(service.app, "GET", "/artwork", query=b"title=countdown", headers=stranger)
            assert "access-control-allow-origin" not in answer.headers


async def test_a_preflight_is_answered_before_either_and_a_stranger_is_told_in_a_problem(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    wish = (b"access-control-request-method", b"PATCH")
    async with serving(tmp_path, catalogue, cors_origins="https://shop.example") as service:
        headers = [(b"host", b"localhost"), (b"origin", b"https://shop.example"), wish]
        answer = await send(service.app, "OPTIONS", "/artwork", headers=headers)
        assert answer.status == 200
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        assert answer.headers["x-request-id"]
        headers[1] = (b"origin", b"https://evil.example")
        is_problem(await send(service.app, "OPTIONS", "/artwork", headers=headers), 403)
