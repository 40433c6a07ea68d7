"""The results of an examination of a store's files."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.store.protocol.records import Head


@dataclass(frozen=True, slots=True)
class File:
    """The examination of a database.

    The size of its write-ahead log is `pending`; the part that was not readable is `unread`. The unused part of
    the database is `free`, and `shrinks` tells whether it can be given back. If an earlier version made the file,
    `earlier` is true, and opening it adds the missing parts. If a later one did, `later` is true. Without a fault,
    `fault` has no value. If all of it was examined in the given time, `complete` is true.
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
    """The results of an examination of the store's files.

    A field has no value if it was not reached in the given time. Records are kept up to `head`. The first record
    that is not RULES is `oldest`. The decisions and exposures that were not taken back, beyond the committed
    progress at `reached`, are counted in `unfolded`. The stamp of the first of them is `since`. The last day's
    records by kind are `day`.
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
    """The later version of a record or the state, and the one that this version knows; None if there is none."""

    @property
    def later(self) -> tuple[str, ...]:
        """Everything that a later version wrote, with what this one knows instead."""
        found = (f"{file.name}: {file.fault}" for file in self.files if file.later)
        return (*found, self.strange) if self.strange else tuple(found)
