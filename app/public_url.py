"""The public address of the service: an origin, a path behind a proxy, or both."""

import re

_PUBLIC = re.compile(
    r"(?:https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?)?"  # an origin
    r"((?:/(?!\.{1,2}(?:/|$))[a-z0-9._~-]+)*)",  # a path, of characters that need no escape in srcset or a cookie
    re.IGNORECASE,
)
_LOCAL = re.compile(r"(?:localhost|127(?:\.[0-9]+){3}|\[::1\])(?::[0-9]*)?", re.IGNORECASE)


def checked(url: str) -> str:
    """Return the URL without a slash at its end; a slash alone becomes empty. Raises `ValueError`."""
    short = url.rstrip("/")
    if not _PUBLIC.fullmatch(short):
        examples = "https://keyart.example.org, https://www.example.org/keyart or /keyart"
        raise ValueError(f"write an origin, a path or both, without a query, such as {examples}")
    return short


def origin_of(public_url: str) -> str:
    """Return the origin as browsers send it; empty for a path alone."""
    found = _PUBLIC.fullmatch(public_url)
    path = found[1] if found else ""
    return public_url.removesuffix(path).lower()


def cookie_path(public_url: str, host: str, origin: str = "") -> str:
    """Return the path of a cookie for a request under this Host, so that no other service of the origin gets it.

    A request to this machine itself did not pass the proxy that adds the path, unless a page of the public origin
    sent it, because some proxies send a different Host.
    """
    found = _PUBLIC.fullmatch(public_url)
    public = not _LOCAL.fullmatch(host) or (origin != "" and origin == origin_of(public_url))
    return (found[1] if found and public else "") or "/"
