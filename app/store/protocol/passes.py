"""Signed texts that were used."""

from typing import Protocol

SPENT_MS = 31 * 86_400_000
"""How much longer than it could be used it is known that something was: a clock may have gone ahead meanwhile."""


class Passes(Protocol):
    """Which signed texts are good for nothing any more: sign-in links that were used, sessions that were ended."""

    async def spend(self, name: str, until: int) -> bool:
        """Mark one as used, in one transaction; False if it was used before. It is valid until `until`, in ms.

        Methods that write raise `StoreTimeoutError` and `UnwritableStoreError` as the log does.
        """

    async def spent(self, name: str) -> bool:
        """Whether one was used. It may be forgotten `SPENT_MS` after its `until`."""
