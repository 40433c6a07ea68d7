"""How often a profile was shown each of its latest pictures, in few bytes."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from struct import Struct, unpack_from
from zlib import crc32

LATEST = 128
"""The most pictures of a profile whose showings are counted: those that were shown last."""
MOST = 255
"""A count does not rise beyond this number."""
Showings = Mapping[int, int]
"""The counts by the marks of pictures."""
NONE: Showings = {}
_MARK = Struct(">I")
_WIDTH = _MARK.size
_ENTRY = _WIDTH + 1
"""Bytes of a picture: its mark is among all marks, and its count is in the same order among those behind."""


def shown(showings: bytes, picture: str) -> bytes:
    """Return the counts after one more showing of a picture, which becomes the latest.

    Pictures are told apart by check sums of 32 bits. If two candidates shared one, both would count as shown. One
    in 30 million pictures has the check sum of one of 128 others.
    """
    mark, n = _MARK.pack(_mark_of(picture)), len(showings) // _ENTRY
    marks, counts, count = showings[: n * _WIDTH], showings[n * _WIDTH :], 0
    at = _find(marks, mark)
    if at >= 0:
        index = at // _WIDTH
        count = counts[index]
        marks, counts = marks[:at] + marks[at + _WIDTH :], counts[:index] + counts[index + 1 :]
    latest = bytes((min(MOST, count + 1),))
    return (marks + mark)[-LATEST * _WIDTH :] + (counts + latest)[-LATEST:]


def by_mark(showings: bytes) -> Showings:
    n = len(showings) // _ENTRY
    return dict(zip(unpack_from(f">{n}I", showings), showings[n * _WIDTH :], strict=False)) if n else NONE


def times(showings: Showings, pictures: Iterable[str]) -> tuple[int, ...]:
    """Return how often each picture was shown, in their order; an empty tuple if none was."""
    found = tuple([showings.get(_mark_of(picture), 0) for picture in pictures])
    return found if any(found) else ()


def by_picture(pictures: Iterable[str], times: Iterable[int]) -> Mapping[str, int]:
    """Return the counts of the pictures that were shown at all."""
    return {picture: count for picture, count in zip(pictures, times, strict=False) if count}


@lru_cache(maxsize=1 << 14)
def _mark_of(picture: str) -> int:
    return crc32(picture.encode(errors="surrogatepass"))


def _find(marks: bytes, mark: bytes) -> int:
    """Return where a mark begins, -1 if it is not there; parts of two others may look like it."""
    at = marks.find(mark)
    while at > 0 and at % _WIDTH:
        at = marks.find(mark, at + 1)
    return at
