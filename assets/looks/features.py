"""Features of a picture, as numbers from 0 to 1 that a policy can learn from."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from assets.crop import Box
from assets.looks.planes import Plane, grey, lab, scaled

Whole = npt.NDArray[np.int32]
Narrow = npt.NDArray[np.float32]

_SIDE: Final = 160
"""Pixels across for colour and light, which need no detail."""
_DIGITS: Final = 4
_MOST_FACES: Final = 4

# For writing: pixels of the small copy, and steps of 255.
_RUN: Final = 21
_TALL: Final = 41
_STEEP: Final = 48
_VARIED: Final = 40
_DENSE: Final = 0.2

_HUES: Final[Mapping[str, int]] = {
    "red": 50,
    "orange": 75,
    "yellow": 110,
    "green": 175,
    "cyan": 230,
    "blue": 308,
    "purple": 350,
}
"""The angle in CIELAB, in degrees, at which each colour ends; the angles after purple are red again."""


def features(glance: Image.Image, faces: Sequence[Box]) -> dict[str, float]:
    """Measure a picture; `glance` is its small copy, `faces` are shares of width and height.

    Zeros are left out, because a learner treats a missing feature in the same way.
    """
    small = scaled(glance, _SIDE)
    colours = lab(small)
    luma = grey(glance)
    measured = {
        "brightness": brightness(colours),
        "contrast": contrast(colours),
        "colourfulness": colourfulness(small),
        "warmth": warmth(colours),
        "sharpness": sharpness(luma),
        **dominant_hue(colours),
        "faces": min(1.0, len(faces) / _MOST_FACES),
        "face-share": face_share(faces),
        "text-area": text_area(luma),
    }
    rounded = {name: round(min(1.0, max(0.0, value)), _DIGITS) for name, value in measured.items()}
    return {name: value for name, value in rounded.items() if value > 0}


def brightness(colours: Plane) -> float:
    """Return the mean lightness L* (CIE 15:2004, section 8), black 0, white 1."""
    return float(colours[..., 0].mean()) / 100


def contrast(colours: Plane) -> float:
    """Return the RMS contrast (Peli 1990, "Contrast in complex images", JOSA A 7(10)).

    It is the standard deviation of lightness; 1 is two fifths of the way from black to white.
    """
    return float(colours[..., 0].std()) / 40


def colourfulness(image: Image.Image) -> float:
    """Return the metric M of Hasler and Süsstrunk (2003, "Measuring colourfulness in natural images").

    1 is what their viewers called extremely colourful, M = 109.
    """
    red, green, blue = np.moveaxis(np.asarray(image.convert("RGB"), dtype=np.float64), 2, 0)
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = math.hypot(red_green.std(), yellow_blue.std())
    return (spread + 0.3 * math.hypot(red_green.mean(), yellow_blue.mean())) / 109


def warmth(colours: Plane) -> float:
    """Return how warm its colours are, greys being 0.5 (Ou, Luo, Woodcock and Wright 2004).

    "A study of colour emotion and colour preference, part I", Color Research & Application 29(3): warm-cool
    grows with chroma to the power of 1.07 times the cosine of the hue's distance from 50°.
    """
    chroma, hue = _chroma_and_hue(colours)
    return 0.5 + float((chroma**1.07 * np.cos(np.radians(hue - 50))).mean()) / 80


def dominant_hue(colours: Plane) -> dict[str, float]:
    """Return the name of the hue that has the most chroma, and how much: `{"hue-blue": 0.4}`.

    A histogram of hue that chroma weighs, so that greys, whose hue is noise, don't count (Hanbury 2003,
    "Circular statistics applied to colour images"). One name, as an angle is of no use to a
    linear learner: 359° is next to 0°.
    """
    chroma, hue = _chroma_and_hue(colours)
    names = list(_HUES)
    which = np.searchsorted(list(_HUES.values()), hue.ravel()) % len(names)
    sums = np.bincount(which, chroma.ravel(), len(names)) / chroma.size
    strongest = int(sums.argmax())
    return {f"hue-{names[strongest]}": float(sums[strongest]) / 30}


def _chroma_and_hue(colours: Plane) -> tuple[Plane, Plane]:
    """Return both planes; the hue in degrees from 0 to 360."""
    a, b = colours[..., 1], colours[..., 2]
    return np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360


def face_share(faces: Sequence[Box]) -> float:
    """Return how large the faces are together: the root of their share of the picture, as sizes are seen."""
    return math.sqrt(sum(width * height for _, _, width, height in faces))


def sharpness(luma: Plane) -> float:
    """Return the variance of the Laplacian (Pech-Pacheco et al. 2000, "Diatom autofocusing", ICPR 3).

    It is divided by the picture's own variance, so that neither light nor contrast counts, and is on a logarithmic
    scale. At `luma`'s small size a picture that was enlarged from little detail is soft, too, and a large picture
    does not count as sharper than it looks.
    """
    variance = float(luma.var())
    if variance < 1:
        return 0.0
    around = np.pad(luma, 1, mode="edge")
    neighbours = around[:-2, 1:-1] + around[2:, 1:-1] + around[1:-1, :-2] + around[1:-1, 2:]
    ratio = float((neighbours - 4 * luma).var()) / variance
    return (math.log10(max(ratio, 1e-9)) + 1.75) / 2.1


def text_area(luma: Plane) -> float:
    """Return how much of the picture looks like lines of writing; 1 is a twentieth, which is plenty.

    The spatial variance of Zhong, Karu and Jain (1995, "Locating text in complex color images", Pattern
    Recognition 28(10)): along a line of writing lightness varies strongly, above and below it does not. The
    second is found by a white top-hat, and steep edges must be dense, which twigs seldom are.
    """
    levels = luma.astype(np.int32)
    # In whole numbers, as it is a difference of large sums; where a running sum wraps, its differences don't.
    variance = _runs(_RUN * _runs(levels**2, 1, _RUN) - _runs(levels, 1, _RUN) ** 2, 0, 3) / (3 * _RUN**2)
    deviation = np.sqrt(variance).astype(np.float32)
    steep = abs(np.diff(levels, axis=1, prepend=levels[:, :1])) > _STEEP
    dense = _runs(_runs(steep.astype(np.int32), 1, _RUN), 0, 5) > _DENSE * 5 * _RUN
    return float((dense & (deviation - _opened(deviation) > _VARIED)).mean()) * 20


def _runs(levels: Whole, axis: int, length: int) -> Whole:
    """Return the sums of so many (odd) neighbours along an axis, edges repeated."""
    padding = [(0, 0), (0, 0)]
    padding[axis] = (length // 2 + 1, length // 2)
    sums = np.cumsum(np.pad(levels, padding, mode="edge"), axis=axis, dtype=np.int32)
    ends, starts = np.split(sums, [length], axis=axis)[1], np.split(sums, [-length], axis=axis)[0]
    return ends - starts


def _opened(plane: Narrow) -> Narrow:
    """Return the morphological opening by an upright line, which removes everything that is less tall."""
    return -_lowest(-_lowest(plane))


def _lowest(plane: Narrow) -> Narrow:
    """Return the minimum over `_TALL` neighbours up and down, by doubling the covered length."""
    padded = np.pad(plane, ((_TALL // 2, _TALL // 2), (0, 0)), mode="edge")
    covered = 1
    while covered < _TALL:
        step = min(covered, _TALL - covered)
        padded = np.minimum(padded[:-step], padded[step:])
        covered += step
    return padded
