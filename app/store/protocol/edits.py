"""The record of edits of the catalogue."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

KEPT_EDITS = 20_000


class Author(msgspec.Struct, frozen=True, gc=False):
    """The role of an editor, and a name that is not secret."""

    role: str
    name: str


class EditDraft(msgspec.Struct, frozen=True, gc=False):
    """An edit about to be recorded.

    `before` and `after` are JSON of what changed, None where there was or is nothing; `old` and `new` name the
    title's revisions. Without a `title` it is about the whole catalogue.
    """

    by: Author
    operation: str
    title: str | None = None
    artwork: str | None = None
    before: bytes | None = None
    after: bytes | None = None
    old: str | None = None
    new: str | None = None


class Edit(msgspec.Struct, frozen=True, gc=False):
    """An edit as it is recorded; `stamp` is in milliseconds."""

    id: int
    stamp: int
    what: EditDraft


class Edits(Protocol):
    """The edits of the catalogue with their authors, times and former values; the latest `KEPT_EDITS` of them."""

    async def swap_setting(
        self, name: str, expected: bytes | None, value: bytes, edits: Sequence[EditDraft]
    ) -> bool:
        """Do as the log's `swap_setting`, and record the edits that led to it, in one transaction."""

    async def latest(self, limit: int, *, before: int | None = None, title: str | None = None) -> list[Edit]:
        """Return edits, the newest first: those with an id below `before`, and of one title."""
