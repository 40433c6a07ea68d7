"""The settings of a connection, which both clients share."""

from typing import Any

from keyart_client.errors import KeyartError

TIMEOUT, TRIES = 5.0, 3


def http_settings(url: str, key: str | None, timeout: float) -> dict[str, Any]:
    """Return the arguments of an HTTP client. The environment's proxies are left out: they rarely know the way."""
    if not url.startswith(("http://", "https://")):
        raise KeyartError(f"{url!r} is not an address of Keyart; write it as http://127.0.0.1:8000.")
    headers = {"User-Agent": "keyart-client"} | ({"Authorization": f"Bearer {key}"} if key else {})
    return {"base_url": url.rstrip("/"), "timeout": timeout, "headers": headers, "trust_env": False}


def checked_tries(tries: int) -> int:
    if tries < 1:
        raise KeyartError(f"tries is {tries}; a call is sent at least once.")
    return tries
