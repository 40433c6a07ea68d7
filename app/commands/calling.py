"""The key for commands that call a running service."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from app.settings import Settings
from app.wiring.keys import KeyFileError, admin_key


def key_for(settings: Settings, url: str) -> str:
    """Return the admin key for the service at an address.

    The one in the data folder is sent to this machine alone: another one may be anybody's. Raises `KeyFileError`.
    """
    if not settings.admin_key and not _on_this_machine(url):
        raise KeyFileError(f"The key in {settings.data} is sent to this machine alone; set KEYART_ADMIN_KEY.")
    return admin_key(settings)


def _on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
