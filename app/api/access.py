"""Access: the calls that holders of a key, or of a session cookie that replaces it, may make."""

from collections.abc import Mapping
from hmac import compare_digest
from typing import NamedTuple

from starlette.requests import Request

from app.api.problems import Problem
from app.api.roles import KEYS, Role, Roles
from app.api.tickets import LINK_MS, Ticket, Tickets
from app.data_folder import ADMIN_KEY

COOKIE = "keyart_session"
READS = {"GET", "HEAD", "OPTIONS"}
LONGEST_ORIGIN = 200
"""Characters of an Origin that a sentence names."""
OWN_PAGE = "use a page of this service; if a proxy passes on another Host, set KEYART_PUBLIC_URL"
FILE = f"; if KEYART_ADMIN_KEY is not set, the admin key is in the file {ADMIN_KEY} of the data folder"


class Caller(NamedTuple):
    """A caller: its role, a name that is not secret, and the end of its session in milliseconds."""

    role: Role
    name: str
    until: int | None = None


class Access:
    """Admits callers only by key: the address of a call, or what a proxy says about it, changes nothing."""

    def __init__(self, keys: Mapping[Role, str], *, sessions: Tickets, links: Tickets, origin: str = ""):
        """Take the keys. `origin` is the service's public origin, if a proxy passes on another Host."""
        self._keys, self._sessions, self._links, self._origin = keys, sessions, links, origin

    async def demand(self, request: Request, roles: Roles) -> Caller:
        """Return the caller. Refuses a call without a usable key (401), or with the key of another role (403)."""
        caller = await self._caller(request)
        if isinstance(caller, str):
            raise unauthorized(f"{caller}. {_remedy(roles)}")
        if caller.role not in roles:
            raise Problem(403, f"{KEYS[caller.role].capitalize()} does not allow this call. {_remedy(roles)}")
        return caller

    async def is_one_of(self, request: Request, roles: Roles) -> bool:
        caller = await self._caller(request)
        return not isinstance(caller, str) and caller.role in roles

    # ---------------------------------------------------------------- sessions

    def vouches(self, authorization: str) -> bool:
        """Tell whether this header has a key: then the request is from a backend, which speaks for its viewers."""
        scheme, _, key = authorization.partition(" ")
        return scheme.lower() == "bearer" and self._role_of(key.strip()) is not None

    def open_session(self, request: Request, key: str) -> str:
        """Return the value of a session cookie for the holder of a key, or refuse.

        A page of another origin cannot sign its visitors in: its key would replace theirs.
        """
        origin = request.headers.get("origin")
        if origin is not None and not self._from_own_page(request):
            raise Problem(
                403, f"A page of the origin {origin[:LONGEST_ORIGIN]!r} may not open a session here; {OWN_PAGE}."
            )
        role = self._role_of(key)
        if role is None:
            raise unauthorized(f"The key that was sent is not one of this service's; send one that is{FILE}.")
        return self._session_for(role)

    async def end_session(self, request: Request) -> None:
        """End the session of a cookie for all workers, so that a copy of the cookie opens nothing either."""
        found = await self._in_session(request)
        if isinstance(found, str):
            raise unauthorized(f"{found}. There is no session to end; POST /session or 'keyart open' opens one.")
        await self._sessions.spend(found)

    def make_link(self) -> tuple[str, Ticket]:
        """Return the text of a sign-in link for an admin, which works once, and its ticket."""
        return self._links.issue("admin", self._keys["admin"])

    async def follow_link(self, text: str) -> str:
        """Return the value of a session cookie for the first browser that follows a link, or refuse."""
        ticket = self._links.read(text, {"admin": self._keys["admin"]})
        if ticket is None:
            raise unauthorized(
                "The link was not made by this service, or is incomplete; get one with 'keyart open'."
            )
        if not await self._links.spend(ticket):
            minutes = LINK_MS // 60_000
            sentence = f"The link was used, or its {minutes} minutes are over; get another with 'keyart open'."
            raise Problem(410, sentence)
        return self._session_for("admin")

    def _session_for(self, role: Role) -> str:
        return self._sessions.issue(role, self._keys[role])[0]

    # ---------------------------------------------------------------- who calls

    async def _caller(self, request: Request) -> Caller | str:
        """Return the caller, or the reason why the caller is unknown."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            role = self._role_of(key.strip())
            return Caller(role, "key") if role else "The key that was sent is not one of this service's"
        found = await self._in_session(request)
        return found if isinstance(found, str) else Caller(found.role, f"session {found.name}", found.until)

    async def _in_session(self, request: Request) -> Ticket | str:
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            return "No key was sent"
        if request.method not in READS and not self._from_own_page(request):
            return "With a session's cookie only pages of this service may write, and only if they send its Origin"
        ticket = self._sessions.read(cookie, self._keys)
        if ticket is None or not await self._sessions.good(ticket):
            return "The session is over, or was not opened by this service"
        return ticket

    def _from_own_page(self, request: Request) -> bool:
        """Whether the page that sent a write is of this host, or of the public origin of this service.

        The scheme is not compared with the host's, because TLS may end at a proxy.
        """
        origin, host = request.headers.get("origin", ""), request.headers.get("host")
        return bool(host) and (origin.partition("://")[2] == host or origin == (self._origin or None))

    def _role_of(self, key: str) -> Role | None:
        for role, own in self._keys.items():
            if compare_digest(own.encode(), key.encode(errors="surrogatepass")):
                return role
        return None


def through_tls(request: Request) -> bool:
    """Whether a proxy says that the client uses TLS. If several proxies add a value, the first is the client's.

    A client that makes this header up harms only its own session.
    """
    return request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower() == "https"


def unauthorized(detail: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": "Bearer"})


def _remedy(roles: Roles) -> str:
    settings = " or ".join(f"KEYART_{role.upper()}_KEY" for role in roles)
    return f"Send 'Authorization: Bearer …' with the value of {settings}{FILE}."
