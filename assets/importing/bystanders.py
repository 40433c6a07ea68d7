"""Files in a folder of originals that are not originals: other kinds of files, and those of operating systems."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from assets.importing.outcome import Row

MOST_NAMED: Final = 4
_SYSTEMS: Final = re.compile(
    # Synology, QNAP, NetApp and other network storage: recycle bins, snapshots, thumbnails, half-written files
    r"@eadir|@tmp|@sharebin|@__thumb|[@#]recycle|[@#~]snapshots?|@recently-snapshot"
    r"|.*@synoeastream|.*@synoresource|network trash folder|temporary items"
    # Windows, and what its tools recover
    r"|\$recycle\.bin|system volume information|found\.\d{3}|\$extend|\$winreagent"
    # Linux and macOS; all else of theirs begins with a dot
    r"|lost\+found|__macosx|icon\r",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Bystanders:
    """Counts of the files that an import skips, one report line for each kind."""

    systems: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    def note_system(self, name: str) -> None:
        self.systems.append(name)

    def note_other(self, path: Path) -> None:
        """Count a file that is not a picture, by its suffix or else by its name."""
        self.others[path.suffix.lower() or path.name] += 1

    def rows(self) -> Iterator[Row]:
        if self.others:
            names = [f"{count} × {kind}" if count > 1 else kind for kind, count in self.others.most_common()]
            files = _numbered(self.others.total(), "file is not a picture", "files are not pictures")
            yield Row("", "", "passed over", f"{files}: {_listed(names)}.")
        if self.systems:
            own, names = _numbered(len(self.systems), "name is", "names are"), sorted(set(self.systems))
            yield Row("", "", "passed over", f"{own} hidden or used by the system: {_listed(names)}.")


def is_systems(path: Path) -> bool:
    """Say whether a file is hidden or belongs to a system: recycle bin, thumbnails, snapshots, repaired files."""
    return path.name.startswith(".") or bool(_SYSTEMS.fullmatch(path.name))


def _numbered(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
