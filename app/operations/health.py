"""Whether the service is ready, and whether a trainer works, each told in a sentence."""

import http.client
import json
import re
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.store.protocol import State  # which brings much that asking a service does not need

HOST, PORT = "127.0.0.1", 8000
LAST_PORT = 65535
PATIENCE_SECONDS = 2.0


class Unwell(Exception):
    """A fault, and its remedy."""


def address_in(environment: Mapping[str, str]) -> tuple[str, int] | None:
    """Return the address in the settings, without the cost of reading them all; None if only they can tell.

    It is what `Settings` says. A test compares the two.
    """
    given = {name.upper(): value for name, value in environment.items() if value}
    host, port = given.get("KEYART_HOST", HOST), given.get("KEYART_PORT", str(PORT))
    plain = re.fullmatch(r"[0-9]{1,5}", port, re.ASCII) and int(port) <= LAST_PORT
    return (host, int(port)) if plain else None


def of_service(host: str, port: int) -> str:
    """Ask a service of this machine whether it is ready. Raises `Unwell`."""
    where = address_of(host, port)
    try:
        status, said = _readiness(reachable(host), port)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise Unwell(f"No Keyart answers at {where} ({reason}); start it, or set KEYART_PORT.") from error
    if status != http.client.OK:
        raise Unwell(f"{where} makes no decisions. {said.get('detail', '')}".rstrip())
    has, log = f"it has a catalogue and snapshot {said.get('snapshot')}", said.get("log")
    return f"{where} is ready: {has}; the log is at position {log}."


async def of_trainer(state: "State", now: int) -> str:
    """Look whether a trainer leads; it may be any trainer. Raises `Unwell`.

    A trainer renews the lease more than twice before it runs out, unless the trainer hangs or is gone.
    """
    lease = await state.lease()
    if lease is None:
        raise Unwell("No trainer leads; if none starts within seconds, run `keyart train`.")
    if not lease.lasts(now):
        ago = abs(now - lease.until) / 1000
        raise Unwell(
            f"The lease of {lease.holder} ran out {ago:.0f} s ago: this trainer hangs or is gone; start it again."
        )
    return f"A trainer leads: {lease.holder}."


def is_ready(host: str, port: int) -> bool:
    try:
        of_service(host, port)
    except Unwell:
        return False
    return True


def reachable(host: str) -> str:
    """Return the address at which this machine reaches a program that listens on `host`."""
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  compared, not bound


def address_of(host: str, port: int) -> str:
    """Return the address at which this machine reaches a service that listens on `host`."""
    here = reachable(host)
    return f"http://[{here}]:{port}" if ":" in here else f"http://{here}:{port}"


def _readiness(host: str, port: int) -> tuple[int, dict[str, object]]:
    with closing(http.client.HTTPConnection(host, port, timeout=PATIENCE_SECONDS)) as connection:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        said = json.loads(response.read())
        return response.status, said if isinstance(said, dict) else {}
