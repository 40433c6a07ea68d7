"""One worker: uvicorn on a socket that the supervisor opened."""

import socket

import uvicorn

from app.main import create_app
from app.settings import Settings

KEEP_ALIVE_SECONDS = 75
"""After so long an idle connection is closed: longer than proxies keep theirs, docs/examples/ has 60 s.

Else they send a request just when it is closed here, and the viewer gets a 502.
"""


def serve(settings: Settings, listener: socket.socket) -> None:
    """Answer requests on `listener` until SIGTERM or SIGINT, then those in flight."""
    uvicorn.Server(configured(settings)).run(sockets=[listener])


def configured(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(settings),
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        backlog=2048,
    )
