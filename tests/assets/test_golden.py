"""Renders of four samples against small goldens, made anew by `python -m tests.assets.test_golden`.

Look at what has changed, and why, before you commit new ones.
"""

import io
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFilter, ImageOps

from assets import SAMPLES
from assets.crop import CANVASES, Box, Canvas, height_at
from assets.picture import Job
from assets.rendering.cropping import crop_box
from assets.rendering.decoding import decode
from assets.rendering.developing import develop, glanced
from tests.assets.builders import encoded

GOLDEN: Final = Path(__file__).parent / "golden"
BOXES: Final = GOLDEN / "boxes.json"
WIDTH: Final = 32
FURTHEST: Final = 0.02
"""How far a crop's place may be from the golden one, as a share of the picture."""
MOST_UNLIKE: Final = 3.0
"""Levels of 255 that a blurred render may be off on average; our encoders are within 1.3."""

# Faces and focal points are written down here, so that an editor's better ones don't change what is tested.
JOBS: Final = {
    "faces": Job(
        "freeorion/mammoths.jpg",
        "mammoths.jpg",
        (0.6, 0.4),
        ((0.39, 0.165, 0.155, 0.425), (0.685, 0.285, 0.165, 0.3)),
    ),
    "focus": Job("endless-sky/golden-coast.jpg", "golden-coast.jpg", (0.9, 0.58)),
    "saliency": Job("the-question/shy-smile.jpg", "shy-smile.jpg"),
    "square": Job("countdown/astronaut-portrait.jpg", "astronaut-portrait.jpg", None, ((0.3, 0.02, 0.3, 0.36),)),
}
CASES: Final = [(name, canvas) for name in JOBS for canvas in CANVASES]


def content_of(name: str) -> bytes:
    return (SAMPLES / JOBS[name].path).read_bytes()


def box_of(name: str, canvas: Canvas) -> Box:
    original = decode(content_of(name), name)
    return crop_box(glanced(original), original.size, canvas, JOBS[name].focus, JOBS[name].faces)


def renders(name: str, content: bytes | None = None) -> dict[str, Image.Image]:
    """Return the smallest rendition of each canvas in each format, by canvas and suffix."""
    files: dict[str, bytes] = {}
    content = content or content_of(name)
    picture = develop(decode(content, name), sha256(content).hexdigest(), JOBS[name], files.update)
    return {
        f"{crop.canvas} {file.rsplit('.')[-1]}": Image.open(io.BytesIO(files[file])).convert("RGB")
        for crop in picture.crops
        for file in crop.names()
        if f"-{crop.widths[0]}." in file
    }


def golden(name: str, canvas: Canvas) -> Image.Image:
    with Image.open(GOLDEN / f"{name}-{canvas.replace(':', 'x')}.png") as image:
        return image.convert("RGB")


def thumbnail(image: Image.Image, canvas: Canvas) -> Image.Image:
    return image.resize((WIDTH, height_at(canvas, WIDTH)), Image.Resampling.BOX)


def unlikeness(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two thumbnails, blurred so that only what the eye sees first counts."""
    difference: npt.NDArray[np.float64] = np.abs(_blurred(one) - _blurred(other))
    return float(difference.mean())


def _blurred(image: Image.Image) -> npt.NDArray[np.float64]:
    return np.asarray(image.filter(ImageFilter.GaussianBlur(1)), dtype=np.float64)


@pytest.mark.parametrize("name", JOBS)
def test_every_format_renders_as_it_did(name: str) -> None:
    for label, image in renders(name).items():
        canvas = next(canvas for canvas in CANVASES if label.startswith(canvas))
        assert unlikeness(thumbnail(image, canvas), golden(name, canvas)) < MOST_UNLIKE, label


@pytest.mark.parametrize(("name", "canvas"), CASES)
def test_every_crop_is_where_it_was(name: str, canvas: Canvas) -> None:
    expected = json.loads(BOXES.read_text())[f"{name} {canvas}"]
    assert box_of(name, canvas) == pytest.approx(expected, abs=FURTHEST)


def test_a_turned_original_renders_as_the_upright_one() -> None:
    upright = decode(content_of("saliency"), "upright.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned to the right
    turned = encoded(upright.transpose(Image.Transpose.ROTATE_90), exif=exif, quality=95)
    for label, image in renders("saliency", turned).items():
        canvas = next(canvas for canvas in CANVASES if label.startswith(canvas))
        assert unlikeness(thumbnail(image, canvas), golden("saliency", canvas)) < MOST_UNLIKE, label


def _swapped(image: Image.Image) -> Image.Image:
    red, green, blue = image.split()
    return Image.merge("RGB", (blue, green, red))


def _moved(image: Image.Image) -> Image.Image:
    shift = round(image.width * 0.12)
    return image.crop((shift, 0, image.width, image.height)).resize(image.size)


@pytest.mark.parametrize(
    "spoilt",
    [
        _swapped,
        _moved,
        ImageOps.mirror,
        ImageOps.flip,
        ImageOps.grayscale,
        ImageOps.invert,
        lambda image: image.point(lambda level: round(255 * (level / 255) ** (1 / 1.4))),
        lambda image: image.point(lambda level: 16 + level * 219 // 255),
    ],
    ids=["channels", "place", "mirrored", "upside-down", "grey", "negative", "gamma", "video-levels"],
)
def test_the_comparison_sees_what_goes_wrong_with_pictures(spoilt: Callable[[Image.Image], Image.Image]) -> None:
    for canvas in CANVASES:
        image = golden("saliency", canvas)
        assert unlikeness(spoilt(image).convert("RGB"), image) > 1.5 * MOST_UNLIKE, canvas


def test_other_encoders_settings_are_let_pass() -> None:
    image = renders("saliency")["16:9 jpg"]
    for kind, quality in (("JPEG", 60), ("WEBP", 60), ("AVIF", 40)):
        again = Image.open(io.BytesIO(encoded(image, kind, quality=quality))).convert("RGB")
        assert unlikeness(thumbnail(again, "16:9"), golden("saliency", "16:9")) < MOST_UNLIKE


def remake() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for name, canvas in CASES:
        image = thumbnail(renders(name)[f"{canvas} jpg"], canvas)
        image.quantize(256, kmeans=1).save(GOLDEN / f"{name}-{canvas.replace(':', 'x')}.png", optimize=True)
    boxes = (f'"{name} {canvas}": {[round(share, 4) for share in box_of(name, canvas)]}' for name, canvas in CASES)
    BOXES.write_text("{\n  " + ",\n  ".join(boxes) + "\n}\n")


if __name__ == "__main__":
    remake()
