"""A worker with the application and the connections that it serves."""

import socket
from collections.abc import Callable
from functools import partial

from app.api.connection import Connection
from app.api.connections import Connections, Limits
from app.processes.file_limit import for_connections, raise_limit
from app.processes.worker import Server
from app.settings import Settings
from app.wiring.app import create_app


def serve(settings: Settings, listener: socket.socket, beat: Callable[[], object] | None = None) -> None:
    """Answer requests on `listener` until SIGTERM or SIGINT, then those in flight.

    `beat` is called about once a second, as long as the event loop goes round.
    """
    most = min(Limits().connections, for_connections(raise_limit()))
    server_of(settings, Connections(Limits(connections=most)), beat).run(sockets=[listener])


def server_of(settings: Settings, together: Connections, beat: Callable[[], object] | None = None) -> Server:
    endings: list[Callable[[], object]] = []
    return Server(
        create_app(settings, endings=endings),
        connect=partial(Connection, together),
        sweep=together.sweep,
        idle_seconds=together.limits.idle_seconds,
        beat=beat,
        endings=endings,
    )
