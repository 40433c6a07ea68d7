"""What a check found."""

from dataclasses import dataclass
from typing import Literal

STEP = 1024
TWO_DIGITS = 10
"""From here on a decimal tells nothing."""

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` says what to do about it, and is empty where nothing needs doing."""

    level: Level
    about: str
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    findings: tuple[Finding, ...]


def ok(about: str, sentence: str) -> Finding:
    return Finding("ok", about, sentence)


def note(about: str, sentence: str, remedy: str) -> Finding:
    return Finding("note", about, sentence, remedy)


def wrong(about: str, sentence: str, remedy: str) -> Finding:
    return Finding("wrong", about, sentence, remedy)


def size(count: float) -> str:
    """Write bytes in the unit that fits, such as `1.5 GiB`."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < STEP:
            return f"{count:.{unit != 'bytes' and count < TWO_DIGITS:d}f} {unit}"
        count /= STEP
    return f"{count:.1f} TiB"


def span(seconds: float) -> str:
    """Write a duration in the unit that fits, such as `3 hours`."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.{seconds < TWO_DIGITS:d}f} seconds"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def listed(names: list[str], most: int = 5) -> str:
    """Write names one after another, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
