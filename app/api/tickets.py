"""Sessions and sign-in links: signed texts that replace a key until their time is over or they are used up."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import blake2b
from hmac import compare_digest

import msgspec

from app.api.roles import Role
from app.store.protocol import Passes

ID_BYTES = 12
MAC_BYTES = 16
SHOWN = 8
SESSION_MS = 12 * 3600 * 1000
LINK_MS = 5 * 60 * 1000


class Ticket(msgspec.Struct, frozen=True, gc=False):
    """The content of a signed text. `until` is in milliseconds."""

    id: str
    role: Role
    until: int

    @property
    def name(self) -> str:
        """Return a name for this ticket, which gives no access."""
        return self.id[:SHOWN]


class Tickets:
    """Signs tickets of one purpose. A ticket is not valid any more when the key that it replaces changes.

    The state knows a ticket only after it is used up; then it is used up for all workers.
    """

    def __init__(self, purpose: str, lasts: int, *, signing_key: bytes, passes: Passes, clock: Callable[[], int]):
        self._purpose, self.lasts = purpose.encode(), lasts
        self._signing_key, self._passes, self._clock = signing_key, passes, clock

    def issue(self, role: Role, key: str) -> tuple[str, Ticket]:
        ticket = Ticket(secrets.token_urlsafe(ID_BYTES), role, self._clock() + self.lasts)
        data = msgspec.json.encode(ticket)
        return urlsafe_b64encode(self._mac(data, key) + data).decode(), ticket

    def read(self, text: str, keys: Mapping[Role, str]) -> Ticket | None:
        """Return the content of a text that was signed here for one of these keys; it may be too old."""
        try:
            content = urlsafe_b64decode(text)
        except ValueError:
            return None
        mac, data = content[:MAC_BYTES], content[MAC_BYTES:]
        for role, key in keys.items():
            if compare_digest(mac, self._mac(data, key)):
                ticket = msgspec.json.decode(data, type=Ticket)
                return ticket if ticket.role == role else None
        return None

    async def good(self, ticket: Ticket) -> bool:
        """Whether the ticket's time is not over and it is not used up."""
        return self._clock() < ticket.until and not await self._passes.spent(ticket.id)

    async def spend(self, ticket: Ticket) -> bool:
        """Use the ticket up. Returns True to exactly one caller, also if several try at the same time."""
        return await self._passes.spend(ticket.id, ticket.until) and self._clock() < ticket.until

    def _mac(self, data: bytes, key: str) -> bytes:
        return blake2b(
            data + b"\0" + key.encode(), key=self._signing_key, digest_size=MAC_BYTES, person=self._purpose
        ).digest()
