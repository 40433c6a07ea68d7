"""The records of the log, in the order of their positions."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from app.records import Record


class Head(msgspec.Struct, frozen=True, gc=False):
    position: int
    stamp: int


class Begun(msgspec.Struct, frozen=True, gc=False):
    """The latest experiment: the stamp of its record, and its terms."""

    stamp: int
    terms: bytes


class Size(msgspec.Struct, frozen=True, gc=False):
    """The bytes with content, the bytes that are free for new records, and the limit; 0 means no limit."""

    used: int
    free: int = 0
    most: int = 0

    @property
    def full(self) -> bool:
        return bool(self.most) and self.used >= self.most


class Records(Protocol):
    """The records, how large they are, and the time that they are stamped with."""

    async def size(self) -> Size:
        """Return the size of the log.

        If it is full, methods that log decisions, exposures, feedback and imported exposures raise `FullLogError`
        until this finds room again. Small writes, and those that make room, still succeed.
        """

    async def shrink(self, most: int) -> int:
        """Give up to about `most` free bytes back to the disk, and return how many that were."""

    def now(self) -> int:
        """Return the time that a record would be stamped with: holds and windows end by it, and ids expire.

        It is the clock's time. If a clock that was ahead stamped a record, the time goes on from that stamp. It is
        never less than a stamp.
        """

    async def tick(self, after: int) -> None:
        """Log the time, if the last record is older than `after` ms."""

    async def declare(self, rules: bytes) -> None:
        """Log the rules, unless they are the ones that were declared last."""

    async def begun(self) -> Begun | None:
        """Return the experiment that began last."""

    async def begin(self, terms: bytes, after: Begun | None) -> bool:
        """Log that an experiment begins, if `after` still is the latest one; tell whether it was."""

    async def log_imported(self, bodies: Sequence[bytes], name: str, expected: bytes | None, value: bytes) -> bool:
        """Log imported exposures, and note in a setting how far the import is, in one transaction.

        Return False, and log nothing, if the setting is not `expected` any more: another import goes on with it.
        """

    async def rebase(self, body: bytes) -> None:
        """Log that the fold's state is to become a new base."""

    async def head(self) -> Head:
        """Return the position and stamp of the last record; 0 and 0 if there is none."""

    async def read(self, after: int, limit: int) -> list[Record]:
        """Return up to `limit` records behind a position, in order."""

    async def latest(self, before: int, limit: int) -> list[Record]:
        """Return up to `limit` records before a position, the newest first."""

    async def records(self, positions: Iterable[int]) -> dict[int, Record]:
        """Return the records at these positions; those that are not retained are left out."""

    async def trim(self, *, before: int, below: int, limit: int) -> int:
        """Delete up to `limit` records stamped before `before` and below position `below`.

        Data that depend on them are deleted too, but no hold that is still served. Returns the number of deleted
        records: fewer than `limit` if no more can go. The log's last record stays, because positions are given
        only once. The last RULES among them stay, because they are in force for the retained records.
        """
