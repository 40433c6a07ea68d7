"""The lease by which one trainer leads."""

from dataclasses import dataclass
from typing import Protocol

LONGEST_LEASE_MS = 120_000


@dataclass(frozen=True, slots=True)
class Lease:
    """`until`, in Unix milliseconds, nobody but the holder can lead."""

    holder: str
    until: int

    def lasts(self, now: int) -> bool:
        """Tell whether the lease is in force. A lease longer than allowed comes from a clock that was ahead."""
        return now < self.until <= now + LONGEST_LEASE_MS


class Leases(Protocol):
    """The lease, which each trainer asks for."""

    async def lead(self, holder: str, lasts: int, token: int | None = None) -> int | None:
        """Take the lease, or with `token` renew it, and return its fencing token; None if that is not possible.

        A holder can take it when it is free, has run out, or has the same name (a restarted process replaces the
        dead one), each time with a greater token. It can be renewed until it is taken again or resigned. A lease
        that lasts for longer than `LONGEST_LEASE_MS` was made by a clock that was ahead, and counts as run out.
        """

    async def resign(self, token: int) -> None:
        """Give the lease back immediately, if it is still the one with this token."""

    async def lease(self) -> Lease | None:
        """Return the lease, though it may have run out; None if it was given back, or never taken."""
