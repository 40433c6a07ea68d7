"""The rules for a catalogue's values, each with the sentence of its refusal."""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_SHAPES: Final = {
    "country": (re.compile(r"[A-Z]{2}"), "write two upper-case letters, such as DE"),
    "locale": (
        re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*"),
        "write a language and perhaps a region, such as de or de-AT",
    ),
    "source": (re.compile(r"[0-9a-f]{64}"), "write the SHA-256 of the original file, 64 lower-case hex digits"),
    "crop's digest": (re.compile(r"[0-9a-f]{32}"), "write 32 lower-case hex digits"),
    "original": (re.compile(r"[0-9a-f]{32}"), "write the name of a kept original, 32 lower-case hex digits"),
    "fingerprint": (re.compile(r"[0-9a-f]{16}"), "write 16 lower-case hex digits"),
    "placeholder": (
        re.compile(r"data:image/[a-z]+;base64,[A-Za-z0-9+/]{1,2000}={0,2}"),
        "write a small picture as a data:image/…;base64 address",
    ),
}
"""The shape of each of these values, and the remedy for a value of another shape."""
_ROUNDING: Final = 0.002

LONGEST_TEXT: Final = 500
STRICTEST_MATURITY: Final = 21
"""The highest age rating there is: of artworks and titles, and of the limits that requests and profiles set."""


class CatalogueError(ValueError):
    """A catalogue entry that is not valid, in a sentence for the person who wrote it."""


def slug(value: str, what: str) -> None:
    _check_shape(
        _SLUG, value, what, "write 1 to 64 of a-z, 0-9 and hyphens, the first of them a letter or a digit"
    )


def shape(value: str, what: str) -> None:
    pattern, remedy = _SHAPES[what]
    _check_shape(pattern, value, what, remedy)


def text(value: str, what: str) -> None:
    """Refuse a text that is blank or too long, or has control characters or broken surrogates."""
    if not value.strip() or len(value) > LONGEST_TEXT:
        raise CatalogueError(
            f"The {what} has {len(value)} characters; write 1 to {LONGEST_TEXT}, not only spaces."
        )
    if not value.isprintable() and any(unicodedata.category(each) in {"Cc", "Cs"} for each in value):
        raise CatalogueError(f"The {what} {value!r} has a control character; write plain text.")


def choice(value: str, choices: Sequence[str], what: str) -> None:
    if value not in choices:
        raise CatalogueError(f"{value!r} is not a {what}; write one of {', '.join(choices)}.")


def maturity(value: int) -> None:
    if not 0 <= value <= STRICTEST_MATURITY:
        raise CatalogueError(f"The maturity {value} is out of range; write 0 to {STRICTEST_MATURITY}.")


def fraction(value: float, what: str) -> None:
    if not 0 <= value <= 1:
        raise CatalogueError(f"The {what} is {value}; write a number from 0 to 1.")


def box(value: Sequence[float], what: str) -> None:
    """Refuse a box that is not inside the picture: x, y, width and height as shares of the whole."""
    inside = len(value) == len(("x", "y", "width", "height")) and all(0 <= each <= 1 for each in value)
    if not inside or value[0] + value[2] > 1 + _ROUNDING or value[1] + value[3] > 1 + _ROUNDING:
        raise CatalogueError(f"The {what} is {list(value)}; write x, y, width and height, each from 0 to 1.")
    if not value[2] * value[3]:
        raise CatalogueError(f"The {what} is {list(value)}, which is empty; write a width and height above 0.")


def boxes(value: Mapping[Any, Sequence[float]], what: str) -> None:
    """Refuse boxes, each with its canvas, if one of them is not inside the picture."""
    for canvas, each in value.items():
        box(each, f"crop {canvas} {what}")


def point(value: Sequence[float], what: str) -> None:
    if len(value) != len(("x", "y")) or not all(0 <= each <= 1 for each in value):
        raise CatalogueError(f"The {what} is {list(value)}; write x and y, each from 0 to 1.")


def size(value: int, what: str) -> None:
    if value < 1:
        raise CatalogueError(f"The {what} is {value} pixels; write at least 1.")


def moment(value: float | None, what: str) -> None:
    if value is not None and not math.isfinite(value):
        raise CatalogueError(f"{what} is {value}; write Unix seconds, or leave it out.")


def unique(values: Sequence[str], what: str) -> None:
    if len(set(values)) == len(values):
        return
    twice = next(value for number, value in enumerate(values) if value in values[:number])
    raise CatalogueError(f"The {what} {twice!r} is listed twice; remove or rename one.")


def _check_shape(pattern: re.Pattern[str], value: str, what: str, remedy: str) -> None:
    if not pattern.fullmatch(value):
        article = "an" if what[0] in "aeiou" else "a"
        raise CatalogueError(f"{value!r} is not {article} {what}; {remedy}.")
