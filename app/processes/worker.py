"""One worker: uvicorn on a socket that the supervisor opened."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import uvicorn

BACKLOG = 2048
SWEEP_TICKS, BEAT_TICKS = 5, 10
"""Numbers of uvicorn's ticks, which are 0.1 s apart."""
BEAT_SECONDS = 1.0


class Server(uvicorn.Server):
    """Serves an application, and checks the worker's connections while it runs."""

    def __init__(
        self,
        app: Callable[..., Any],
        *,
        connect: Callable[..., asyncio.Protocol],
        sweep: Callable[[float], object],
        idle_seconds: float,
        beat: Callable[[], object] | None = None,
        endings: Iterable[Callable[[], object]] = (),
    ):
        """Take the maker of a connection, and the check of all connections by the event loop's clock.

        `beat` is called about once a second, as long as the event loop runs. This includes the start of the
        application, which takes minutes with a great catalogue on a busy machine.
        When the worker is to end, it calls `endings` before it waits for the answers in flight.
        """
        self._sweep, self._beat, self._endings = sweep, beat, endings
        super().__init__(_configured(app, connect, idle_seconds))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        async with self._beating():
            await super().startup(sockets)

    async def on_tick(self, counter: int) -> bool:
        if counter % SWEEP_TICKS == 0:
            self._sweep(asyncio.get_running_loop().time())
        if self._beat and counter % BEAT_TICKS == 0:
            self._beat()
        return await super().on_tick(counter)

    @asynccontextmanager
    async def _beating(self) -> AsyncIterator[None]:
        beating = asyncio.create_task(self._beat_on())
        try:
            yield
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    async def _beat_on(self) -> None:
        while self._beat:
            self._beat()
            await asyncio.sleep(BEAT_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for end in self._endings:
            end()
        await super().shutdown(sockets)


def _configured(
    app: Callable[..., Any], connect: Callable[..., asyncio.Protocol], idle_seconds: float
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=cast("type[Any]", connect),  # uvicorn calls it and does nothing else with it
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=int(idle_seconds),
        backlog=BACKLOG,
    )
