"""One worker: uvicorn on a socket that the supervisor opened."""

import socket

import uvicorn

from app.main import create_app
from app.settings import Settings


def serve(settings: Settings, listener: socket.socket) -> None:
    """Answer requests on `listener` until SIGTERM or SIGINT, then those in flight."""
    config = uvicorn.Config(
        create_app(settings),
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
        backlog=2048,
    )
    uvicorn.Server(config).run(sockets=[listener])
