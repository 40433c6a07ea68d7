"""Words for Vowpal Wabbit's text format that no input can turn into other features."""

from functools import lru_cache
from urllib.parse import quote


@lru_cache(maxsize=1 << 16)
def word(text: str) -> str:
    """Return `text` with all but letters, digits, `_`, `.` and `-` percent-encoded, each text differently.

    A space, `:` or `|` would end the feature and silently begin another (VW wiki, "Input format"), and VW reads
    digits alone as a number: 7 would be 007. Callers may mark their features with `~`. Lone surrogates, which JSON
    can contain, are encoded too.
    """
    if text.isascii() and text.isdigit():
        return f"%{ord(text[0]):X}{text[1:]}"
    return quote(text, safe="", errors="surrogatepass").replace("~", "%7E") or "%"


def number(value: float) -> str:
    return f"{value:.4g}"
