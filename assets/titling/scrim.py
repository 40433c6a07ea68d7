"""A gradient that darkens a picture beneath letters, only as far as they need it to be legible."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from assets.looks.planes import Plane, lab

Rect = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels."""

_AIM: Final = 5.6
"""The contrast that is aimed at. Web Content Accessibility Guidelines 2.2, success criterion 1.4.3, ask for 4.5; a
codec and a smaller size take some of it away.
"""
_WHITE: Final = 1.05
"""The luminance of white and the guideline's flare."""
_FLARE: Final = 0.05
_LEAST: Final = 0.3
"""The least darkness of the gradient, which separates letters from the detail of a dark picture."""
_STEPS: Final = 64
_SHADOW: Final = 0.5
"""How dark the shadow is that letters cast."""
_REACH: Final = 0.5
"""How far the gradient fades, as a share of the square root of the picture's area."""
_LEAST_REACH: Final = 0.2
_ROUNDING: Final = 1.5
"""Steps of the coarse gradient that enlarging it may carry darkness into a face."""
_SIDE: Final = 480
"""Pixels across the longer side at which the gradient is made; it has no detail to lose."""


def shaded(picture: Image.Image, letters: Image.Image, block: Rect, faces: Sequence[Rect], em: int) -> Image.Image:
    """Return the picture, dark enough for the white `letters` that lie in `block`, and as it was at every face.

    The gradient reaches from the block to the edges of the picture beside it, and fades out around it.
    """
    area = _around(letters, em)
    near = letters.crop(area)
    strength = _strength(_under(picture.crop(area), near, em))
    dark = picture.copy()
    dark.paste("black", (0, 0), _gradient(picture.size, block, faces, em).point(lambda level: level * strength))
    shadow = near.filter(ImageFilter.GaussianBlur(em / 9)).point(lambda level: level * _SHADOW)
    dark.paste("black", area, shadow)
    return dark


def _around(letters: Image.Image, em: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = letters.getbbox() or (0, 0, 1, 1)
    reach = math.ceil(em / 2)
    return (
        max(0, left - reach),
        max(0, top - reach),
        min(letters.width, right + reach),
        min(letters.height, bottom + reach),
    )


def _under(picture: Image.Image, letters: Image.Image, em: int) -> npt.NDArray[np.uint8]:
    """Return the pixels under letters and right beside them."""
    spread = letters.filter(ImageFilter.BoxBlur(max(1, em // 12)))
    return np.asarray(picture)[np.asarray(spread) > 0]


def _strength(pixels: npt.NDArray[np.uint8]) -> float:
    """Return the least share of black that makes white readable on every pixel."""
    # Lightness says the same as the guideline's relative luminance, which is the Y of CIE XYZ.
    limit = 116 * math.cbrt(_WHITE / _AIM - _FLARE) - 16
    colours = _colours(pixels)

    def spare(step: int) -> float:
        darkened = Image.fromarray((colours * (1 - step / _STEPS)).astype(np.uint8))
        return limit - float(lab(darkened)[..., 0].max())

    steps = range(math.ceil(_LEAST * _STEPS), _STEPS)
    return (steps.start + bisect_left(steps, 0.0, key=spare)) / _STEPS


def _colours(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the colours there are, shape (1, count, 3), rounded up by less than four levels to be far fewer."""
    coarse = (pixels >> 2).astype(np.int32)
    found = np.zeros(1 << 18, dtype=bool)
    found[coarse[:, 0] << 12 | coarse[:, 1] << 6 | coarse[:, 2]] = True
    (codes,) = np.nonzero(found)
    parts = np.stack([codes >> 12, codes >> 6 & 63, codes & 63], axis=-1)
    return (parts << 2 | 3).astype(np.uint8)[None]


def _gradient(size: tuple[int, int], block: Rect, faces: Sequence[Rect], em: int) -> Image.Image:
    """Return an `L` picture: white where it is darkest, black where nothing changes."""
    share = min(1.0, _SIDE / max(size))
    small = max(1, round(size[0] * share)), max(1, round(size[1] * share))
    core = _core(size, block, faces, em)
    level = 1 - _eased(_off(small, size, core) / _reach(size, core, faces))
    for face in faces:
        level *= _eased(_off(small, size, face, _ROUNDING) / (0.9 * distance(core, face)))
    return Image.fromarray((255 * level).round().astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)


def _core(size: tuple[int, int], block: Rect, faces: Sequence[Rect], em: int) -> Rect:
    """Return the block with the strip between it and the nearer edges, unless a face looks out of that."""
    pad = em / 4
    left, top, right, bottom = block[0] - pad, block[1] - pad, block[2] + pad, block[3] + pad
    low, late = top + bottom > size[1], left + right > size[0]
    to_edge = (
        left if late else min(0.0, left),
        top if low else min(0.0, top),
        max(size[0], right) if late else right,
        max(size[1], bottom) if low else bottom,
    )
    tight = (left, top, right, bottom)
    return tight if any(distance(to_edge, face) < em / 3 for face in faces) else to_edge


def _reach(size: tuple[int, int], core: Rect, faces: Sequence[Rect]) -> float:
    """Return how far it fades, in pixels: less beside a face, as that would else seem to shine."""
    side = math.sqrt(size[0] * size[1])
    nearest = min((distance(core, face) for face in faces), default=math.inf)
    return min(_REACH * side, max(_LEAST_REACH * side, 1.5 * nearest))


def _off(steps: tuple[int, int], size: tuple[int, int], rect: Rect, spare: float = 0.0) -> Plane:
    """Return how far each place of a map of `steps` lies outside of a rectangle and `spare` steps, in pixels."""
    x, y = ((np.arange(count) + 0.5) * length / count for count, length in zip(steps, size, strict=True))
    across = np.maximum(0, np.maximum(rect[0] - x, x - rect[2]) - spare * size[0] / steps[0])
    down = np.maximum(0, np.maximum(rect[1] - y, y - rect[3]) - spare * size[1] / steps[1])
    return np.hypot(across[None, :], down[:, None])


def _eased(share: Plane) -> Plane:
    """Go from 0 to 1 without a visible beginning or end."""
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)


def distance(one: Rect, other: Rect) -> float:
    across = max(0.0, one[0] - other[2], other[0] - one[2])
    down = max(0.0, one[1] - other[3], other[1] - one[3])
    return math.hypot(across, down)
