"""Commands that call a running service: the key, the call, and the sentence for its failure."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec

from app.commands.terminal import fail
from app.operations.health import address_of
from app.operations.in_force import in_force
from app.settings import Settings
from app.wiring.keys import KeyFileError, admin_key

SECONDS = 10.0
COMPARING_SECONDS = 120.0
"""Seconds for calls that compare a snapshot on thousands of exposures: a busy machine takes more than ten."""


def key_for(settings: Settings, url: str) -> str:
    """Return the admin key for the service at an address.

    The one in the data folder is sent to this machine alone: another one may be anybody's. Raises `KeyFileError`.
    """
    if not settings.admin_key and not _on_this_machine(url):
        raise KeyFileError(f"The key in {settings.data} is sent to this machine alone; set KEYART_ADMIN_KEY.")
    return admin_key(settings)


def address_for(settings: Settings) -> str:
    """Return the address of the service that runs on the data folder; else the one that the settings name.

    The settings are those of this shell, and the service may have got another port from another one.
    """
    running = in_force(settings.data)
    found = running.settings if running else settings
    return address_of(found.host, found.port)


def called(
    settings: Settings,
    method: str,
    path: str,
    body: object = None,
    query: Mapping[str, str] | None = None,
    *,
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """Return what the service on the data folder answers to an admin's call, or end the command."""
    address = address_for(settings)
    try:
        headers = {"Authorization": f"Bearer {key_for(settings, address)}"}
    except KeyFileError as error:
        raise fail(str(error)) from None
    try:
        answer = httpx2.request(
            method, address + path, json=body, params=query, headers=headers, timeout=seconds, trust_env=False
        )
    except httpx2.ReadTimeout:
        raise fail(
            f"The service at {address} did not answer within {seconds:.0f} seconds. It may still carry out the "
            "order; look, before you order it again."
        ) from None
    except httpx2.TransportError as error:
        reason = str(error) or type(error).__name__
        raise fail(f"No Keyart answers at {address} ({reason}); start it, or set KEYART_PORT.") from None
    if answer.is_success:
        return _object(answer.content)
    if answer.status_code in {401, 403}:
        raise fail(
            f"The service at {address} has another admin key; set KEYART_ADMIN_KEY to that key, or KEYART_DATA to "
            "the data folder of that service. After a change of the key, start the service again."
        )
    said = _object(answer.content).get("detail") or f"The status is {answer.status_code}."
    raise fail(f"{address} refused the call. {said}")


def _object(content: bytes) -> dict[str, Any]:
    """Return the JSON object in an answer; another program at the port may answer anything."""
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def _on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
