"""A picture file without what its camera and its author wrote into it: only pixels, colours and orientation stay.

The parts to keep are listed, not the parts to drop. A place can be in Exif, in XMP, in IPTC fields, in a maker's
notes, in the preview of a video, and in parts that nobody knows yet. Compressed pixels are copied as they are.
"""

import zlib
from collections.abc import Iterator
from typing import Final

from assets.rendering.container import (
    END_OF_IMAGE,
    START_OF_SCAN,
    Container,
    chunks_of_png,
    chunks_of_webp,
    segments,
)
from assets.rendering.decoding import UPRIGHT

_APP0, _APP1, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_JFIF_SIZE: Final = 14
"""Bytes of a JFIF header before its thumbnail."""
_ADOBE_SIZE: Final = 12
"""Bytes of Adobe's segment, the last of which says how the colours are written."""

_PNG_SIGNATURE: Final = 8
_PNG_KEPT: Final = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"cHRM", b"gAMA", b"iCCP", b"sRGB", b"cICP", b"sBIT"}
)

_WEBP_KEPT: Final = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"ANIM"})
_WEBP_FRAME: Final = b"ANMF"
_FRAME_HEAD: Final = 16
_WEBP_METADATA, _WEBP_EXIF = 0x0C, 0x08
"""The flags of Exif and XMP, and of Exif alone (RFC 9649, section 2.7.1)."""


def stripped(content: bytes, container: Container, orientation: int) -> bytes:
    """Return the file without metadata. `orientation` is the value of Exif by which it was turned upright."""
    kept = {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp}[container.kind](content, orientation)
    return b"".join(kept)


def _exif(orientation: int) -> bytes:
    """Return a TIFF structure with one field: the orientation, as a short number."""
    field = (0x0112).to_bytes(2, "big") + (3).to_bytes(2, "big") + (1).to_bytes(4, "big")
    value = orientation.to_bytes(2, "big") + bytes(2)
    return b"MM\x00*" + (8).to_bytes(4, "big") + (1).to_bytes(2, "big") + field + value + bytes(4)


def _jpeg(content: bytes, orientation: int) -> Iterator[bytes]:
    """Yield what decoders need; bytes between two segments stay only where they are pixels."""
    yield content[:2]
    if orientation != UPRIGHT:
        yield _segment(_APP1, b"Exif\x00\x00" + _exif(orientation))
    pixels_from = None
    for marker, segment, end in segments(content, "original"):
        if pixels_from is not None:
            yield content[pixels_from : end - len(segment) - 2]
        pixels_from = end if marker == START_OF_SCAN else None
        if marker == END_OF_IMAGE:
            yield content[end - 2 : end]
            return
        yield _kept(marker, segment[2:]) if _is_described(marker) else content[end - len(segment) - 2 : end]


def _is_described(marker: int) -> bool:
    return _APP0 <= marker <= _APP15 or marker == _COMMENT


def _kept(marker: int, body: bytes) -> bytes:
    """Return the kept part of a segment that an application wrote: no thumbnail, no text, no second picture."""
    if marker == _APP0 and body.startswith(b"JFIF\x00") and len(body) >= _JFIF_SIZE:
        return _segment(marker, body[: _JFIF_SIZE - 2] + bytes(2))
    if marker == _APP2 and body.startswith(b"ICC_PROFILE\x00"):
        return _segment(marker, body)
    if marker == _APP14 and body.startswith(b"Adobe") and len(body) >= _ADOBE_SIZE:
        return _segment(marker, body[:_ADOBE_SIZE])
    return b""


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def _png(content: bytes, orientation: int) -> Iterator[bytes]:
    yield content[:_PNG_SIGNATURE]
    for kind, start, end in chunks_of_png(content, "original"):
        if kind in _PNG_KEPT:
            yield content[start:end]
        if kind == b"IHDR" and orientation != UPRIGHT:
            yield _png_chunk(b"eXIf", _exif(orientation))


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def _webp(content: bytes, orientation: int) -> Iterator[bytes]:
    parts = list(_webp_parts(content, 12, 8 + int.from_bytes(content[4:8], "little"), orientation))
    if orientation != UPRIGHT:
        parts.append(_webp_chunk(b"EXIF", _exif(orientation)))
    yield b"RIFF" + (4 + sum(map(len, parts))).to_bytes(4, "little") + b"WEBP"
    yield from parts


def _webp_parts(content: bytes, start: int, stop: int, orientation: int) -> Iterator[bytes]:
    for kind, body in chunks_of_webp(content, start, stop):
        if kind == b"VP8X":
            flags = body[0] & ~_WEBP_METADATA | (_WEBP_EXIF if orientation != UPRIGHT else 0)
            yield _webp_chunk(kind, bytes((flags,)) + body[1:])
        elif kind == _WEBP_FRAME:
            inner = b"".join(_webp_parts(body, _FRAME_HEAD, len(body), orientation))
            yield _webp_chunk(kind, body[:_FRAME_HEAD] + inner)
        elif kind in _WEBP_KEPT:
            yield _webp_chunk(kind, body)


def _webp_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)
