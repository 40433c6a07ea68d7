"""A finding: the result of one check. The sentences of all findings are in findings.txt."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

STEP = 1024
TWO_DIGITS = 10
"""From here on a decimal tells nothing."""
MOST_NAMES = 5

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` says what to do about it, and is empty if nothing needs doing."""

    level: Level
    about: str
    sentence: str
    remedy: str = ""


@cache
def texts() -> dict[str, Finding]:
    content = Path(__file__).with_name("findings.txt").read_text()
    return {name: Finding(level, about, *said) for name, level, about, *said in _rows(content)}


def _rows(content: str) -> Iterator[tuple[Any, ...]]:
    for row in re.split(r"\n+(?=\S)", content):
        if not row.startswith("#"):
            head, *remedy = (line.strip() for line in row.splitlines())
            name, level, said = head.split(" | ")
            yield name, level, *said.split(": ", 1), *remedy


def finding(name: str, /, **values: object) -> Finding:
    text = texts()[name]
    about, sentence, remedy = (each.format(**values) for each in (text.about, text.sentence, text.remedy))
    return Finding(text.level, about, sentence, remedy)


def graded(name: str, levels: Mapping[Level, object], /, **values: object) -> Finding:
    """Return a finding at the first level whose condition holds. If none holds, it is ok and needs no remedy."""
    level: Level = next((level for level, holds in levels.items() if holds), "ok")
    found = finding(name, **values)
    return replace(found, level=level, remedy="" if level == "ok" else found.remedy)


def first(conditions: Mapping[str, object], /, **values: object) -> Finding:
    """Return the first finding whose condition holds."""
    return finding(next(name for name, holds in conditions.items() if holds), **values)


def every(conditions: Mapping[str, object], /, **values: object) -> Iterator[Finding]:
    """Yield each finding whose condition holds."""
    return (finding(name, **values) for name, holds in conditions.items() if holds)


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


def number(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def listed(names: Sequence[str]) -> str:
    """Write names one after another, and how many more there are."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
