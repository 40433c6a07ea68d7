"""`keyart serve`: a supervisor, and the workers and the trainer that it starts."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing
from functools import partial
from types import FrameType
from typing import Annotated, NoReturn, TextIO

import structlog
import typer

from app.commands.environment import make_folder, settings_for
from app.commands.own_learner import demand_learner
from app.commands.terminal import fail, say
from app.data_folder import DataFolder
from app.file_lock import taken
from app.operations.health import address_of, reachable
from app.operations.in_force import tell
from app.operations.sign_in import sign_in_path
from app.processes.file_limit import raise_limit
from app.processes.listener import PortError, listen
from app.processes.ready_message import announce
from app.processes.supervisor import Supervisor
from app.settings import Settings, link_in
from app.telemetry.metric_files import folder_of_service
from app.wiring.keys import KeyFileError, keys_of, make_admin_key
from app.wiring.stores import has_catalogue

log = structlog.get_logger()


def serve(
    *,
    samples: Annotated[bool, typer.Option(help="Import the sample catalogue if there is none.")] = True,
    trainer: Annotated[bool, typer.Option(help="Run a trainer, too. Without it, run `keyart train`.")] = True,
    history: Annotated[bool, typer.Option("--history", hidden=True)] = False,
    with_parent: Annotated[bool, typer.Option(help="End when the process that started this one ends.")] = False,
) -> None:
    """Answer requests and run a trainer, until Ctrl-C or SIGTERM.

    The first start makes the data folder and imports a sample catalogue.

    Examples:
        keyart serve
        KEYART_PRESET=demo keyart serve
        KEYART_DATA=/srv/keyart KEYART_WORKERS=4 keyart serve --no-samples
    """
    parent = os.getppid() if with_parent else None
    signal.signal(signal.SIGTERM, _end)
    settings = settings_for("supervisor")
    if link := link_in(os.environ):
        log.warning("port_ignored", was=link, port=settings.port)
    demand_learner(settings)
    make_folder(settings)
    is_first = not DataFolder(settings.data).log.exists()
    raise_limit()
    with closing(_lock(settings)) as lock, closing(_listener(settings)) as listener:
        port = listener.getsockname()[1]
        tell(lock, settings, port)
        key = _made_admin_key(settings)
        if not asyncio.run(has_catalogue(settings)) and samples:
            _import_samples(settings, history=is_first and trainer and settings.begins_with_samples)
        metrics = folder_of_service(settings.data)
        supervisor = Supervisor(listener, settings.workers, metrics, trainer=trainer, parent=parent)
        when_ready = partial(_begin, settings.host, port, key, history=history)
        supervisor.run(
            lambda: threading.Thread(
                target=announce, args=(settings.host, port, supervisor, say, when_ready), daemon=True
            ).start()
        )


def _begin(host: str, port: int, key: str, *, history: bool) -> None:
    """Print a link to the dashboard, and play the history.

    The link signs in anyone who reads it, so it is printed only on a terminal.
    """
    if sys.stderr.isatty() and (path := sign_in_path(reachable(host), port, key)):
        say(f"Dashboard: {address_of(host, port)}{path} signs one browser in, within five minutes.")
    if history:
        _play_history(reachable(host), port)


def _play_history(host: str, port: int) -> None:
    """Let the sample viewers come once, in a process that ends with this one, and wait for its end."""
    command = [sys.executable, "-P", "-m", "app", "history", "--url", f"http://{host}:{port}"]
    subprocess.run([*command, "--parent", str(os.getpid())], stdin=subprocess.DEVNULL, check=False)  # noqa: S603  our own


def _import_samples(settings: Settings, *, history: bool) -> NoReturn:
    """Import the sample catalogue, and execute the same command again, which frees the memory of the import."""
    from app.commands.import_ import import_samples

    import_samples(settings)
    options = ["--no-samples", *(["--history"] if history else [])]
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:], *options])  # noqa: S606  our own


def _end(_: int, __: FrameType | None) -> NoReturn:
    """End during the sample import. The first process of a container ends by a signal only if it handles it."""
    raise SystemExit(0)


def _lock(settings: Settings) -> TextIO:
    """Make sure that only one service uses the data folder; the lock ends with the process."""
    handle = taken(DataFolder(settings.data).service_lock)
    if handle is None:
        raise fail(f"Another keyart serves {settings.data.resolve()}; stop it, or set KEYART_DATA.")
    return os.fdopen(handle, "r+")


def _made_admin_key(settings: Settings) -> str:
    make_admin_key(settings)
    try:
        return keys_of(settings)["admin"]
    except KeyFileError as error:
        raise fail(str(error)) from None


def _listener(settings: Settings) -> socket.socket:
    try:
        return listen(settings.host, settings.port)
    except PortError as refusal:
        raise fail(str(refusal)) from None
