"""The service: whether its port is free or it answers there, and whether it is ready."""

import errno
import socket
from collections.abc import Iterator
from contextlib import closing
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any

import httpx2

from app.clock import now_ms
from app.operations.doctor import clock
from app.operations.doctor.finding import Finding, finding, first
from app.operations.doctor.observed import Observed
from app.operations.health import address_of

SECONDS = 5.0


def findings(seen: Observed, url: str | None) -> Iterator[Finding]:
    """Look at the service that is named, or else at the one that these settings make or have made."""
    if url is None and seen.settings.port == 0:
        yield first({"service-somewhere": seen.running, "port-any": True})
        return
    address = url or address_of(seen.settings.host, seen.settings.port)
    with httpx2.Client(base_url=address, timeout=SECONDS, trust_env=False) as client:
        try:
            answer = client.get("/healthz")
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            yield _silent(seen, address, error, asked=url is not None)
            return
        is_keyart = answer.is_success and _json(answer) == {"status": "ok"}
        yield first({"service-answers": is_keyart, "port-stranger": True}, address=address)
        if is_keyart:
            yield _ready(client)
            yield from _version(client)
            if date := answer.headers.get("date"):
                yield clock.apart(parsedate_to_datetime(date).timestamp() - now_ms() / 1000 + 0.5)


def _silent(seen: Observed, address: str, error: Exception, *, asked: bool) -> Finding:
    if asked or seen.running:
        return first({"service-absent": asked, "service-mute": True}, address=address, error=error)
    return port(seen.settings.host, seen.settings.port)


def port(host: str, number: int) -> Finding:
    """Bind the port briefly, without listening, to test whether it is free."""
    try:
        with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, number))
    except OSError as error:
        reasons = {errno.EADDRINUSE: "port-taken", errno.EACCES: "port-forbidden"}
        name = reasons.get(error.errno or 0, "port-elsewhere")
        return finding(name, host=host, port=number, reason=error.strerror or error)
    return finding("port-free", host=host, port=number)


def _json(answer: httpx2.Response) -> Any:  # noqa: ANN401  whatever somebody answers
    try:
        return answer.json()
    except ValueError:
        return None


def _ready(client: httpx2.Client) -> Finding:
    answer = client.get("/readyz")
    found = _json(answer)
    detail = found.get("detail") if isinstance(found, dict) else None
    conditions = {"service-ready": answer.is_success, "service-not-ready": True}
    return first(conditions, detail=detail or answer.status_code)


def _version(client: httpx2.Client) -> Iterator[Finding]:
    found, here = _json(client.get("/openapi.json")), version("keyart")
    there = found.get("info", {}).get("version") if isinstance(found, dict) else None
    if there and there != here:
        yield finding("service-other-version", there=there, here=here)
