"""Pictures as planes of numbers: lightness and colour as people see them, and their cosine transform."""

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

Plane = npt.NDArray[np.float64]

_LEVELS: Final = np.arange(256) / 255
# IEC 61966-2-1: sRGB to linear; then to CIE XYZ, each row divided by what white (D65) gives.
_TOE: Final = 0.04045
_LINEAR: Final = np.where(_LEVELS <= _TOE, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4)
_XYZ: Final = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_RELATIVE: Final = _XYZ / _XYZ.sum(axis=1, keepdims=True)


def scaled(image: Image.Image, side: int) -> Image.Image:
    """Return the picture with its longer side at most `side` pixels, never enlarged."""
    share = min(1.0, side / max(image.size))
    size = max(1, round(image.width * share)), max(1, round(image.height * share))
    return image if size == image.size else image.resize(size, Image.Resampling.BOX)


def lab(image: Image.Image) -> Plane:
    """Return CIELAB (CIE 15:2004, section 8) of an sRGB picture, shape (height, width, 3): L*, a*, b*."""
    ratios = _LINEAR[np.asarray(image.convert("RGB"))] @ _RELATIVE.T
    x, y, z = np.moveaxis(np.where(ratios > (6 / 29) ** 3, np.cbrt(ratios), ratios * 841 / 108 + 4 / 29), 2, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=2)


def grey(image: Image.Image) -> Plane:
    return np.asarray(image.convert("L"), dtype=np.float64)


def cosines(plane: Plane) -> Plane:
    """Return the orthonormal two-dimensional cosine transform (DCT-II; Ahmed, Natarajan and Rao 1974)."""
    down, across = plane.shape
    return _basis(down) @ plane @ _basis(across).T


def from_cosines(coefficients: Plane) -> Plane:
    down, across = coefficients.shape
    return _basis(down).T @ coefficients @ _basis(across)


def blurred(plane: Plane, spread: float) -> Plane:
    """Return the plane under a Gaussian of `spread` pixels, mirrored at its edges."""
    reach = max(1, round(3 * spread))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(spread, 1e-3)) ** 2)
    weights /= weights.sum()
    return _blurred_down(_blurred_down(plane, weights).T, weights).T


def _blurred_down(plane: Plane, weights: Plane) -> Plane:
    reach = len(weights) // 2
    padded = np.pad(plane, ((reach, reach), (0, 0)), mode="symmetric")
    return sum((weight * padded[i : i + len(plane)] for i, weight in enumerate(weights)), np.zeros_like(plane))


@cache
def _basis(size: int) -> Plane:
    frequencies = np.arange(size)[:, None]
    waves: Plane = np.cos(np.pi * frequencies * (np.arange(size) + 0.5) / size) * np.sqrt(2 / size)
    waves[0] /= np.sqrt(2)
    return waves
