"""Telling whoever started the service that it answers, and where."""

import http.client
import time
from contextlib import closing

from rich.console import Console

from app.supervisor import Supervisor

READY_SECONDS = 60.0


def announce(host: str, port: int, supervisor: Supervisor, console: Console) -> None:
    """Print the address once it answers with decisions."""
    host = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  compared, not bound
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and not supervisor.stopping:
        if _ready(host, port):
            console.print(f"Keyart serves http://{host}:{port} (docs at /docs); Ctrl-C stops it.", highlight=False)
            return
        time.sleep(0.1)
    if not supervisor.stopping:
        sentence = f"Not ready after {READY_SECONDS:.0f} s; the lines above, or /readyz, say why. Trying on."
        console.print(sentence, style="red", highlight=False)


def _ready(host: str, port: int) -> bool:
    try:
        with closing(http.client.HTTPConnection(host, port, timeout=2)) as connection:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.client.OK
    except OSError:
        return False
