"""The output of an import: one line for each kind of message, with the count, the most urgent first."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, get_args

from rich.table import Table
from rich.text import Text

from assets.importing.outcome import About, Outcome, Row

MOST_NAMED: Final = 3
_KINDS: Final[dict[About, str]] = {
    "lost": "Renditions are lost, and the folder has another file: upload the picture again.",
    "original": "The original is not kept, because the originals have reached KEYART_ORIGINALS_BYTES.",
    "barred": "Not shown, because the catalogue bars how it was made.",
    "consent": "Not shown, because the consent to it is withdrawn.",
    "alt": "No alt text: describe what the picture shows.",
    "small": "Too small for most screens at 16:9.",
    "blurred": "Blurred: give a sharper picture.",
    "alike": "Alike: Keyart learns slower from two similar pictures than from one.",
    "tags": "No tags: with tags a picture learns from others, too.",
    "vocabulary": "Tags that are not in the vocabulary.",
    "kept": "The original is kept from now on: editors can correct the crops.",
}
_OUTCOMES: Final[dict[Outcome, str]] = {
    "gone": "Kept, although the file is no longer in the folder.",
    "changed": "Changed.",
    "new": "New.",
}
_NAMED: Final = re.compile(r"""(?P<quote>['"])(?P<name>.+?)(?P=quote) (?P<what>.+)""")
"""A sentence that begins with the file that it is about."""
_DETAIL: Final = re.compile(r" \(([^)]*)\)")


class Line(NamedTuple):
    what: str
    which: list[str]


def of_import(rows: Sequence[Row], *, all_: bool = False) -> Table:
    """Show what became of the pictures, and what to look at again.

    With `all_`, every picture is named, and notes on unchanged pictures are shown.
    """
    table = Table()
    table.add_column("", justify="right")
    table.add_column("what", ratio=1)
    table.add_column("which", ratio=1, overflow="fold")
    for line in lines(rows, unchanged=all_):
        # Unchanged, because names in them are not markup.
        table.add_row(str(len(line.which)), Text(line.what), Text(_named(line.which, all_=all_)))
    for row in rows:
        if row.outcome == "passed over":
            table.add_row("", Text(f"Passed over: {row.reason}"), "")
    return table


def lines(rows: Sequence[Row], *, unchanged: bool = False) -> list[Line]:
    return [*_refused(rows), *_noted(rows, unchanged=unchanged), *_by_outcome(rows)]


def summary(rows: Sequence[Row]) -> str:
    counts = Counter(row.outcome for row in rows)
    noted = sum(bool(row.notes) for row in rows if row.outcome == "unchanged")
    notes = f" ({noted} of them with notes: --all shows these)" if noted else ""
    shown = [outcome for outcome in get_args(Outcome) if counts[outcome] and outcome != "passed over"]
    return ", ".join(f"{counts[each]} {each}{notes if each == 'unchanged' else ''}" for each in shown) + "."


def _refused(rows: Iterable[Row]) -> Iterator[Line]:
    """Yield a line for each reason, without the names and sizes of the files."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.outcome == "refused":
            name, what, detail = _parts(row)
            found.setdefault(what, []).append(f"{name} ({detail})" if detail else name)
    for what, which in sorted(found.items(), key=lambda each: -len(each[1])):
        yield Line(f"Refused: {what}", which)


def _parts(row: Row) -> tuple[str, str, str]:
    """Part a refusal into the picture's name, the reason, and what of it differs from one file to the next."""
    found = _NAMED.fullmatch(row.reason)
    name, what = (found["name"], f"it {found['what']}") if found else (_artwork_of(row), row.reason)
    details = _DETAIL.findall(what)
    return name, _DETAIL.sub("", what), ", ".join(details)


def _noted(rows: Sequence[Row], *, unchanged: bool) -> Iterator[Line]:
    shown = [row for row in rows if unchanged or row.outcome != "unchanged"]
    for about, what in _KINDS.items():
        which = []
        for row in shown:
            notes = [note for note in row.notes if note.about == about]
            details = ", ".join(note.detail for note in notes if note.detail)
            if notes:
                which.append(f"{_artwork_of(row)} ({details})" if details else _artwork_of(row))
        if which:
            yield Line(what, which)


def _by_outcome(rows: Sequence[Row]) -> Iterator[Line]:
    for outcome, what in _OUTCOMES.items():
        if which := [_artwork_of(row) for row in rows if row.outcome == outcome]:
            yield Line(what, which)


def _artwork_of(row: Row) -> str:
    return f"{row.title}/{row.artwork}" if row.artwork else row.title


def _named(which: Sequence[str], *, all_: bool) -> str:
    most = len(which) if all_ else MOST_NAMED
    more = len(which) - most
    return "\n".join([*which[:most], *([f"and {more} more (--all)"] if more > 0 else [])])
