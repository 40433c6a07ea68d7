"""The steps from a decoded original to its `Picture` and renditions."""

import math
from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image, ImageOps

from assets.artwork import Box
from assets.crop import ASPECTS, CANVASES, Canvas, Crop, height_at
from assets.looks.features import features
from assets.looks.fingerprint import fingerprint
from assets.picture import Job, Picture
from assets.rendering.cropping import crop_box
from assets.rendering.renditions import GREATEST_WIDTH, encode
from assets.titling.treatment import set_title

GLANCE: Final = 512
"""Pixels across the longer side of the small copy that everything is measured on."""
_ROUNDING: Final = 1e-6

Keep = Callable[[Mapping[str, bytes]], None]


def develop(original: Image.Image, source: str, job: Job, keep: Keep) -> Picture:
    """Measure, crop and encode a picture. `source` is the SHA-256 of its file; `keep` gets each crop's files."""
    glance = glanced(original)
    return Picture(
        source=source,
        recipe=job.recipe(source),
        fingerprint=fingerprint(glance),
        features=features(glance, job.faces),
        crops=tuple(_crop(original, glance, canvas, job, keep) for canvas in CANVASES),
    )


def glanced(original: Image.Image) -> Image.Image:
    """Return the small copy that everything is measured on; a picture that is small already, as it is."""
    if max(original.size) <= GLANCE:
        return original
    return ImageOps.contain(original, (GLANCE, GLANCE), Image.Resampling.BOX)


def _crop(original: Image.Image, glance: Image.Image, canvas: Canvas, job: Job, keep: Keep) -> Crop:
    crop, files = encode(cropped(original, glance, canvas, job), canvas)
    keep(files)
    return crop


def cropped(original: Image.Image, glance: Image.Image, canvas: Canvas, job: Job) -> Image.Image:
    """Return the part that a canvas shows, at its greatest size; `glance` is the original's `glanced` copy."""
    box = crop_box(glance, original.size, canvas, job.focus, job.faces)
    image = cut(original, canvas, box)
    if job.treatment:
        faces = [_inside(face, box) for face in job.faces]
        image = set_title(image, job.treatment, faces, job.focus and _inside((*job.focus, 0, 0), box)[:2])
    return image


def cut(original: Image.Image, canvas: Canvas, box: Box) -> Image.Image:
    """Return that part of the original, never enlarged, and of no more pixels than any screen."""
    x, y, across, down = box
    left, top = x * original.width, y * original.height
    wide, high = across * original.width, down * original.height
    columns, lines = ASPECTS[canvas]
    # By area, too: at 23 bytes a pixel the encoder of AVIF would not have the memory for a larger square.
    greatest = math.isqrt(GREATEST_WIDTH * height_at("16:9", GREATEST_WIDTH) * columns // lines)
    width = max(1, min(greatest, int(wide + _ROUNDING)))
    region = (left, top, min(left + wide, original.width), min(top + high, original.height))
    return original.resize((width, height_at(canvas, width)), Image.Resampling.LANCZOS, region, reducing_gap=3.0)


def _inside(face: Box, box: Box) -> Box:
    """Return the place of a face, or of a point without extent, within a crop, cut to it."""
    left, top = max(face[0], box[0]), max(face[1], box[1])
    right = min(face[0] + face[2], box[0] + box[2])
    bottom = min(face[1] + face[3], box[1] + box[3])
    return (
        (left - box[0]) / box[2],
        (top - box[1]) / box[3],
        max(0.0, right - left) / box[2],
        max(0.0, bottom - top) / box[3],
    )
