"""The best layout and size of a name on a picture."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PIL import Image

from assets.crop import Point
from assets.looks.planes import Plane, blurred, grey, scaled
from assets.looks.saliency import saliency
from assets.titling.fonts import typefaces
from assets.titling.lettering import MEASURE, Lettering, letterings
from assets.titling.scrim import Rect, distance

MARGIN: Final = 0.05
"""The share of each side's length that stays free of letters."""
SMALLEST_EM: Final = 0.044
"""Pixels to the em as a share of the width: 14 where a picture is shown 320 wide, capitals 10 high."""
FEWEST_PIXELS: Final = 9
"""Pixels to the em below which letters are no longer drawn but guessed at."""

_LARGEST_EM: Final = 0.115
"""Pixels to the em as a share of the square root of the area, which suits wide stills and tall posters."""
_STEP: Final = 0.93
"""The factor from one size that is tried to the next."""
_HIGHEST: Final = 0.5
"""The share of the height that letters may take."""
_USUAL: Final = 0.6
"""The share of a wide picture's width that letters should leave it at: the other part is the subject's."""

# Costs of a layout: each halving of the greatest size, the covered parts, the position, and the line breaks.
_SMALL: Final = 1.1
_COVERED: Final = 2.4
_BUSY: Final = 0.22
_PEAK: Final = 0.4
_WIDE: Final = 6.0
_TOP: Final = 0.35
_OTHER_SIDE: Final = 0.12
_FAULTS: Final = 0.4
_NEAR: Final = 0.5

_AWAY: Final = 0.3
"""The distance from a face that letters should keep, as a share of the square root of the area."""
_FACE_AIR: Final = 0.7
"""Ems between letters and a face, the least there may be."""
_SIDE: Final = 64
_EYE: Final = (0.5, 0.42)
"""The likely position of the subject in a crop, across and down, if no focus is known."""
_SPREAD: Final = 0.2


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a name, in pixels. `size` is the height of an em; a lower `cost` is better."""

    lettering: Lettering
    size: int
    box: Rect
    low: bool
    right: bool
    cost: float


def placed(
    crop: Image.Image, text: str, locale: str, faces: Sequence[Rect], focus: Point | None = None
) -> Layout | None:
    """Return the best layout, if any. Text without spaces is broken only if it does not fit in one piece."""
    attention = _attention(crop, focus or _EYE)
    for unspaced in (False, True):
        settings = letterings(text, locale, typefaces(), unspaced=unspaced)
        layouts = [layout for each in settings for layout in _layouts(crop, each, attention, faces)]
        exact = (_exact(layout, crop.size) for layout in sorted(layouts, key=lambda layout: layout.cost))
        best = next((layout for layout in exact if _allowed(layout.box, layout.size, crop.size, faces)), None)
        if best is not None:
            return best
    return None


def _layouts(crop: Image.Image, lettering: Lettering, attention: Plane, faces: Sequence[Rect]) -> Iterator[Layout]:
    """Find layouts for every size, each with its cost. Extents are scaled from those of one size."""
    largest = _LARGEST_EM * math.sqrt(crop.width * crop.height)
    wide, high = lettering.extent(MEASURE)
    for size in _sizes(largest, max(SMALLEST_EM * crop.width, FEWEST_PIXELS)):
        extent = wide * size / MEASURE, high * size / MEASURE
        smallness = _SMALL * math.log2(largest / size) + _FAULTS * lettering.faults
        for low in (True, False):
            for right in (False, True):
                box = _corner(extent, crop.size, low=low, right=right)
                if _allowed(box, size, crop.size, faces):
                    cost = smallness + _cost(box, crop.size, attention) + _NEAR * _nearness(box, crop.size, faces)
                    cost += _TOP * (not low) + _OTHER_SIDE * (right != lettering.rtl)
                    yield Layout(lettering, size, box, low, right, cost)


def _exact(layout: Layout, size: tuple[int, int]) -> Layout:
    extent = layout.lettering.extent(layout.size)
    return replace(layout, box=_corner(extent, size, low=layout.low, right=layout.right))


def _allowed(box: Rect, em: int, size: tuple[int, int], faces: Sequence[Rect]) -> bool:
    """Whether letters in the box leave the margins, the subject and the faces free."""
    wide, high = box[2] - box[0], box[3] - box[1]
    fits = wide <= (1 - 2 * MARGIN) * size[0] and high <= _HIGHEST * size[1]
    return fits and all(distance(box, face) >= _FACE_AIR * em for face in faces)


def _nearness(box: Rect, size: tuple[int, int], faces: Sequence[Rect]) -> float:
    """Return 1 if a face touches the box, and 0 if no face is near enough to be darkened by the gradient."""
    away = min((distance(box, face) for face in faces), default=math.inf)
    return max(0.0, 1 - away / (_AWAY * math.sqrt(size[0] * size[1])))


def _sizes(largest: float, smallest: float) -> Iterator[int]:
    before, size = 0, largest
    while size > smallest * _STEP:
        whole = math.ceil(max(size, smallest))
        if whole != before:
            yield whole
        before, size = whole, size * _STEP


def _corner(extent: tuple[float, float], size: tuple[int, int], *, low: bool, right: bool) -> Rect:
    wide, high = math.ceil(extent[0]) + 1, math.ceil(extent[1]) + 1  # lines begin at whole pixels
    across, down = math.ceil(MARGIN * size[0]), math.ceil(MARGIN * size[1])
    left = size[0] - across - wide if right else across
    top = size[1] - down - high if low else down
    return (left, top, left + wide, top + high)


def _cost(box: Rect, size: tuple[int, int], attention: Plane) -> float:
    """Return what it costs to cover a box: by its share of all attention, its crowd and its greatest draw."""
    down, across = attention.shape
    columns = slice(math.floor(box[0] / size[0] * across), math.ceil(box[2] / size[0] * across))
    lines = slice(math.floor(box[1] / size[1] * down), math.ceil(box[3] / size[1] * down))
    covered = attention[lines, columns]
    busy = _COVERED * covered.sum() + _BUSY * covered.mean() * attention.size
    if size[0] > size[1]:
        busy += _WIDE * max(0.0, (box[2] - box[0]) / size[0] - _USUAL)
    return float(busy + _PEAK * (covered.max() / attention.max()) ** 2)


def _attention(crop: Image.Image, eye: Point) -> Plane:
    """Return how much each point draws the eye, by its saliency and by its detail; the sum is 1."""
    striking = saliency(crop)
    light = grey(scaled(crop, _SIDE))
    down, across = np.gradient(np.pad(light, 1, mode="edge"))
    detail = blurred(np.hypot(down, across)[1:-1, 1:-1] + 1, 1.5)
    parts = 0.4 * striking, 0.35 * detail / detail.sum(), 0.25 * _about(eye, *light.shape)
    return sum(parts, np.zeros_like(light))


def _about(eye: Point, down: int, across: int) -> Plane:
    """Return how likely the subject is at each point of a crop that was put around it; the sum is 1."""
    y = (np.arange(down)[:, None] + 0.5) / down - eye[1]
    x = (np.arange(across)[None, :] + 0.5) / across - eye[0]
    likely = np.exp(-0.5 * (x**2 + y**2) / _SPREAD**2)
    return np.asarray(likely / likely.sum(), dtype=np.float64)
