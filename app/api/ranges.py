"""The bytes of a picture that a request asks for (RFC 9110, section 14)."""

import re

from app.api.problems import Problem

_ONE = re.compile(r"bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*", re.IGNORECASE)
MOST_DIGITS = 18
"""The longest number that is read; no size has more digits."""


def requested(header: str, size: int) -> range | None:
    """Return the positions that a Range header asks for, or None for all of them.

    The answer has all bytes if the unit is unknown, or if the header is malformed or names several ranges. Section
    14.2 permits this, and pictures are small. Raises `Problem` if a range is beyond the end.
    """
    match = _ONE.fullmatch(header)
    if not match or match[1] == match[2] == "":
        return None
    if not match[1]:
        length = min(_number(match[2]), size)
        return range(size - length, size) if length else _refuse(header, size)
    first, last = _number(match[1]), _number(match[2]) if match[2] else size - 1
    if match[2] and last < first:
        return None
    return range(first, min(last + 1, size)) if first < size else _refuse(header, size)


def _number(digits: str) -> int:
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= MOST_DIGITS else 10**MOST_DIGITS


def _refuse(header: str, size: int) -> range:
    raise Problem(
        416,
        f"The picture has {size} bytes, and {header[:100]!r} asks for none of them; "
        "ask for some of them, or for the whole picture.",
        headers={"Content-Range": f"bytes */{size}"},
    )
