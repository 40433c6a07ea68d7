"""Messages between the parent and a rendering process: one line of JSON each way, because data does not run."""

import errno
from dataclasses import dataclass
from typing import Final

from assets.picture import Job, Picture

DISK_FAULTS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
"""Faults of the disk, not of a picture: the next picture would fail as well."""


@dataclass(frozen=True, slots=True)
class Order:
    """A job, the empty folder for its renditions, and the empty folder for its original if that is kept.

    `threads` is the number of renditions that are encoded at the same time.
    """

    job: Job
    folder: str
    originals: str = ""
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """The picture that was made, the sentence that refuses it, or why the disk took no more of it."""

    picture: Picture | None = None
    fault: str = ""
    field: str = ""
    """The part of the description that the fault is about, if it is not the picture itself."""
    disk: int = 0
    """An errno, one of `DISK_FAULTS`."""
