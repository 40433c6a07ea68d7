"""Ids, names and tags out of the names that people give files."""

import re
import unicodedata
from typing import Final

_LONGEST_SLUG: Final = 64
# fmt: off
_STOP_WORDS: Final = frozenset({
    "and", "are", "but", "for", "from", "into", "nor", "not", "off", "onto", "out", "over", "than", "that",
    "the", "their", "then", "this", "through", "too", "under", "upon", "was", "were", "with", "your",
})
# fmt: on


def slug(text: str) -> str:
    """The text as an id, accents dropped; empty where nothing usable is left."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:_LONGEST_SLUG].rstrip("-")


def title_name(text: str) -> str:
    """big-buck-bunny → Big Buck Bunny."""
    return " ".join(_capital(word) for word in _words(text))


def artwork_name(text: str) -> str:
    """night-launch-pad → Night launch pad."""
    return _capital(" ".join(_words(text)))


def tags(text: str) -> tuple[str, ...]:
    """lightning-over-pad → lightning, pad."""
    words = dict.fromkeys(slug(text).split("-"))
    return tuple(word for word in words if len(word) > 2 and word not in _STOP_WORDS)  # noqa: PLR2004


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", unicodedata.normalize("NFC", text)) if word]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]  # unlike str.capitalize, leaves McQueen alone
