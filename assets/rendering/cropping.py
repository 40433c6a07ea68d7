"""The choice of the part of a picture that a canvas shows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from assets.crop import ASPECTS, Box, Canvas, Point
from assets.looks.planes import Plane
from assets.looks.saliency import saliency

_PLACES: Final = 201
"""The number of evenly spread places that are tried along the free side."""

# Weights of a place: first the faces, then the focal point; saliency decides between equal places.
_FACES: Final = 10.0
_FOCUS: Final = 6.0
_SALIENCY: Final = 3.0
_CENTRE: Final = 0.5

_ROOM: Final = ((0.25, 0.25), (0.5, 0.25))
"""The air wanted before and after a face, across and down, as shares of its length; hats need it above."""
_AIR: Final = 0.5
"""The value of all this air, where a whole face has 1: less than the cost of cutting another face."""
_WHOLE: Final = 1 - 1e-9
_GRAZED: Final = 0.001
"""The share of a face that may show at a window's edge before it counts as cut."""
_CUT: Final = 3.0
"""The cost of a cut face, less its visible part: more than that of a face left out."""

_EYE: Final = (0.5, 0.42)
"""The place where the eye rests, across and down: heads are above the middle."""
_EASE: Final = 0.15
"""How far from there, as a share of the window, a focal point is still well placed."""
_LOST: Final = 3.0
"""The cost of leaving the focal point out, in units of the cost of an edge."""


@dataclass(frozen=True, slots=True)
class _Face:
    """A face along the side that the window moves on; weights add up to 1."""

    start: float
    end: float
    room: tuple[float, float]
    weight: float


def crop_box(
    glance: Image.Image, size: tuple[int, int], canvas: Canvas, focus: Point | None, faces: Sequence[Box]
) -> Box:
    """Return x, y, width and height of the crop, as shares of the picture's width and height.

    It is the greatest window of the canvas's shape. First, it shows faces whole, with air around them if possible;
    if there is no room for all, the smaller ones are left out rather than cut. Then the focal point (or else an
    only face) is near the eye's place. Then the window holds as much saliency as possible. `glance` is the small
    copy of a picture of that `size`.
    """
    across, down = ASPECTS[canvas]
    width = min(1.0, size[1] * across / down / size[0])
    height = min(1.0, size[0] * down / across / size[1])
    if min(width, height) >= 1:
        return (0.0, 0.0, 1.0, 1.0)
    axis = 0 if width < 1 else 1
    start = _best_start(min(width, height), axis, saliency(glance).sum(axis=axis), focus, faces)
    return (start, 0.0, width, 1.0) if axis == 0 else (0.0, start, 1.0, height)


def _best_start(length: float, axis: int, profile: Plane, focus: Point | None, faces: Sequence[Box]) -> float:
    """Return where on the axis (0 across, 1 down) a window of this length begins best."""
    spans = _along(axis, faces)
    starts = _starts(length, spans)
    centres = starts + length / 2
    score = _SALIENCY * _held(profile, centres, length) - _CENTRE * (2 * (centres - _EYE[axis])) ** 2
    for face in spans:
        score += _FACES * face.weight * _shown(face, starts, length)
    point = _focal(focus, faces)
    if point:
        score += _FOCUS * _placed((point[axis] - starts) / length, _EYE[axis])
    # Rounded, so that no machine's last digit decides between equals.
    return float(starts[int(np.argmax(np.round(score, 6)))])


def _starts(length: float, faces: Sequence[_Face]) -> Plane:
    """Return evenly spread places, and those at which a face only just comes in or leaves."""
    edges = np.array([edge for face in faces for edge in (face.start, face.end)])
    exact = np.clip(np.concatenate([edges, edges - length]), 0, 1 - length)
    return np.union1d(np.linspace(0, 1 - length, _PLACES), exact)


def _held(profile: Plane, centres: Plane, length: float) -> Plane:
    """Return how much of the profile each window holds; parts near its edges count less."""
    middles = (np.arange(len(profile)) + 0.5) / len(profile)
    off = (middles - centres[:, None]) / (length / 2)
    held: Plane = np.clip(1 - off**2, 0, None) @ profile
    return held


def _along(axis: int, faces: Sequence[Box]) -> list[_Face]:
    weights = [math.sqrt(face[2] * face[3]) for face in faces]  # sizes as they are seen
    return [
        _Face(face[axis], min(1.0, face[axis] + face[axis + 2]), _ROOM[axis], weight / sum(weights))
        for face, weight in zip(faces, weights, strict=True)
        if weight > 0
    ]


def _shown(face: _Face, starts: Plane, length: float) -> Plane:
    """Return how well each window shows a face: 1 whole, more with air, 0 not at all, below 0 cut."""
    size = face.end - face.start
    seen = _overlap(face.start, face.end, starts, length) / size
    if size >= length:
        return seen  # no window shows it whole: count the visible part
    before, after = min(face.room[0] * size, face.start), min(face.room[1] * size, 1 - face.end)
    roomy = _overlap(face.start - before, face.end + after, starts, length)
    air = (roomy - size) / (before + after) if before + after > 0 else np.ones_like(starts)
    return np.where(seen > _WHOLE, 1 + _AIR * air, np.where(seen > _GRAZED, seen - _CUT, 0))


def _overlap(start: float, end: float, starts: Plane, length: float) -> Plane:
    overlap: Plane = np.clip(np.minimum(end, starts + length) - np.maximum(start, starts), 0, None)
    return overlap


def _focal(focus: Point | None, faces: Sequence[Box]) -> Point | None:
    """Return the focal point, or if none is given, the middle of an only face."""
    if focus or len(faces) != 1:
        return focus
    x, y, width, height = faces[0]
    return (x + width / 2, y + height / 2)


def _placed(place: Plane, eye: float) -> Plane:
    """Return how well a focal point lies at each place of a window: 0 near the eye's, -1 at an edge."""
    off = np.clip(abs(place - eye) - _EASE, 0, None) / (0.5 - _EASE)
    return np.where((place < 0) | (place > 1), -_LOST, 0) - off**2
