"""The steps from a decoded original to its `Picture` and renditions."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from PIL import Image, ImageOps

from assets.crop import ASPECTS, CANVASES, Box, Canvas, Crop, height_at
from assets.looks.features import features
from assets.looks.fingerprint import fingerprint
from assets.picture import Job, Picture
from assets.rendering.cropping import crop_box
from assets.rendering.hand_boxes import check_by_hand, fitted
from assets.rendering.renditions import GREATEST_WIDTH, QUICK_WIDTH, WIDTHS, encode

GLANCE: Final = 512
"""Pixels across the longer side of the small copy that everything is measured on."""
_ROUNDING: Final = 1e-6
_TAKEN: Final = (4, 52)
"""Bytes for each pixel of the original, and for each pixel of a crop that two threads encode, as measured."""
_ROOM: Final = 320_000_000
"""Bytes for both. The rest of a process's memory is a reserve for pictures that compress badly."""

Keep = Callable[[Mapping[str, bytes]], None]


def develop(original: Image.Image, source: str, job: Job, keep: Keep, threads: int = 1) -> Picture:
    """Measure, crop and encode a picture.

    `source` is the SHA-256 of its file; `keep` gets each new crop's files.
    """
    glance = glanced(original)
    return Picture(
        source=source,
        recipe=job.recipe(source),
        fingerprint=fingerprint(glance),
        features=features(glance, job.faces),
        crops=tuple(_crops(original, glance, job, keep, threads)),
    )


def glanced(original: Image.Image) -> Image.Image:
    """Return the small copy that everything is measured on; a picture that is small already, as it is."""
    if max(original.size) <= GLANCE:
        return original
    return ImageOps.contain(original, (GLANCE, GLANCE), Image.Resampling.BOX)


def _crops(original: Image.Image, glance: Image.Image, job: Job, keep: Keep, threads: int) -> Iterator[Crop]:
    for canvas, box in _boxes(original, glance, job).items():
        crop = _made_already(canvas, box, job)
        if crop is None:
            crop, files = _made(original, canvas, box, job, threads)
            keep(files)
        yield replace(crop, box=box, by_hand=canvas in job.boxes)


def _made(
    original: Image.Image, canvas: Canvas, box: Box, job: Job, threads: int
) -> tuple[Crop, Mapping[str, bytes]]:
    unfinished = job.quick and _width(original.size, canvas, fitted(box, original.size, canvas)) > WIDTHS[-1]
    image = _shown(original, canvas, box, job, QUICK_WIDTH if unfinished else GREATEST_WIDTH)
    crop, files = encode(image, canvas, threads if _has_room(original, image) else 1)
    return replace(crop, unfinished=unfinished), files


def _boxes(original: Image.Image, glance: Image.Image, job: Job) -> dict[Canvas, Box]:
    for canvas, box in job.boxes.items():
        check_by_hand(box, original.size, canvas)
    return {canvas: _box(original, glance, canvas, job) for canvas in CANVASES}


def _box(original: Image.Image, glance: Image.Image, canvas: Canvas, job: Job) -> Box:
    return job.boxes.get(canvas) or crop_box(glance, original.size, canvas, job.focus, job.faces)


def _has_room(original: Image.Image, crop: Image.Image) -> bool:
    """Whether two threads may encode the crop: libaom ends the process if it gets no memory."""
    kept, encoded = _TAKEN
    return kept * original.width * original.height + encoded * crop.width * crop.height <= _ROOM


def _made_already(canvas: Canvas, box: Box, job: Job) -> Crop | None:
    """Return the whole crop that shows this box, if there is one. A title's place depends on more than the box."""
    if job.treatment:
        return None
    finished = (crop for crop in job.crops if not crop.unfinished)
    return next((crop for crop in finished if crop.canvas == canvas and crop.box == box), None)


def cropped(original: Image.Image, glance: Image.Image, canvas: Canvas, job: Job) -> Image.Image:
    """Return the part that a canvas shows, at its greatest size; `glance` is the original's `glanced` copy."""
    return _shown(original, canvas, _box(original, glance, canvas, job), job)


def _shown(original: Image.Image, canvas: Canvas, box: Box, job: Job, most: int = GREATEST_WIDTH) -> Image.Image:
    box = fitted(box, original.size, canvas)
    image = cut(original, canvas, box, most)
    if job.treatment:
        from assets.titling.treatment import set_title  # noqa: PLC0415  slow to load, and few pictures need it

        faces = [_inside(face, box) for face in job.faces]
        image = set_title(image, job.treatment, faces, job.focus and _inside((*job.focus, 0, 0), box)[:2])
    return image


def cut(original: Image.Image, canvas: Canvas, box: Box, most: int = GREATEST_WIDTH) -> Image.Image:
    """Return that part of the original, never enlarged, of no more pixels than any screen, at most so wide."""
    x, y, across, down = box
    left, top = x * original.width, y * original.height
    wide, high = across * original.width, down * original.height
    width = min(most, _width(original.size, canvas, box))
    region = (left, top, min(left + wide, original.width), min(top + high, original.height))
    return original.resize((width, height_at(canvas, width)), Image.Resampling.LANCZOS, region, reducing_gap=3.0)


def _width(size: tuple[int, int], canvas: Canvas, box: Box) -> int:
    """Return the greatest width of a crop in pixels."""
    columns, lines = ASPECTS[canvas]
    # By area, too: at 23 bytes a pixel the encoder of AVIF would not have the memory for a larger square.
    greatest = math.isqrt(GREATEST_WIDTH * height_at("16:9", GREATEST_WIDTH) * columns // lines)
    return max(1, min(greatest, int(box[2] * size[0] + _ROUNDING)))


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
