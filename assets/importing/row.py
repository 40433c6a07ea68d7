"""One line of an import's report."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["new", "changed", "unchanged", "refused", "gone", "passed over"]


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one file; ids are empty where the file's name gave none."""

    title: str
    artwork: str
    outcome: Outcome
    reason: str = ""
    warnings: tuple[str, ...] = ()
