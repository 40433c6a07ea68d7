"""The message that the service answers, with its address."""

import time
from collections.abc import Callable

from app.operations.health import is_ready, reachable
from app.processes.supervisor import Supervisor

READY_SECONDS = 60.0


def announce(
    host: str,
    port: int,
    supervisor: Supervisor,
    say: Callable[..., object],
    when_ready: Callable[[], object] | None = None,
) -> None:
    """Say where the service is as soon as it is ready, and then call `when_ready`."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and not supervisor.stopping:
        if is_ready(host, port):
            where = f"http://{reachable(host)}:{port}"
            say(f"Keyart serves {where} (docs at /docs); Ctrl-C stops it.")
            if when_ready:
                when_ready()
            return
        time.sleep(0.1)
    if not supervisor.stopping:
        say(
            f"Not ready after {READY_SECONDS:.0f} s; the lines above, or /readyz, say why. Keyart keeps trying.",
            style="red",
        )
