"""Who may do what: admin and client calls."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import blake2b
from hmac import compare_digest
from ipaddress import ip_address
from typing import Literal

from starlette.requests import Request

from app.problem import Problem

Role = Literal["admin", "client"]
COOKIE = "keyart_session"
SESSION_MS = 12 * 3600 * 1000
LOCAL_HOST = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)
PROXIED = {"forwarded", "x-real-ip", "via"}
SEND_IT = "send 'Authorization: Bearer …' with the value of"
READS = {"GET", "HEAD", "OPTIONS"}


class Access:
    """Admits by bearer key or session cookie; without an admin key, by coming from this very machine."""

    def __init__(
        self, *, admin_key: str | None, client_key: str | None, signing_key: bytes, clock: Callable[[], int]
    ):
        self._keys: dict[Role, str | None] = {"admin": admin_key, "client": client_key}
        self._signing_key, self._clock = signing_key, clock

    def demand_admin(self, request: Request) -> None:
        if not self.is_admin(request):
            end = (
                "." if self._keys["admin"] else "; without one set it is taken from this machine alone, unproxied."
            )
            raise _refused(f"This call needs the admin key: {SEND_IT} KEYART_ADMIN_KEY{end}")

    def demand_client(self, request: Request) -> None:
        if not self.is_client(request):
            raise _refused(f"This call needs the client key or the admin key: {SEND_IT} KEYART_CLIENT_KEY.")

    def is_admin(self, request: Request) -> bool:
        if self._keys["admin"] is None:
            return _from_this_machine(request)
        return self._role(request) == "admin"

    def is_client(self, request: Request) -> bool:
        return self._role(request) is not None or self.is_admin(request)

    def open_session(self, key: str) -> str:
        """Return the value of a session cookie for the holder of a key, or refuse."""
        role = self._role_of(key)
        if role is None:
            raise _refused("The key is neither the admin key nor the client key; send the one that was set.")
        data = json.dumps([role, self._clock() + SESSION_MS]).encode()
        return urlsafe_b64encode(self._mac(data) + data).decode()

    def _role(self, request: Request) -> Role | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._role_of(key.strip())
        cookie = request.cookies.get(COOKIE)
        if cookie and (request.method in READS or _same_origin(request)):
            return self._role_in(cookie)
        return None

    def _role_of(self, key: str) -> Role | None:
        for role, own in self._keys.items():
            if own and compare_digest(own.encode(), key.encode(errors="surrogatepass")):
                return role
        return None

    def _role_in(self, cookie: str) -> Role | None:
        try:
            content = urlsafe_b64decode(cookie)
        except ValueError:
            return None
        mac, data = content[:16], content[16:]
        if not compare_digest(mac, self._mac(data)):
            return None
        role, until = json.loads(data)
        current: Role | None = role if self._clock() < until and self._keys.get(role) else None
        return current

    def _mac(self, data: bytes) -> bytes:
        """Sign with the keys mixed in: a session ends when its key is changed."""
        keys = "\0".join(key or "" for key in self._keys.values()).encode()
        return blake2b(
            data + b"\0" + keys, key=self._signing_key, digest_size=16, person=b"keyart-session"
        ).digest()


def _from_this_machine(request: Request) -> bool:
    """Whether the peer is on loopback and nothing hints at a proxy, a rebound name or another site's page."""
    headers = request.headers
    return (
        _on_loopback(request.client.host if request.client else "")
        and not any(name in PROXIED or name.startswith("x-forwarded-") for name in headers)
        and LOCAL_HOST.fullmatch(headers.get("host", "")) is not None
        and headers.get("sec-fetch-site", "none") in {"same-origin", "none"}
        # A form that another site's page sends needs no preflight, and older browsers say no more than this.
        and ("origin" not in headers or _same_origin(request))
    )


def through_tls(request: Request) -> bool:
    """Whether the client speaks TLS with a proxy that says so; of several the first is the client's.

    Who claims it without one harms but its own session.
    """
    return request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower() == "https"


def _refused(detail: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": "Bearer"})


def _on_loopback(peer: str) -> bool:
    try:
        return ip_address(peer).is_loopback
    except ValueError:
        return False


def _same_origin(request: Request) -> bool:
    """Whether the page that sent a write stands on this host; the scheme is not compared: TLS ends elsewhere."""
    host = request.headers.get("host")
    return bool(host) and request.headers.get("origin", "").partition("://")[2] == host
