"""A perceptual hash: pictures that look alike differ in few of its bits."""

from typing import Final

import numpy as np
from PIL import Image

from assets.looks.planes import cosines, grey

_SIDE: Final = 32
_WAVES: Final = 8
_SILENT: Final = 1e-6
"""The bound below which rounding noise in a flat picture's transform counts as zero."""


def fingerprint(glance: Image.Image) -> str:
    """Return 64 bits as 16 hex digits: each says whether a slow wave is stronger than most.

    The method is pHash (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions"). The
    bit of the mean is never set, because the mean depends on brightness.
    """
    small = glance.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    waves = cosines(grey(small))[:_WAVES, :_WAVES].ravel()
    waves[abs(waves) < _SILENT] = 0
    bits = waves > np.median(waves[1:])
    bits[0] = False
    return np.packbits(bits).tobytes().hex()
