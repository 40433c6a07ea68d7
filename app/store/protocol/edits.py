"""The record of edits of the catalogue."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from app.records import Kind
from app.store.protocol.records import Head

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


class Intervening(NamedTuple):
    """An intervention about to be logged: its record's body, the setting's new value, and the edit to show."""

    body: bytes
    value: bytes
    edit: EditDraft


class Edits(Protocol):
    """The edits of the catalogue, and interventions, with their authors, times and former values.

    The latest `KEPT_EDITS` are kept.
    """

    async def swap_setting(
        self, name: str, expected: bytes | None, value: bytes, edits: Sequence[EditDraft]
    ) -> bool:
        """Do as the log's `swap_setting`, and record the edits that led to it, in one transaction."""

    async def intervene(
        self, kind: Kind, name: str, change: Callable[[bytes | None, Head], Intervening | None]
    ) -> bool:
        """Log a record of `kind`, replace the setting `name`, and record the edit, in one transaction.

        `change` gets the setting's value, and the position and time of the record. It may be called again, and in
        another thread. If it returns None or raises, nothing is written. Returns whether anything was.
        """

    async def latest(self, limit: int, *, before: int | None = None, title: str | None = None) -> list[Edit]:
        """Return edits, the newest first: those with an id below `before`, and of one title."""
