"""The file about the sample viewers' visits, from which the page says what the service has learned already."""

import os
from pathlib import Path
from typing import Final

import msgspec

from app.clock import now_ms

LONGEST_SECONDS: Final = 120
"""After this time visits that are not learned were cut off: the service stopped meanwhile."""


class SampleHistory(msgspec.Struct, frozen=True):
    """The visits before the first visitor: how many viewers saw and opened how many pictures."""

    viewers: int
    seen: int
    opened: int
    learned: bool


def write(path: Path, history: SampleHistory) -> None:
    """Write the file. A page that is read meanwhile has the former one."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_bytes(msgspec.json.encode(history))
    part.replace(path)


def read(path: Path) -> SampleHistory | None:
    """Return the history, or None if no sample viewer came, the visits were cut off, or it is not readable."""
    try:
        found, written = msgspec.json.decode(path.read_bytes(), type=SampleHistory), path.stat().st_mtime
    except (OSError, msgspec.DecodeError):
        return None
    return found if found.learned or now_ms() / 1000 < written + LONGEST_SECONDS else None
