"""Words that no input can turn into something else in Vowpal Wabbit's text format."""

from functools import lru_cache
from urllib.parse import quote


@lru_cache(maxsize=1 << 16)
def word(text: str) -> str:
    """Return `text` with everything but letters, digits, `_`, `.` and `-` percent-encoded, each text differently.

    A space, `:` or `|` would end the feature and silently begin another (VW wiki, "Input format"), and VW reads
    digits alone as a number: 7 would be 007. `~` is left to those who mark features of their own with it.
    Lone surrogates, which JSON can carry, are encoded too.
    """
    if text.isascii() and text.isdigit():
        return f"%{ord(text[0]):X}{text[1:]}"
    return quote(text, safe="", errors="surrogatepass").replace("~", "%7E") or "%"


def number(value: float) -> str:
    return f"{value:.4g}"
