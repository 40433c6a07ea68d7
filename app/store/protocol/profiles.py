"""Profiles, and their erasure."""

from collections.abc import Callable
from typing import Protocol


class Profiles(Protocol):
    """Attributes of profiles, which are as consistent as the log."""

    async def profile(self, pseudonym: str) -> bytes | None: ...

    async def change_profile(self, pseudonym: str, change: Callable[[bytes | None], bytes]) -> None:
        """Write the result of `change` for the current profile, or for None if there is none yet.

        Reading and writing are one transaction, so that of two concurrent changes neither is lost. `change` may be
        called again, and in another thread. If it raises, nothing is written, and the caller gets its exception.
        """

    async def forget(self, pseudonym: str) -> None:
        """Begin an erasure: delete the profile and its holds, log the erasure, and note that it is under way.

        The keys of its holds begin with the pseudonym's bytes.
        """

    async def end_erasure(self, pseudonym: str) -> None:
        """Do what `forget` does once more, and note that the erasure is no longer under way."""

    async def erasures(self) -> list[str]:
        """Return the pseudonyms whose erasure is under way, because it is being done or was interrupted."""

    async def scrub(self, pseudonym: str, after: int, limit: int) -> int:
        """Take the viewer out of its decisions among the `limit` records behind `after`.

        Returns the last position seen, `after` when there are no more.
        """
