"""The totals of the fold: tastes and tallies."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from bandit.tally import Tally

TallyKey = tuple[str, str, str]
"""Title, artwork, group."""


@dataclass(frozen=True, slots=True)
class TasteRow:
    """The learned data of a profile.

    `state` is the fold's own, and `values` is what the policy sees of it. `first` is when the profile was first
    seen, and `showings` counts how often it was shown its latest pictures (`bandit.showings`). It has `marks` of
    the experiments that it entered (`app.learning.lift`).
    """

    state: bytes
    values: bytes
    first: int = 0
    showings: bytes = b""
    marks: bytes = b""


class StoredTastes(Protocol):
    """The tastes that a fold continues with."""

    async def taste_rows(self, pseudonyms: Iterable[str]) -> dict[str, TasteRow]:
        """Return the rows of these profiles; those that have none are left out."""

    async def tastes(self, after: str, limit: int) -> dict[str, TasteRow]:
        """Return up to `limit` rows of the profiles behind a pseudonym, in the order of the pseudonyms."""


class StoredTotals(StoredTastes, Protocol):
    """Tastes of profiles and tallies of artworks."""

    async def taste_since(self, pseudonym: str) -> tuple[bytes, int, bytes] | None:
        """Return the taste as the policy sees it, when the profile was first seen, and its showings."""

    async def tallies(self, title: str | None = None) -> dict[TallyKey, Tally]:
        """Return all tallies, or those of one title; they are the caller's own."""

    async def group_tallies(self) -> dict[str, Tally]:
        """Return the sum of all tallies of each group."""
