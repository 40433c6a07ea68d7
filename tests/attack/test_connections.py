"""Clients that keep a worker waiting: slow, silent, too many, or with too much at a time."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.api.service import PROBLEM, Answer
from tests.attack.worker import GET, KEY, Client, Worker, request, working
from tests.e2e.service import until

CLICKS = request("POST", "/clicks", b"Content-Length: 1000000")
CHUNKED = request("POST", "/clicks", b"Transfer-Encoding: chunked")
MANY = 60
Start = Callable[..., AbstractContextManager[Worker]]


@pytest.fixture
def start(tmp_path: Path, plain_log: None) -> Start:
    return partial(working, tmp_path)


def is_problem(answer: Answer, status: int) -> Any:
    problem = answer.json()
    assert answer.status == problem["status"] == status
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["x-request-id"]
    assert problem["detail"].endswith(".")
    return problem


# ---------------------------------------------------------------- too slow


@pytest.mark.parametrize("part", [b"G", b"GET /healthz HTTP/1.1\r\nHost: local", GET[:-2]])
def test_a_head_that_does_not_come_to_its_end_is_refused(start: Start, part: bytes) -> None:
    with start(head_seconds=0.2) as worker:
        client = worker.client(part)
        is_problem(client.answer(), 408)
        assert client.ended()
        assert worker.ended("slow_head")


def test_a_head_that_comes_byte_by_byte_has_no_more_time(start: Start) -> None:
    with start(head_seconds=0.3) as worker:
        client = worker.client(b"GET /healthz HTTP/1.1\r\nX: ")
        before = worker.ended("slow_head")
        until("the trickle is cut", lambda: _trickle(client, b"a") and worker.ended("slow_head") > before)
        is_problem(client.answer(), 408)


def _trickle(client: Client, data: bytes) -> bool:
    """Send a little, unless it is refused already."""
    with suppress(ConnectionError):
        client.send(data)
    return True


@pytest.mark.parametrize("head", [CLICKS, CHUNKED])
def test_a_body_that_does_not_come_is_refused(start: Start, head: bytes) -> None:
    with start(body_seconds=0.2) as worker:
        client = worker.client(head)
        is_problem(client.answer(), 408)
        assert client.ended()
        assert worker.ended("slow_body")


def test_a_body_that_comes_too_slowly_is_refused_though_it_never_rests(start: Start) -> None:
    with start(body_seconds=0.5, body_rate=10**9) as worker:
        client = worker.client(CLICKS)
        before = worker.ended("slow_body")
        until("the trickle is cut", lambda: _trickle(client, b" ") and worker.ended("slow_body") > before)
        is_problem(client.answer(), 408)


def test_a_body_in_parts_is_taken(start: Start) -> None:
    with start() as worker:
        client = worker.client(CHUNKED)
        for part in (b"1\r\n[\r\n", b"1;name=value\r\n]\r", b"\n0\r\n", b"X-Trailer: a\r\n\r\n"):
            client.send(part)
            worker.get()  # the part is read by now
        assert "empty" in is_problem(client.answer(), 422)["detail"]
        assert client.send(GET).answer().status == 200


def test_a_silent_connection_is_closed_without_a_word(start: Start) -> None:
    with start(idle_seconds=1) as worker:
        assert worker.client().ended()
        asked = worker.client(GET)
        assert asked.answer().status == 200
        assert asked.ended()


def test_empty_lines_do_not_keep_a_connection_open(start: Start) -> None:
    with start(idle_seconds=1) as worker:
        client = worker.client(GET)
        client.answer()
        until("it is closed", lambda: _trickle(client, b"\r\n") and len(worker.together) == 0)


def test_an_answer_that_nobody_reads_is_not_kept_for_ever(start: Start) -> None:
    with start(unread_seconds=0.5) as worker:
        before, whole = worker.ended("unread"), worker.get("/openapi.json").body
        client = worker.client(request("GET", "/openapi.json"), receive_buffer=4096)
        until("it is ended", lambda: worker.ended("unread") > before)
        assert len(client.read_all()) < len(whole)


# ---------------------------------------------------------------- too much


def test_a_head_of_too_many_bytes_is_refused(start: Start) -> None:
    with start(head_bytes=4096) as worker:
        whole = request("GET", "/healthz", b"X: " + b"a" * 4096)
        assert "4096 bytes" in is_problem(worker.client(whole).answer(), 431)["detail"]
        assert worker.client(request("GET", "/healthz", b"X: " + b"a" * 3900)).answer().status == 200
        in_parts = worker.client(whole[:3000])
        worker.get()
        is_problem(in_parts.send(whole[3000:]).answer(), 431)
        never_ending = worker.client(b"GET /" + b"a" * 3000)
        worker.get()
        is_problem(never_ending.send(b"a" * 2000).answer(), 431)
        assert worker.ended("oversized")


def test_a_head_of_too_many_lines_is_refused(start: Start) -> None:
    lines = [b"X: a"] * 100
    with start() as worker:
        assert worker.client(request("GET", "/healthz", *lines[:-1])).answer().status == 200
        is_problem(worker.client(request("GET", "/healthz", *lines)).answer(), 431)
        is_problem(worker.client(request("GET", "/healthz", *lines, b"X: a")[:-2]).answer(), 431)


def test_a_trailer_is_no_header(start: Start) -> None:
    chunks = b"2\r\n{}\r\n0\r\nAuthorization: Bearer %s\r\n\r\n" % KEY.encode()
    json = b"Content-Type: application/json"
    with start() as worker:
        head = request("PUT", "/titles/countdown", json, b"Transfer-Encoding: chunked")
        is_problem(worker.client(head + chunks).answer(), 401)


@pytest.mark.parametrize("trailer", [b"X: " + b"a" * 5000, b"X: a\r\n" * 200])
def test_a_trailer_without_an_end_is_refused(start: Start, trailer: bytes) -> None:
    with start(head_bytes=4096) as worker:
        client = worker.client(CHUNKED + b"2\r\n[]\r\n0\r\n")
        worker.get()
        is_problem(client.send(trailer).answer(), 431)


def test_bodies_that_come_in_part_are_bounded_together_and_a_small_one_is_taken(start: Start) -> None:
    with start(received_bytes=1 << 20) as worker:
        before = worker.ended("hoarding")
        hoarders = [worker.client(CLICKS + b" " * 90_000) for _ in range(30)]
        until("there are too many", lambda: worker.ended("hoarding") >= before + 19)
        is_problem(worker.client(request("POST", "/clicks", body=b"[]")).answer(), 422)
        refused = hoarders[0].answer()
        is_problem(refused, 503)
        assert refused.headers["retry-after"]


def test_bodies_that_were_read_count_no_more(start: Start) -> None:
    body = b"[" + b" " * 500_000 + b"]"
    with start(received_bytes=1 << 20) as worker:
        before = worker.ended("hoarding")
        client = worker.client()
        for _ in range(10):
            is_problem(client.send(request("POST", "/clicks", body=body)).answer(), 422)
        assert worker.ended("hoarding") == before


def test_answers_that_nobody_reads_are_bounded_together(start: Start) -> None:
    with start(unread_bytes=200_000) as worker:
        before = worker.ended("unread")
        for _ in range(30):
            worker.client(request("GET", "/openapi.json"), receive_buffer=4096)
        until("the greatest are ended", lambda: worker.ended("unread") > before)
        assert worker.get("/openapi.json").status == 200


def test_of_a_flood_of_requests_on_one_connection_the_first_are_answered(start: Start) -> None:
    with start(pipelined=4) as worker:
        client = worker.client(GET * 100)
        assert [client.answer().status for _ in range(5)] == [200] * 5
        assert client.ended()
        assert worker.ended("pipelined")
        assert [worker.client(GET * 4).answer().status for _ in range(4)] == [200] * 4


# ---------------------------------------------------------------- too many


@pytest.mark.parametrize(
    "sent", [b"", GET[:-2], CLICKS, CLICKS + b" " * 900], ids=["idle", "head", "body", "part"]
)
def test_others_are_answered_while_a_crowd_of_connections_waits(start: Start, sent: bytes) -> None:
    with start(connections=20) as worker:
        before = worker.ended("evicted")
        for _ in range(MANY):
            worker.client(sent)
        until("the longest waiting are ended", lambda: worker.ended("evicted") >= before + MANY - 20)
        assert worker.get().status == 200
        assert len(worker.together) <= 20


def test_a_body_that_goes_on_is_not_ended_for_others_that_wait(start: Start) -> None:
    with start(connections=20) as worker:
        client = worker.client(request("POST", "/clicks", b"Content-Length: 40000"))
        for _ in range(40):
            client.send(b" " * 1000)
            worker.get()  # it is read by now
            worker.client()
        is_problem(client.answer(), 422)
        assert worker.ended("evicted")


def test_where_all_requests_are_in_hand_another_connection_is_refused(start: Start) -> None:
    change = request(
        "PUT", "/profiles?profile=ada", b"Authorization: Bearer " + KEY.encode(), body=b'{"personalize": true}'
    ).replace(b"Host:", b"Content-Type: application/json\r\nHost:")
    with start(connections=2) as worker:
        with closing(sqlite3.connect(worker.data / "log.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = [worker.client(change) for _ in range(2)]
            until("both are in hand", lambda: len(worker.server.server_state.tasks) == 2)
            refused = worker.client().answer()
            other.execute("ROLLBACK")
        is_problem(refused, 503)
        assert [each.answer().status for each in waiting] == [200, 200]
        assert worker.ended("refused")


# ---------------------------------------------------------------- not HTTP/1.1


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\n\r\n"]
)
def test_another_protocol_is_refused_with_a_problem(start: Start, sent: bytes) -> None:
    with start() as worker:
        is_problem(worker.client(sent).answer(), 400)
        assert worker.ended("malformed")


@pytest.mark.parametrize("rest", [b"\x00", b"nonsense\r\n\r\n"])
def test_what_comes_before_nonsense_is_answered(start: Start, rest: bytes) -> None:
    with start() as worker:
        client = worker.client(GET + rest)
        assert client.answer().status == 200
        assert client.ended()


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
def test_an_upgrade_is_passed_over(start: Start, protocol: bytes) -> None:
    """Some clients ask for one with their first request, and send its body all the same."""
    asked = b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: " + protocol
    with start() as worker:
        client = worker.client(request("GET", "/healthz", *asked))
        assert (client.answer().status, client.ended()) == (200, True)
        late = worker.client(request("POST", "/clicks", *asked, b"Content-Length: 2"))
        worker.get()
        assert "empty" in is_problem(late.send(b"[]").answer(), 422)["detail"]
        chunked = worker.client(
            request("POST", "/clicks", *asked, b"Transfer-Encoding: chunked") + b"2\r\n[]\r\n0\r\n\r\n"
        )
        assert "empty" in is_problem(chunked.answer(), 422)["detail"]
        assert chunked.ended()
