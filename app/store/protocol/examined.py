"""What a look through the files of a store finds."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.store.protocol.records import Head


@dataclass(frozen=True, slots=True)
class File:
    """A database as a look at it found it.

    `pending` is the size of its write-ahead log; what of it could not be read is `unread`. `free` is what in the
    database is free, and `shrinks` whether that can be given back. `earlier` says that an earlier version made it,
    and opening it adds what it lacks; `later` that a later one did.
    `fault` is None if nothing is wrong; `complete` says whether all of it was
    looked through in the time that was given.
    """

    name: str
    size: int
    pending: int = 0
    unread: bool = False
    free: int = 0
    shrinks: bool = True
    earlier: bool = False
    later: bool = False
    fault: str | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Examined:
    """What a look at the store's files finds that no service asks for. None: not found out in the time given.

    `records` are kept up to `head`. `oldest` is the first record that is not RULES. `unfolded` counts the
    decisions and exposures beyond `reached`, up to where progress was committed, that were not taken back; `since`
    is the stamp of the first of them.
    `day` counts the last day's records by kind.
    """

    files: tuple[File, ...]
    head: int = 0
    records: int | None = None
    oldest: Head | None = None
    holds: int | None = None
    profiles: int | None = None
    reached: int = 0
    unfolded: int | None = None
    since: int | None = None
    day: Mapping[int, int] | None = None
    strange: str | None = None
    """What a record or the state has of a later version, and what this one knows; None if nothing."""

    @property
    def later(self) -> tuple[str, ...]:
        """Everything that a later version wrote, with what this one knows instead."""
        found = (f"{file.name}: {file.fault}" for file in self.files if file.later)
        return (*found, self.strange) if self.strange else tuple(found)
