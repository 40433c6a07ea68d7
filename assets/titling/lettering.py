"""A name as lines of shaped runs, each in the font that has its characters, measured and drawn."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from PIL import Image, ImageDraw

from assets.titling.bidi import levels, right_to_left, visual
from assets.titling.breaking import MOST_LINES, Stretch, breaks, broken, clusters, stretches
from assets.titling.fonts import Typeface, typeface_for

LEADING: Final = 1.16
"""Ems from one baseline to the next, unless letters would touch."""
AIR: Final = 0.1
"""Ems between the lowest mark of a line and the highest of the next one."""

_RTL_LANGUAGES: Final = frozenset({"ar", "fa", "he", "iw", "ur", "ps", "sd", "ug", "yi", "dv", "ckb"})
MEASURE: Final = 64
"""Pixels to the em at which lines are compared."""


@dataclass(frozen=True, slots=True)
class Run:
    """Characters that are shaped together: of one direction, in one font."""

    text: str
    typeface: Typeface
    rtl: bool


@dataclass(frozen=True, slots=True)
class Ink:
    """The extent of a line's marks, in pixels from its beginning on the baseline."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Line:
    """Runs from left to right."""

    runs: tuple[Run, ...]
    language: str

    def ink(self, size: int) -> Ink:
        boxes = [
            (x + box[0], box[1], x + box[2], box[3])
            for x, run in self._placed(size)
            if (box := self._box(run, size))[2] > box[0]
        ]
        if not boxes:
            return Ink(0, 0, 0, 0)
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return Ink(min(lefts), min(tops), max(rights), max(bottoms))

    def draw(self, mask: Image.Image, x: float, y: float, size: int) -> None:
        """Draw onto an `L` picture, white, with the beginning of the line's baseline at x, y."""
        pen = ImageDraw.Draw(mask)
        for offset, run in self._placed(size):
            font = run.typeface.sized(size)
            place = (x + offset, y)
            pen.text(place, run.text, 255, font, "ls", direction=_direction(run), language=self.language)

    def _placed(self, size: int) -> Iterator[tuple[float, Run]]:
        x = 0.0
        for run in self.runs:
            yield x, run
            font = run.typeface.sized(size)
            x += font.getlength(run.text, direction=_direction(run), language=self.language)

    def _box(self, run: Run, size: int) -> tuple[float, float, float, float]:
        font = run.typeface.sized(size)
        return font.getbbox(run.text, direction=_direction(run), language=self.language, anchor="ls")


@dataclass(frozen=True, slots=True)
class Lettering:
    """A name broken into lines; sizes are pixels to the em, and 0 faults means a perfect setting."""

    lines: tuple[Line, ...]
    rtl: bool
    faults: float

    def extent(self, size: int) -> tuple[float, float]:
        inks = [line.ink(size) for line in self.lines]
        last = self._baselines(inks, size)[-1]
        return max(ink.right - ink.left for ink in inks), last + inks[-1].bottom

    def draw(self, mask: Image.Image, box: tuple[float, float, float, float], size: int) -> None:
        """Draw onto an `L` picture, from the top of a box, against that side of it where lines begin."""
        inks = [line.ink(size) for line in self.lines]
        for line, ink, baseline in zip(self.lines, inks, self._baselines(inks, size), strict=True):
            x = box[2] - ink.right if self.rtl else box[0] - ink.left
            line.draw(mask, math.floor(x), math.floor(box[1] + baseline), size)

    def _baselines(self, inks: Sequence[Ink], size: int) -> list[float]:
        baselines = [-inks[0].top]
        for above, below in pairwise(inks):
            step = max(LEADING * size, above.bottom - below.top + AIR * size)
            baselines.append(baselines[-1] + step)
        return baselines


def letterings(
    text: str, locale: str, typefaces: Sequence[Typeface], *, unspaced: bool = False
) -> list[Lettering]:
    """Return the name in one line, and in its best two and three, where it can be broken.

    `text` is tidied; `unspaced` as in `breaks`. Raises `PictureError` for a character that no font has.
    """
    setting = _Setting(text, locale, typefaces)
    possible = breaks(text, unspaced=unspaced)
    lengths = [setting.length(part) for part in stretches(text, possible)]
    most = min(MOST_LINES, len(possible) + 1)
    chosen = [broken(possible, lengths, count) for count in range(1, most + 1)]
    return [setting.lettering(stretches(text, each), faults) for each, faults in chosen]


class _Setting:
    """A name with each character's direction and font, to cut lines from."""

    def __init__(self, text: str, locale: str, typefaces: Sequence[Typeface]) -> None:
        self._text = text
        self._language = locale
        self._typefaces = typefaces
        self._rtl = _runs_right_to_left(text, locale)
        self._levels = levels(text, rtl=self._rtl)
        self._fonts = _fonts(text, typefaces)

    def lettering(self, parts: Sequence[Stretch], faults: float) -> Lettering:
        return Lettering(tuple(self._line(part) for part in parts), self._rtl, faults)

    def length(self, part: Stretch) -> float:
        ink = self._line(part).ink(MEASURE)
        return ink.right - ink.left

    def _line(self, part: Stretch) -> Line:
        order = self._levels[part.start : part.end]
        runs = [run for indices in visual(order) for run in self._runs(indices, part.start, order)]
        if part.hyphen:
            hyphen = Run("-", typeface_for("-", self._typefaces), self._rtl)
            runs = [hyphen, *runs] if self._rtl else [*runs, hyphen]
        return Line(tuple(runs), self._language)

    def _runs(self, indices: Sequence[int], start: int, order: Sequence[int]) -> list[Run]:
        """Return the runs of one level from left to right, divided where the font changes."""
        rtl = order[indices[0]] % 2 == 1
        runs = [
            Run("".join(self._text[start + index] for index in group), typeface, rtl)
            for typeface, group in groupby(indices, key=lambda index: self._fonts[start + index])
        ]
        return runs[::-1] if rtl else runs


def _fonts(text: str, typefaces: Sequence[Typeface]) -> list[Typeface]:
    """Return the font of each character: one for a whole cluster, and blanks in that of what they follow."""
    fonts: list[Typeface] = []
    for cluster in clusters(text):
        follows = bool(fonts) and cluster.isspace() and ord(cluster[0]) in fonts[-1].covered
        fonts.extend([fonts[-1] if follows else typeface_for(cluster, typefaces)] * len(cluster))
    return fonts


def _runs_right_to_left(text: str, locale: str) -> bool:
    """Whether the name as a whole does: it begins so, or it is in such a language and has a letter of it."""
    if locale.partition("-")[0].lower() in _RTL_LANGUAGES:
        return any(right_to_left(character) for character in text)
    return bool(right_to_left(text))


def _direction(run: Run) -> str:
    return "rtl" if run.rtl else "ltr"
