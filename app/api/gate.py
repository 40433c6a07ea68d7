"""The gate, which every request passes: it gives an id, limits the body, counts, and always answers."""

import logging
import os
import re
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import Problem
from app.telemetry import metrics
from app.telemetry.logs import request_id
from assets.picture import LARGEST_FILE

log = structlog.get_logger()

MOST_BYTES = 1 << 20
MOST_UPLOADED = LARGEST_FILE + MOST_BYTES
"""Bytes of a picture and its description."""
UPLOADS = re.compile(r"/titles/[^/]+/artworks")
MOST_DIGITS = 16
LEFT = 499
"""The status that is counted if the client left before the answer: the service is not at fault."""
_ID = re.compile(rb"[A-Za-z0-9_.-]{1,64}")
_PROCESS = os.urandom(6).hex().encode()
_NUMBERS = count(1)


def new_id() -> bytes:
    return b"%s-%x" % (_PROCESS, next(_NUMBERS))


class Gate:
    """The outermost ASGI layer. It is on the hot path: nothing here may cost more than a microsecond or two.

    Refusals pass `around`, so that a page of another origin can read them, too.
    """

    def __init__(self, app: ASGIApp, around: Callable[[ASGIApp], ASGIApp] | None = None):
        self.app = app
        self._around = around
        lines = log.bind()  # the lazy logger looks its level up again for each line that it does not write
        self._log = lines if lines.is_enabled_for(logging.DEBUG) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        passing = _Passing(scope, receive, send)
        request_id.set(passing.id.decode())
        try:
            passing.check()
            await self.app(scope, passing.receive, passing.send)
        except Problem as problem:
            await passing.refuse(problem, self._around)
        except ClientDisconnect:
            passing.status = LEFT
        except Exception:
            log.exception("request_failed", path=scope["path"])
            await passing.refuse(failure(), self._around)
        finally:
            passing.count()
            if self._log is not None:
                passing.tell(self._log)


class _Passing:
    __slots__ = ("_hosts", "_left", "_length", "_receive", "_scope", "_send", "_started", "id", "read", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send):
        self._scope, self._receive, self._send = scope, receive, send
        self._started = time.perf_counter()
        self._hosts = 0
        self._length: bytes | None = None
        self.id = self._look() or new_id()
        self.read = 0
        self.status = 0
        self._left = False

    def _look(self) -> bytes | None:
        """Read all headers once, and return the id that the request has."""
        given = None
        for name, value in self._scope["headers"]:
            if name == b"host":
                self._hosts += 1
            elif name == b"content-length":
                self._length = value
            elif name == b"x-request-id" and _ID.fullmatch(value):
                given = bytes(value)
        return given

    def check(self) -> None:
        """Refuse a request that is too long, or that a proxy may take for another one (RFC 9112, section 3.2)."""
        if self._hosts > 1:
            raise Problem(400, f"The request has {self._hosts} Host lines; send one.")
        if self._length is not None:
            if not self._length.isdigit():
                raise Problem(
                    400, f"The Content-Length is {self._length!r}; send the body's size in bytes, in digits."
                )
            self._check(int(self._length[: MOST_DIGITS + 1]))  # of thousands of digits the first ones will do

    async def receive(self) -> Message:
        """Count the bytes of the body while it comes in: a chunked body does not give its length in advance."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._left = True
        self.read += len(message.get("body", b""))
        self._check(self.read)
        return message

    def _check(self, size: int) -> None:
        if size > MOST_BYTES and size > (most := self._most()):
            remedy = "export the picture smaller" if most == MOST_UPLOADED else "send it in smaller parts"
            raise Problem(413, f"The body has more than {most} bytes; {remedy}.")

    def _most(self) -> int:
        uploading = self._scope["method"] == "POST" and UPLOADS.fullmatch(self._scope["path"])
        return MOST_UPLOADED if uploading else MOST_BYTES

    def send(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = LEFT if self._left else message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self.id)]
        return self._send(message)  # a coroutine of its own would only wait for this one

    async def refuse(self, problem: Problem, around: Callable[[ASGIApp], ASGIApp] | None) -> None:
        if not self.status:
            answer: ASGIApp = problem.response()
            await (around(answer) if around else answer)(self._scope, self._receive, self.send)

    def count(self) -> None:
        metrics.answer_seconds(self._route(), self.status).observe(self._seconds())

    def tell(self, log: structlog.typing.FilteringBoundLogger) -> None:
        log.debug(
            "answered",
            method=self._scope["method"],
            route=self._route(),
            status=self.status,
            ms=round(self._seconds() * 1e3, 2),
        )

    def _route(self) -> str:
        route: Any = self._scope.get("route")
        return getattr(route, "path_format", None) or getattr(route, "path", None) or "other"

    def _seconds(self) -> float:
        return time.perf_counter() - self._started


def failure() -> Problem:
    return Problem(500, "The service failed; its log has the error under the X-Request-Id.")
