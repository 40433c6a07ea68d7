"""`keyart open`: signing a browser in without typing a key."""

import os
import sys
import webbrowser
from typing import Annotated, Any

import httpx2
import typer

from app.api.tickets import LINK_MS
from app.commands.calling import key_for
from app.commands.environment import settings_for
from app.commands.terminal import fail, say
from app.operations.health import address_of
from app.wiring.keys import KeyFileError

SECONDS = 10.0


def open_(
    url: Annotated[
        str | None, typer.Option(help="The address for the browser, if it is not this machine's address.")
    ] = None,
    *,
    browser: Annotated[bool, typer.Option(help="Open the link if this machine has a browser.")] = True,
) -> None:
    """Print a link that signs one browser in as an admin, and open it if this machine has a browser.

    The link works once, within five minutes, and leads to the dashboard. The command asks the service at
    KEYART_PORT of this machine for it, with KEYART_ADMIN_KEY or the key in the data folder. The browser stays
    signed in until it signs out, at most twelve hours.

    Examples:
        keyart open
        keyart open --no-browser
        keyart open --url https://keyart.example.org
    """
    if url and not url.startswith(("http://", "https://")):
        raise typer.BadParameter(
            f"{url} is not an address; write it as https://keyart.example.org.", param_hint="--url"
        )
    settings = settings_for("open")
    address = address_of(settings.host, settings.port)
    try:
        key = key_for(settings, address)
    except KeyFileError as error:
        raise fail(str(error)) from None
    link = (url or address).rstrip("/") + _path(address, key)
    say(f"This link signs one browser in. It works once, within {LINK_MS // 60_000} minutes:")
    print(link)  # noqa: T201
    if browser and _has_browser():
        webbrowser.open(link)


def _path(address: str, key: str) -> str:
    headers = {"Authorization": f"Bearer {key}"}
    try:
        answer = httpx2.post(f"{address}/session/links", headers=headers, timeout=SECONDS, trust_env=False)
    except httpx2.TransportError as error:
        reason = str(error) or type(error).__name__
        raise fail(f"No Keyart answers at {address} ({reason}); start it, or set KEYART_PORT.") from None
    found = _json(answer)
    if answer.is_success and isinstance(found.get("path"), str):
        return str(found["path"])
    if answer.status_code in {401, 403}:
        raise fail(
            f"The service at {address} has another admin key; set KEYART_ADMIN_KEY to that key, or KEYART_DATA to "
            "the data folder of that service. After a change of the key, start the service again."
        )
    raise fail(f"{address} made no link: {found.get('detail') or answer.status_code}")


def _json(answer: httpx2.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _has_browser() -> bool:
    """Whether there is a screen for a browser. A browser in the terminal would hide the link."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
