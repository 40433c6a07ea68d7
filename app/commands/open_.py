"""`keyart open`: signing a browser in without typing a key."""

import os
import sys
import webbrowser
from typing import Annotated, Any

import httpx2
import typer

from app.api.access import LINK_MS
from app.commands.calling import key_for
from app.commands.environment import settings_for
from app.commands.terminal import fail, say
from app.operations.health import address_of
from app.wiring.keys import KeyFileError

SECONDS = 10.0


def open_(
    url: Annotated[
        str | None, typer.Option(help="Where the browser reaches the service, if not at this machine's address.")
    ] = None,
    *,
    browser: Annotated[bool, typer.Option(help="Open the link, where there is a browser.")] = True,
) -> None:
    """Print a link that signs one browser in as an admin, and open it where there is a browser.

    It is good once, for five minutes. The service of this machine at KEYART_PORT is asked for it, with
    KEYART_ADMIN_KEY or the key in the data folder. The browser stays signed in for twelve hours, or until it signs
    out.

    Examples:
        keyart open
        keyart open --no-browser
        keyart open --url https://keyart.example.org
    """
    if url and not url.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{url} is no address; write https://keyart.example.org.", param_hint="--url")
    settings = settings_for("open")
    address = address_of(settings.host, settings.port)
    try:
        key = key_for(settings, address)
    except KeyFileError as error:
        raise fail(str(error)) from None
    link = (url or address).rstrip("/") + _path(address, key)
    say(f"This link signs one browser in, once, within {LINK_MS // 60_000} minutes:")
    print(link)  # noqa: T201
    if browser and _has_browser():
        webbrowser.open(link)


def _path(address: str, key: str) -> str:
    """Ask the service for a link, and return its path."""
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
            f"The service at {address} has another admin key; set KEYART_ADMIN_KEY to its own, or KEYART_DATA to "
            "its data folder. A key that was changed holds from its next start."
        )
    raise fail(f"{address} made no link: {found.get('detail') or answer.status_code}")


def _json(answer: httpx2.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _has_browser() -> bool:
    """Whether there is a screen for one: a browser in the terminal would be in the way."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
