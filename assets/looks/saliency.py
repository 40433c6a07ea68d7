"""A map of the parts of a picture that draw the eye first."""

from typing import Final

import numpy as np
from PIL import Image

from assets.looks.planes import Plane, blurred, cosines, from_cosines, lab, scaled

_SIDE: Final = 64
"""Pixels across the longer side; the blur would remove more detail."""
_SPREAD: Final = 0.045
"""How far a spot's attraction reaches, as a share of the longer side; the paper finds its best near it."""
_SILENT: Final = 1e-6
"""The bound below which rounding noise in a flat plane's transform, with its random signs, counts as zero."""


def saliency(glance: Image.Image) -> Plane:
    """Return how strongly each place draws the eye: a map of at most 64 × 64, its sum 1.

    It is the image signature of Hou, Harel and Koch (2012, "Image Signature: Highlighting Sparse Salient Regions",
    IEEE TPAMI 34(1)), summed over the planes of CIELAB: a cosine transform that keeps only its signs shows the
    things that differ from the background. A uniform picture gets an even map.
    """
    small = scaled(glance, _SIDE)
    planes = np.moveaxis(lab(small), 2, 0)
    striking = sum((_signature(plane) ** 2 for plane in planes), np.zeros(planes.shape[1:]))
    spread = blurred(striking, _SPREAD * max(small.size))
    return _of_sum_one(spread - spread.min())


def _signature(plane: Plane) -> Plane:
    coefficients = cosines(plane)
    return from_cosines(np.sign(np.where(abs(coefficients) < _SILENT, 0, coefficients)))


def _of_sum_one(plane: Plane) -> Plane:
    total = plane.sum()
    return plane / total if total > _SILENT else np.full_like(plane, 1 / plane.size)
