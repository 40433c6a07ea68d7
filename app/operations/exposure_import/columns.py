"""The columns of an import, and the names that a file has for them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

FIELDS = (
    "time",
    "title",
    "artwork",
    "profile",
    "clicked",
    "seconds",
    "propensity",
    "candidates",
    "attributes",
    "timezone",
)
NEEDED = ("time", "title", "artwork")
ATTRIBUTE = "attributes."
"""Begins the name of a column that holds one attribute."""
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")


class UnusableFileError(Exception):
    """Says why a file is not imported at all, with the remedy."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Renames the columns of a file: `named` has the file's name for each field that has another one there."""

    named: Mapping[str, str]

    @classmethod
    def of(cls, given: Iterable[str]) -> "Columns":
        """Read texts such as `time=shown_at`. Raises `UnusableFileError`."""
        named = {}
        for text in given:
            field, equals, column = text.partition("=")
            if not (equals and column and _is_field(field)):
                raise UnusableFileError(
                    f"--column is {text!r}; write FIELD=COLUMN, where FIELD is one of: {', '.join(FIELDS)}, "
                    "attributes.NAME."
                )
            named[field] = column
        return cls(named)

    def demand(self, columns: Sequence[str]) -> None:
        """Raise `UnusableFileError` if the file lacks a column, or has one twice."""
        if twice := sorted({each for each in columns if columns.count(each) > 1}):
            raise UnusableFileError(f"The file has the column {twice[0]!r} twice; keep one of them.")
        for field in [*NEEDED, *self.named]:
            if self.named.get(field, field) not in columns:
                missing = self.named.get(field, field)
                raise UnusableFileError(
                    f"The file has no column {missing!r}; its columns are: {', '.join(columns)}. "
                    f"Name the one that has the {field} with --column {field}=COLUMN."
                )

    def used(self, columns: Iterable[str]) -> dict[str, str]:
        """Return the columns that are used, with their fields."""
        fields = {column: field for field, column in self.named.items()}
        own = {each: each for each in columns if each not in fields and each not in self.named}
        return {**{each: field for each, field in own.items() if _is_field(field)}, **fields}

    def row_of(self, raw: Mapping[str, object], used: Mapping[str, str]) -> dict[str, object]:
        """Return a row by the names of the fields, without empty values."""
        return {used[name]: value for name, value in raw.items() if name in used and value not in (None, "")}


def _is_field(name: str) -> bool:
    attribute = name.removeprefix(ATTRIBUTE)
    return name in FIELDS or (attribute != name and bool(_ATTRIBUTE_NAME.fullmatch(attribute)))
