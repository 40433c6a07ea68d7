"""The fonts for names: their files, and the characters that each of them has."""

import os
import re
import struct
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from PIL import ImageFont, features

from assets.picture import PictureError

PACKAGE: Final = "manimgx_fonts"
"""The package that the extra `fonts` installs."""
BASE: Final = "NotoSans"
"""The family that has Latin, Greek and Cyrillic letters, digits and punctuation."""
BOLD: Final = 700

_MACHINE: Final = (
    "~/.local/share/fonts",
    "~/.fonts",
    "/usr/local/share/fonts",
    "/usr/share/fonts/truetype/noto",  # Debian, Ubuntu
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/noto",  # Arch, Alpine
    "/usr/share/fonts/noto-cjk",
    "/usr/share/fonts/google-noto",  # Fedora
    "/usr/share/fonts/google-noto-vf",
    "/usr/share/fonts/google-noto-sans-cjk-fonts",
    "/usr/share/fonts/google-noto-sans-cjk-vf-fonts",
    "/usr/share/fonts/truetype/dejavu",
    "~/Library/Fonts",  # macOS
    "/Library/Fonts",
    "/System/Library/Fonts",
    "/System/Library/Fonts/Supplemental",
)
_FILE: Final = re.compile(r"(NotoSans[A-Za-z]*)(?:-Bold|-VF|\[[a-z,]*wght\])?\.(?:ttf|otf|ttc|otf\.ttc)")
_UNSUITED: Final = re.compile(r"NotoSans(?:Mono|Display|SignWriting|.*UI)")
_LAST_RESORTS: Final = ("DejaVuSans-Bold.ttf", "Arial Unicode.ttf")

_EASTERN: Final = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC")
_INSTALL: Final = "install keyart[fonts] or Debian's fonts-noto-core"


@dataclass(frozen=True, slots=True)
class Typeface:
    """A font file in its bold weight."""

    path: Path

    @property
    def covered(self) -> frozenset[int]:
        return _covered(self.path)

    def sized(self, size: int) -> ImageFont.FreeTypeFont:
        return _sized(self.path, size)


@cache
def typefaces() -> tuple[Typeface, ...]:
    """Return the fonts of the extra and then of the machine; `PictureError` if there are none."""
    return typefaces_in([*_package(), *(Path(folder).expanduser() for folder in _MACHINE)])


def typefaces_in(folders: Sequence[Path]) -> tuple[Typeface, ...]:
    """Return the folders' fonts, the one for Latin, Greek and Cyrillic first, of each family the first found."""
    if not features.check_feature("raqm"):
        raise PictureError("Pillow has no Raqm here, which shapes letters; install Pillow's own wheel.")
    found: dict[str, Path] = {}
    for folder in folders:
        for path in _listed(folder):
            if family := _family(path.name):
                found.setdefault(family, path)
    if BASE in found:
        found = {family: path for family, path in found.items() if family not in _LAST_RESORTS}
    if not found:
        raise PictureError(f"Keyart found no font for names; {_INSTALL}.")
    families = sorted(found, key=lambda family: (family in _LAST_RESORTS, family != BASE, family))
    return tuple(Typeface(found[family]) for family in families)


def typeface_for(characters: Iterable[str], among: Sequence[Typeface]) -> Typeface:
    """Return the first font that has all the characters; `PictureError` names the one that is missing."""
    wanted = [character for character in characters if not _invisible(character)]
    for typeface in among:
        if all(ord(character) in typeface.covered for character in wanted):
            return typeface
    raise _missing(next((each for each in wanted if not _anywhere(each, among)), "".join(wanted)))


def _invisible(character: str) -> bool:
    """Whether it only says how its neighbours are shown: joiners, marks of direction, variation selectors."""
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"


def _anywhere(character: str, among: Sequence[Typeface]) -> bool:
    return any(ord(character) in typeface.covered for typeface in among)


def _missing(cluster: str) -> PictureError:
    name = unicodedata.name(cluster[0], "a character without a name")
    remedy = f"{_INSTALL}, or leave it out"
    if name.startswith(_EASTERN):
        remedy = "install Debian's fonts-noto-cjk"
    return PictureError(f"No installed font has {cluster!r} ({name}); {remedy}.")


def _package() -> list[Path]:
    spec = find_spec(PACKAGE)
    return [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []  # most machines lack most of the folders


def _family(name: str) -> str | None:
    if name in _LAST_RESORTS:
        return name
    match = _FILE.fullmatch(name)
    return match[1] if match and not _UNSUITED.match(name) else None


@lru_cache(maxsize=32)
def _sized(path: Path, size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(os.fspath(path), size, layout_engine=ImageFont.Layout.RAQM)
    try:
        axes = font.get_variation_axes()
    except OSError:
        return font  # it comes in one weight
    font.set_variation_by_axes(
        [
            min(BOLD, axis["maximum"] or BOLD) if axis["name"] == b"Weight" else axis["default"] or 0
            for axis in axes
        ]
    )
    return font


@cache
def _covered(path: Path) -> frozenset[int]:
    """Return the code points that the font has a glyph for, from its `cmap` table (OpenType 1.9.1, "cmap")."""
    try:
        return frozenset(code for code, glyph in _characters(path) if glyph)
    except (OSError, struct.error):
        return frozenset()  # not a font, or a damaged one


def _characters(path: Path) -> Iterator[tuple[int, int]]:
    table = _table(path, b"cmap")
    readers: dict[int, Callable[[bytes], Iterator[tuple[int, int]]]] = {4: _segments, 12: _groups}
    (count,) = struct.unpack_from(">H", table, 2)
    for record in range(count):
        (offset,) = struct.unpack_from(">I", table, 4 + 8 * record + 4)
        (form,) = struct.unpack_from(">H", table, offset)
        if form in readers:
            yield from readers[form](table[offset:])


def _table(path: Path, tag: bytes) -> bytes:
    """Return one table of a font file, or of the first font in a collection."""
    with path.open("rb") as file:
        head = file.read(16)
        start = struct.unpack_from(">I", head, 12)[0] if head.startswith(b"ttcf") else 0
        file.seek(start)
        (count,) = struct.unpack_from(">H", file.read(12), 4)
        for _ in range(count):
            name, _sum, offset, length = struct.unpack(">4sIII", file.read(16))
            if name == tag:
                file.seek(offset)
                return file.read(length)
    raise struct.error("no such table")


def _segments(table: bytes) -> Iterator[tuple[int, int]]:
    """Read format 4: segments that map by a difference, or by a list of glyphs."""
    (count,) = struct.unpack_from(">H", table, 6)
    half = count // 2
    ends, starts, deltas, offsets = (
        struct.unpack_from(f">{half}H", table, 14 + part * count + (2 if part else 0)) for part in range(4)
    )
    for i in range(half):
        for code in range(starts[i], min(ends[i], 0xFFFE) + 1):
            if not offsets[i]:
                yield code, (code + deltas[i]) & 0xFFFF
                continue
            place = 16 + 3 * count + 2 * i + offsets[i] + 2 * (code - starts[i])
            yield code, struct.unpack_from(">H", table, place)[0]


def _groups(table: bytes) -> Iterator[tuple[int, int]]:
    """Read format 12: runs of code points that follow each other as their glyphs do."""
    (count,) = struct.unpack_from(">I", table, 12)
    for start, end, glyph in struct.iter_unpack(">III", table[16 : 16 + 12 * count]):
        for code in range(start, min(end, 0x10FFFF) + 1):
            yield code, glyph + code - start
