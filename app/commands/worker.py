"""`keyart worker`: one of the processes that answer requests, as `keyart serve` starts them."""

import socket
from functools import partial
from typing import Annotated, Literal

import typer

from app.commands.environment import settings_for
from app.commands.parent import Parent
from app.processes.heartbeat import beat
from app.processes.parent_watch import end_with_parent
from app.telemetry.metrics import WORKERS_REPLACED
from app.wiring.worker import serve as serve_on


def worker(
    socket_: Annotated[int, typer.Option("--socket")],
    parent: Parent = None,
    heartbeat: Annotated[int | None, typer.Option()] = None,
    replaces: Annotated[Literal["ended", "hung"] | None, typer.Option()] = None,
) -> None:
    """Answer requests on an inherited socket."""
    if parent:
        end_with_parent(parent)
    if replaces:
        WORKERS_REPLACED.labels(replaces).inc()
    say_so = partial(beat, heartbeat) if heartbeat else None
    serve_on(settings_for("worker"), socket.socket(fileno=socket_), say_so)
