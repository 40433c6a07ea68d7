"""The kinds of files that are not pictures, or that are something else as well."""

from typing import Final

# First bytes of files that run, open or unpack; a picture is refused if it is such a file as well.
_ACTIVE: Final = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x1f\x8b\x08", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"%PDF-", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"\xd0\xcf\x11\xe0", "an Office document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"#!", "a script"),
)
_PASSIVE: Final = (
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"BM", "a BMP picture"),
    (b"8BPS", "a Photoshop document"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x1aE\xdf\xa3", "a video"),
)
_MARKUP: Final = (
    (b"<svg", "an SVG drawing"),
    (b"<!doctype", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<script", "an HTML page"),
    (b"<?php", "a script"),
)
_FOUND_ANYWHERE: Final = (*_ACTIVE[2:4], *_MARKUP, *_ACTIVE[7:8])
_STILL_BRANDS: Final = frozenset({b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"})

_PICTORIAL: Final = ("picture", "drawing", "Photoshop document", "icon")
"""The endings of descriptions that mean a picture of another kind."""
_BMP_HEADERS: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""The sizes that the second header of a BMP picture has: two letters alone begin many a text."""

_PDF_HEADER: Final = 1024
"""Readers of PDF look for its header so far into a file."""
_ZIP_END: Final = b"PK\x05\x06"
_ZIP_END_SIZE: Final = 22
_ZIP_TAIL: Final = _ZIP_END_SIZE + 0xFFFF
"""Readers of ZIP look for its end record so far from a file's end."""


def described(content: bytes) -> str | None:
    """Describe a file that is not a supported picture; None if its kind is not known."""
    text = content[:1024].lstrip(b"\xef\xbb\xbf\t\r\n ").lower()
    if content[4:8] == b"ftyp":
        return "an AVIF or HEIC picture" if content[8:12] in _STILL_BRANDS else "a video"
    if content.startswith(b"RIFF"):
        return "a video or a sound"
    if text.startswith((b"<?xml", b"<!--")):
        return "an SVG drawing" if b"<svg" in text else "an XML document"
    by_text = (what for magic, what in _MARKUP if text.startswith(magic))
    by_magic = (what for magic, what in (*_ACTIVE, *_PASSIVE) if content.startswith(magic))
    what = next(by_text, None) or next(by_magic, None)
    if what == "a BMP picture" and int.from_bytes(content[14:18], "little") not in _BMP_HEADERS:
        return None
    return what


def other_picture(head: bytes) -> str | None:
    what = described(head)
    return what if what and what.endswith(_PICTORIAL) else None


def hidden(content: bytes, end: int) -> str | None:
    """Describe the other kind that a picture file has; the video, depth map or notes of a camera are harmless."""
    trailer = content[end:]
    begins = trailer.lstrip(b"\x00\t\r\n ")[:16]
    searched = trailer.lower()
    if content.startswith(b"\xff\xd8\xff\xe0/*"):
        return "a script"
    if b"%PDF-" in content[:_PDF_HEADER]:
        return "a PDF document"
    if _ends_as_zip(content):
        return "a ZIP archive"
    for magic, what in _ACTIVE:
        if begins.startswith(magic):
            return what
    return next((what for magic, what in _FOUND_ANYWHERE if magic.lower() in searched), None)


def _ends_as_zip(content: bytes) -> bool:
    """Whether an end record near the file's end points at a central directory right before it."""
    tail = max(0, len(content) - _ZIP_TAIL)
    at = content.rfind(_ZIP_END, tail)
    while at >= 0:
        size = int.from_bytes(content[at + 12 : at + 16], "little")
        if size == 0 or (at >= size and content.startswith(b"PK\x01\x02", at - size)):
            return True
        at = content.rfind(_ZIP_END, tail, at)
    return False
