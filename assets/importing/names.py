"""Ids, names and tags, made from the names of files."""

import re
import unicodedata
from typing import Final

from anyascii import anyascii

LONGEST_SLUG: Final = 64
# fmt: off
_STOP_WORDS: Final = frozenset({
    "and", "are", "but", "for", "from", "into", "nor", "not", "off", "onto", "out", "over", "than", "that",
    "the", "their", "then", "this", "through", "too", "under", "upon", "was", "were", "with", "your",
})
# fmt: on


def slug(text: str) -> str:
    """Return the text as an id: accents dropped, other scripts written in Latin letters; perhaps empty."""
    return _slug("".join(map(_latin, unicodedata.normalize("NFC", text))))


def latin_slug(text: str) -> str:
    """Return the text as an id without letters of other scripts; that is how ids were made once."""
    return _slug(_ascii(text))


def title_name(text: str) -> str:
    """big-buck-bunny → Big Buck Bunny."""
    return " ".join(_capital(word) for word in _words(text)) or text


def artwork_name(text: str) -> str:
    """night-launch-pad → Night launch pad."""
    return _capital(" ".join(_words(text))) or text


def tags(text: str) -> tuple[str, ...]:
    """lightning-over-pad → lightning, pad."""
    words = dict.fromkeys(slug(text).split("-"))
    return tuple(word for word in words if len(word) > 2 and word not in _STOP_WORDS)  # noqa: PLR2004


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:LONGEST_SLUG].rstrip("-")


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _latin(character: str) -> str:
    """Write a letter, a digit or a mark in ASCII. Signs that ASCII lacks are dropped, as they always were."""
    plain = _ascii(character)
    if plain or unicodedata.category(character)[0] not in "LMN":
        return plain
    return "".join(filter(str.isalnum, anyascii(character)))  # without the apostrophe for a soft sign


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", unicodedata.normalize("NFC", text)) if word]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]  # unlike str.capitalize, leaves McQueen alone
