"""The structure of a picture file: the end of the picture, and the cost of decoding it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from assets.picture import PictureError
from assets.rendering.file_kinds import described, hidden

Kind = Literal["JPEG", "PNG", "WEBP"]
Size = tuple[int, int]

MOST_PARTS: Final = 50_000
"""Chunks or segments; a 64 MiB picture saved in the usual way has 8,000."""
MOST_SCANS: Final = 100
"""Passes over a progressive JPEG; encoders make 10, and each costs as much as decoding a small picture."""

_RIFF_HEAD: Final = 8
"""Bytes of a chunk's name and length."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_UNKNOWN: Final[Size] = (0, 0)

# A marker of JPEG is a byte after 0xFF, except for those that entropy-coded data holds (ITU-T T.81, B.1.1).
_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
END_OF_IMAGE, START_OF_SCAN = 0xD9, 0xDA
_WITHOUT_LENGTH: Final = frozenset({0x01, 0xD8, END_OF_IMAGE})
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})


@dataclass(frozen=True, slots=True)
class Container:
    """The structure of a file, read before any decoder runs.

    Width and height, as `size`, are 0 if the file does not give them. The picture ends before the offset `end`.
    `buffered` counts the samples that a JPEG decoder has to keep at the same time, 0 if it decodes line by line.
    """

    kind: Kind
    end: int
    size: Size
    buffered: int = 0


def kind_of(head: bytes) -> Kind | None:
    """Return the supported kind of picture that a file begins like."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(_PNG):
        return "PNG"
    return "WEBP" if head.startswith(b"RIFF") and head[8:12] == b"WEBP" else None


def examine(content: bytes, name: str) -> Container:
    """Find the picture; raises `PictureError` if it is missing, cut short, or not the only content of the file."""
    kind = kind_of(content)
    if kind is None:
        raise no_picture(content, name)
    container = _READERS[kind](content, name)
    if what := hidden(content, container.end):
        raise PictureError(f"{name!r} is a picture and {what} in one file; export the picture again.")
    return container


def _jpeg(content: bytes, name: str) -> Container:
    scans, size, buffered, marker, frame = 0, _UNKNOWN, 0, 0, b""
    for found, segment, end in segments(content, name):
        if found == END_OF_IMAGE:
            return Container("JPEG", end, size, buffered)
        if found in _FRAMES:
            marker, frame = found, segment
            size = int.from_bytes(frame[5:7], "big"), int.from_bytes(frame[3:5], "big")
        elif found == START_OF_SCAN:
            scans += 1
            # A scan of less than all components means that more scans have to follow.
            if marker in _PROGRESSIVE or segment[2:3] < frame[7:8]:
                buffered = max(buffered, _samples(frame, size))
        if scans > MOST_SCANS:
            raise PictureError(f"{name!r} is a JPEG of more than {MOST_SCANS} scans; export it again.")
    raise _cut_short(name)


def segments(content: bytes, name: str) -> Iterator[tuple[int, bytes, int]]:
    """Yield marker, content (its length of two bytes first) and end of each segment; pixels are passed over."""
    at = 2
    for _ in range(MOST_PARTS):
        found = _MARKER.search(content, at)
        if found is None:
            return
        marker, at = content[found.end() - 1], found.end()
        length = 0 if marker in _WITHOUT_LENGTH else int.from_bytes(content[at : at + 2], "big")
        yield marker, content[at : at + length], at + length
        at += length
    raise _crowded(name)


def _samples(frame: bytes, size: Size) -> int:
    """Count the samples of all components: those of colour are often at a half or a quarter of the resolution."""
    factors = [(byte >> 4) * (byte & 15) for byte in frame[9::3]]
    return size[0] * size[1] * sum(factors) // max(1, *factors, 1)


def _png(content: bytes, name: str) -> Container:
    size = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    end = max(end for _, _, end in chunks_of_png(content, name))
    return Container("PNG", end, size)


def chunks_of_png(content: bytes, name: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of each chunk up to the last one, which is IEND."""
    at = len(_PNG)
    for _ in range(MOST_PARTS):
        start, kind = at, content[at + 4 : at + 8]
        at += 12 + int.from_bytes(content[at : at + 4], "big")
        if at > len(content):
            raise _cut_short(name)
        yield kind, start, at
        if kind == b"IEND":
            return
    raise _crowded(name)


def _webp(content: bytes, name: str) -> Container:
    length = int.from_bytes(content[4:8], "little")
    if 8 + length > len(content):
        raise _cut_short(name)
    return Container("WEBP", min(len(content), 8 + length + length % 2), _webp_size(content))


def chunks_of_webp(content: bytes, start: int, stop: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each chunk in this part of a file. The last one may be cut short."""
    while start + _RIFF_HEAD <= stop:
        kind, begins = content[start : start + 4], start + _RIFF_HEAD
        ends = begins + int.from_bytes(content[start + 4 : begins], "little")
        yield kind, content[begins : min(ends, stop)]
        start = ends + (ends - begins) % 2


def _webp_size(content: bytes) -> Size:
    """Read the size out of the first chunk (RFC 9649, section 2.4 to 2.7)."""
    kind, body = content[12:16], content[20:32]
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF


_READERS: Final[dict[Kind, Callable[[bytes, str], Container]]] = {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp}


def no_picture(content: bytes, name: str) -> PictureError:
    """Return the error for a file that is not a JPEG, PNG or WebP picture."""
    if not content:
        return PictureError(f"{name!r} is empty; export it again.")
    what = described(content)
    if what is None:
        return PictureError(f"{name!r} is not a JPEG, PNG or WebP picture; export it as one.")
    return PictureError(f"{name!r} is {what}, not a JPEG, PNG or WebP picture; export it as one.")


def _cut_short(name: str) -> PictureError:
    return PictureError(f"{name!r} is cut short; export or copy it again.")


def _crowded(name: str) -> PictureError:
    return PictureError(f"{name!r} consists of more than {MOST_PARTS} parts; export it again.")
