"""The service: whether its port is free or it answers there, and whether it is ready."""

import errno
import socket
from collections.abc import Iterator
from contextlib import closing
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from app.clock import now_ms
from app.operations.doctor import clock
from app.operations.doctor.finding import Finding, note, ok, wrong
from app.operations.health import reachable
from app.settings import Settings

SECONDS = 5.0


def findings(settings: Settings, version: str, *, running: bool, url: str | None) -> Iterator[Finding]:
    """Look at the service that is named, or else at the one that these settings make or have made."""
    if url is None and settings.port == 0:
        yield _somewhere(running=running)
        return
    address = url or _address(settings)
    with httpx2.Client(base_url=address, timeout=SECONDS, trust_env=False) as client:
        try:
            answer = client.get("/healthz")
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            yield from _silent(settings, address, error, running=running, asked=url is not None)
            return
        if not _is_keyart(answer):
            yield wrong(
                "port",
                f"Something that is not Keyart answers at {address}.",
                "End it, or set KEYART_PORT to another port.",
            )
            return
        yield ok("port", f"Keyart answers at {address}.")
        yield from _ready(client)
        yield from _version(client, version)
        yield from _clock(answer)


def _somewhere(*, running: bool) -> Finding:
    if running:
        return note(
            "service",
            "A service runs on a port that was free.",
            "Name its address with --url, as it was told at start.",
        )
    return ok("port", "A free port is taken at start.")


def _address(settings: Settings) -> str:
    host = reachable(settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _silent(
    settings: Settings, address: str, error: Exception, *, running: bool, asked: bool
) -> Iterator[Finding]:
    if asked:
        yield wrong(
            "service", f"Nobody answers at {address}: {error}.", "Start the service there, or name its address."
        )
    elif running:
        yield wrong(
            "service",
            f"A service uses the data folder, and nobody answers at {address}.",
            "Wait if it has just begun to start; else look at its log, or name its address with --url.",
        )
    else:
        yield port(settings.host, settings.port)


def port(host: str, number: int) -> Finding:
    """Try whether the port could be listened on, for a moment and without listening."""
    try:
        with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, number))
    except OSError as error:
        remedies = {
            errno.EADDRINUSE: "End what listens there, or set KEYART_PORT to another port.",
            errno.EACCES: "Set KEYART_PORT to 1024 or more, and put a proxy in front.",
        }
        remedy = remedies.get(error.errno or 0, "Set KEYART_HOST to an address of this machine.")
        return wrong("port", f"{host}:{number} can't be listened on: {error.strerror or error}.", remedy)
    return ok("port", f"{host}:{number} is free.")


def _is_keyart(answer: httpx2.Response) -> bool:
    return answer.is_success and _json(answer) == {"status": "ok"}


def _json(answer: httpx2.Response) -> Any:  # noqa: ANN401  whatever somebody answers
    try:
        return answer.json()
    except ValueError:
        return None


def _ready(client: httpx2.Client) -> Iterator[Finding]:
    answer = client.get("/readyz")
    if answer.is_success:
        yield ok("service", "It is ready: it has a catalogue and a snapshot.")
        return
    found = _json(answer)
    detail = found.get("detail") if isinstance(found, dict) else None
    yield wrong(
        "service", f"It is not ready: {detail or answer.status_code}", "See the findings above, and its log."
    )


def _version(client: httpx2.Client, here: str) -> Iterator[Finding]:
    found = _json(client.get("/openapi.json"))
    there = found.get("info", {}).get("version") if isinstance(found, dict) else None
    if there and there != here:
        yield note(
            "version",
            f"The service is Keyart {there}, and this command is of {here}.",
            "Start the service again after an upgrade, or use the command that belongs to it.",
        )


def _clock(answer: httpx2.Response) -> Iterator[Finding]:
    date = answer.headers.get("date")
    if date:
        yield clock.apart(parsedate_to_datetime(date).timestamp() - now_ms() / 1000 + 0.5)
