"""What stands between a client and a service, and fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Flaky:
    """A proxy that answers the first calls itself, before or after it passes them on."""

    def __init__(self, app: ASGIApp, status: int, times: int, *, passing: bool = False, retry_after: str = "0"):
        self._app, self._status, self._passing = app, status, passing
        self._left, self._retry_after = times, retry_after
        self.calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        if self._left <= 0:
            await self._app(scope, receive, send)
            return
        self._left -= 1
        if self._passing:
            await self._app(scope, receive, _lose)
        answer = PlainTextResponse("no answer", self._status, headers={"Retry-After": self._retry_after})
        await answer(scope, receive, send)


async def _lose(message: Message) -> None:
    """Drop a part of an answer."""


@asynccontextmanager
async def hanging_up() -> AsyncIterator[tuple[str, list[int]]]:
    """Accept connections, read a call, and end the connection. The list has an entry for each call."""
    calls: list[int] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(1024):
            calls.append(1)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", calls
