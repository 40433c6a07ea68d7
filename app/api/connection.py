"""One HTTP connection: uvicorn's own, with bounds on the time and memory that its client may take."""

import asyncio
from types import SimpleNamespace
from typing import Any, Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from app.api.connections import Connections
from app.api.gate import UPLOADS, new_id
from app.api.problems import MEDIA_TYPE, Problem, problem_body

LINGER_SECONDS = 2.0
"""How long the rest of a refused request is read and dropped, so that the client can read the refusal."""
LENGTHS = (b"content-length", b"transfer-encoding")
MALFORMED = Problem(400, "This is not HTTP/1.1; send the request as RFC 9112 says.")
SLOW = Problem(408, "The request arrives too slowly; send it again over a better connection.")
BUSY = Problem(
    503, "There are too many connections or requests; try again in 1 second.", headers={"Retry-After": "1"}
)
_NONE: Any = SimpleNamespace(scope=None, more_body=False, response_complete=True, message_event=asyncio.Event())
"""Represents the cycle of a connection before its first request; it has the attributes that are read."""


class _RefusedError(Exception):
    """Stops the parser, which turns each exception of a callback into its own error."""


class _Deaf:
    """Replaces the parser when no further request gets an answer."""

    def feed_data(self, data: bytes) -> None:
        """Drop the data."""


class _Rest:
    """Takes one body from a second parser, after the first one has read the head."""

    def __init__(self, connection: "Connection"):
        self._connection = connection
        self._whole = False

    def on_body(self, body: bytes) -> None:
        if not self._whole:
            self._connection.on_body(body)

    def on_message_complete(self) -> None:
        if not self._whole:
            self._whole = True
            self._connection.on_message_complete()
            self._connection.listen_no_more()


class Connection(HttpToolsProtocol):
    """A connection. It is on the hot path: a request that comes in one piece sets attributes, and no timer."""

    def __init__(
        self,
        together: Connections,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: Any = None,  # noqa: ANN401  as uvicorn passes it
    ):
        super().__init__(config, server_state, app_state, _loop)
        self.cycle = _NONE
        self._together: Final = together
        self._limits: Final = together.limits
        self._heard = self._quiet = self._begun = 0.0
        self._message: object = None
        """The scope of the message that has come in part: `_begun` and `_received` belong to it."""
        self._received = 0
        self._most_bytes, self._most_lines = self._limits.head_bytes, self._limits.fields
        self._spare = self._most_bytes
        """Bytes that may still come before the head is complete, or before the body continues."""
        self._large = self._went_on = self._held = False
        self._fault = MALFORMED, "malformed"
        self._reads: tuple[float, int] | None = None
        """The time when the client last read something, and the number of bytes that were left then."""
        self._deaf = False
        self._closes: float | None = None

    # ------------------------------------------------------------ called by uvicorn and the parser

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  as uvicorn types it
        super().connection_made(transport)
        self._quiet = self._heard = self.loop.time()
        self._together.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._together.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._heard = self.loop.time()
        self._large = len(data) > self._spare
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._ignore_upgrade(data[upgrade.args[0] :])
        except HttpParserError:
            self._refuse(*self._fault)
        else:
            cycle = self.cycle
            if cycle.more_body or cycle.scope is not self.scope or self.pipeline:
                self._take_part(len(data))

    def on_headers_complete(self) -> None:
        if self._large or len(self.headers) > self._most_lines:
            self._check_head()
        if self.pipeline and len(self.pipeline) >= self._limits.pipelined:
            self._fault = BUSY, "pipelined"
            raise _RefusedError
        super().on_headers_complete()
        self._spare = self._most_bytes
        self.headers = []  # a trailer, which may follow the body, is no header of the request

    def on_body(self, body: bytes) -> None:
        self._went_on = True
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Continue as uvicorn does, but without its timer for each answer: the sweep closes idle connections."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self._quiet = self.loop.time()
        self._reads = None
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._held:
            self._held = False
            self._together.received.drop(self)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._together.unread.set(self, self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        super().resume_writing()
        self._reads = None

    def shutdown(self) -> None:
        if self._closes is not None:
            self.transport.close()
        super().shutdown()

    # ------------------------------------------------------------ what comes in

    def _in_head(self) -> bool:
        return self.cycle.scope is not self.scope

    def _in_hand(self) -> bool:
        return not self.cycle.response_complete

    def _awaits_body(self) -> bool:
        return self._in_hand() and self.cycle.more_body and not self.flow.read_paused

    def _check_head(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + len(b": \r\n") for name, value in self.headers)
        if size > self._limits.head_bytes or len(self.headers) > self._limits.fields:
            self._fault = self._oversized()
            raise _RefusedError

    def _oversized(self) -> tuple[Problem, str]:
        limits = self._limits
        sentence = f"The headers have more than {limits.head_bytes} bytes or {limits.fields} lines; send fewer."
        return Problem(431, sentence), "oversized"

    def _take_part(self, size: int) -> None:
        """Note that a message has come in part: when it began, and how many of its bytes are kept."""
        if self._message is not self.scope:
            self._message, self._begun, self._received = self.scope, self._heard, 0
            self._spare = self._most_bytes
        self._received += size
        self._spare = self._most_bytes if self._went_on else self._spare - size
        self._went_on = False
        if self._spare < 0 or len(self.headers) > self._most_lines:
            self._refuse(*self._oversized())
        elif self._in_head() or (self._in_hand() and not self._goes_to_disk()):
            self._held = True
            self._together.received.add(self, size)

    def _goes_to_disk(self) -> bool:
        return self.scope["method"] == "POST" and UPLOADS.fullmatch(self.scope["path"]) is not None

    def _ignore_upgrade(self, rest: bytes) -> None:
        """Answer as if no other protocol had been asked for, and then close.

        The parser takes all bytes after the head for the other protocol. A second parser reads the body in them.
        """
        self.cycle.keep_alive = False
        framing = [b"%s: %s\r\n" % header for header in self.cycle.scope["headers"] if header[0] in LENGTHS]
        if not framing:
            self.listen_no_more()
            return
        self.cycle.more_body = True
        self.cycle.message_event.clear()
        self.parser = HttpRequestParser(_Rest(self))
        self.data_received(b"POST / HTTP/1.1\r\n%s\r\n%s" % (b"".join(framing), rest))

    def listen_no_more(self) -> None:
        """Answer the requests that have come, and drop all further bytes."""
        self._deaf = True
        self.parser = _Deaf()  # type: ignore[assignment]  # feed_data is all that is called of it from now on

    # ------------------------------------------------------------ how it ends

    def quiet_since(self) -> float | None:
        if self._closes is not None:
            return 0.0
        if self._reads is not None:
            return self._reads[0]
        if self._awaits_body():
            return min(self._heard, self._begun + self._received / self._limits.body_rate)
        if self._in_hand():
            return None
        return self._begun if self._in_head() else self._quiet

    def look(self, now: float) -> int:
        size = self.transport.get_write_buffer_size()
        if self._reads_slowly(now, size):
            self.end("unread")
            return 0
        if self._closes is not None:
            if now >= self._closes:
                self._close()
        elif not self.transport.is_closing() and not self._deaf:
            self._look_at_request(now)
        return size

    def _reads_slowly(self, now: float, size: int) -> bool:
        if size and self._reads:
            since, left = self._reads
            if left - size < self._limits.unread_rate * (now - since):
                return now - since > self._limits.unread_seconds
        self._reads = (now, size) if size else None
        return False

    def _look_at_request(self, now: float) -> None:
        if self._in_head() and not self.flow.read_paused:
            if now - self._begun > self._limits.head_seconds:
                self._refuse(SLOW, "slow_head")
        elif self._awaits_body():
            whole = self._limits.body_seconds + self._received / self._limits.body_rate
            if now - self._heard > self._limits.body_seconds or now - self._begun > whole:
                self._refuse(SLOW, "slow_body")
        elif self._in_hand():
            self._heard = self._begun = now  # it is we who are slow
        elif now - self._quiet > self._limits.idle_seconds:
            self._close()

    def end(self, reason: str) -> None:
        if self._closes is not None or self._deaf or self._reads is not None:
            self._together.count(reason)
            self._abort()
        elif reason == "evicted" and not (self._in_head() or self._in_hand()):
            self._together.count(reason)
            self._close()
        else:
            self._refuse(BUSY, reason, linger=0.0)

    def _refuse(self, problem: Problem, reason: str, *, linger: float = LINGER_SECONDS) -> None:
        """Answer with this problem, and do not answer anything that comes later."""
        self.listen_no_more()
        self._together.count(reason)
        if not self._in_hand():
            self._say(problem, linger)
        elif self.cycle.more_body and not (self._in_head() or self.cycle.response_started or self.pipeline):
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self._say(problem, linger)
        elif (self.cycle.more_body and not self._in_head()) or reason == "hoarding":
            self._abort()
        else:  # what is at fault comes after requests that are still to be answered
            self.cycle.keep_alive = False

    def _say(self, problem: Problem, linger: float) -> None:
        body = problem_body(problem.status, problem.sentence, problem.members)
        headers = [
            *self.server_state.default_headers,
            *((name.lower().encode(), value.encode()) for name, value in problem.extra_headers.items()),
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
            (b"x-request-id", new_id()),
        ]
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        self.transport.write(b"%s%s\r\n%s" % (STATUS_LINE[problem.status], lines, body))
        if linger:
            self._closes = self.loop.time() + linger
            self.transport.write_eof()
        else:
            self._close()

    def _close(self) -> None:
        self._together.release(self)
        self.transport.close()

    def _abort(self) -> None:
        self._together.release(self)
        self.transport.abort()
