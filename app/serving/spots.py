"""The spot in an item of feedback."""

import re
from collections.abc import Mapping
from typing import Any

from app.fields import MOST_COLUMNS, NAME
from app.records import Spot

_NAME = re.compile(NAME)
NOWHERE = Spot()
LONGEST_COLUMN = len(str(MOST_COLUMNS))
FIELDS = frozenset({"release", "page", "row", "column"})


def spot_of(item: Mapping[str, Any]) -> Spot | None:
    """Return the spot that an item names. A field that is not valid never costs the feedback: it is left out."""
    if FIELDS.isdisjoint(item):
        return None
    release, page, row = (_name(item.get(field)) for field in ("release", "page", "row"))
    spot = Spot(release, page, row, _column(item.get("column")))
    return None if spot == NOWHERE else spot


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and _NAME.fullmatch(value) else None


def _column(value: object) -> int | None:
    """Read a number, also as text: attributes of HTML are text."""
    if isinstance(value, str) and len(value) <= LONGEST_COLUMN and value.isascii() and value.isdecimal():
        value = int(value)
    return value if type(value) is int and 0 <= value <= MOST_COLUMNS else None
