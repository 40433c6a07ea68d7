"""One worker: uvicorn on a socket that the supervisor opened."""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import uvicorn

from app.api.connection import Connection
from app.api.connections import Connections, Limits
from app.processes.file_limit import for_connections, raise_limit
from app.settings import Settings
from app.wiring.app import create_app

BACKLOG = 2048
SWEEP_TICKS, BEAT_TICKS = 5, 10
"""Of uvicorn's ticks, of which there are ten a second."""


def serve(settings: Settings, listener: socket.socket, beat: Callable[[], object] | None = None) -> None:
    """Answer requests on `listener` until SIGTERM or SIGINT, then those in flight.

    `beat` is called about once a second, as long as the event loop goes round.
    """
    limits = Limits()
    most = min(limits.connections, for_connections(raise_limit()))
    Server(settings, Limits(connections=most), beat).run(sockets=[listener])


class Server(uvicorn.Server):
    """It looks at the worker's connections while it runs."""

    def __init__(self, settings: Settings, limits: Limits, beat: Callable[[], object] | None = None):
        self.together = Connections(limits)
        self._beat = beat
        super().__init__(configured(settings, self.together))

    async def on_tick(self, counter: int) -> bool:
        if counter % SWEEP_TICKS == 0:
            self.together.sweep(asyncio.get_running_loop().time())
        if self._beat and counter % BEAT_TICKS == 0:
            self._beat()
        return await super().on_tick(counter)


def configured(settings: Settings, together: Connections) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(settings),
        loop="uvloop",
        http=cast("type[Any]", partial(Connection, together)),  # uvicorn calls it and does nothing else with it
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=int(together.limits.idle_seconds),
        backlog=BACKLOG,
    )
