"""`keyart open`: signing a browser in without typing a key."""

import os
import sys
import webbrowser
from typing import Annotated

import typer

from app.api.tickets import LINK_MS
from app.commands.calling import address_for, called
from app.commands.environment import settings_for
from app.commands.terminal import fail, say
from app.settings import Settings


def open_(
    url: Annotated[
        str | None, typer.Option(help="The address for the browser, if it is not this machine's address.")
    ] = None,
    *,
    browser: Annotated[bool, typer.Option(help="Open the link if this machine has a browser.")] = True,
) -> None:
    """Print a link that signs one browser in as an admin, and open it if this machine has a browser.

    The link works once, within five minutes, and leads to the dashboard. The command asks the service
    that runs on the data folder for it, with KEYART_ADMIN_KEY or the key in the data folder. The browser stays
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
    address = address_for(settings)
    link = (url or address).rstrip("/") + _path(settings)
    say(f"This link signs one browser in. It works once, within {LINK_MS // 60_000} minutes:")
    print(link)  # noqa: T201
    if browser and _has_browser():
        webbrowser.open(link)


def _path(settings: Settings) -> str:
    found = called(settings, "POST", "/session/links")
    if not isinstance(found.get("path"), str):
        raise fail("The service made no link: another program has KEYART_PORT, or the service is another version.")
    return str(found["path"])


def _has_browser() -> bool:
    """Whether there is a screen for a browser. A browser in the terminal would hide the link."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
