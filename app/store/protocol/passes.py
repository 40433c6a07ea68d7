"""Signed texts that were used."""

from typing import Protocol

SPENT_MS = 31 * 86_400_000
"""The extra time for which a used text is remembered after its end, because a clock may have been ahead."""


class Passes(Protocol):
    """The signed texts that are not valid any more: used sign-in links, and ended sessions."""

    async def spend(self, name: str, until: int) -> bool:
        """Mark a text as used, in one transaction; False if it was used before. It is valid until `until`, in ms.

        Methods that write raise `StoreTimeoutError` and `UnwritableStoreError` as the log does.
        """

    async def spent(self, name: str) -> bool:
        """Whether a text was used. It may be forgotten `SPENT_MS` after its `until`."""
