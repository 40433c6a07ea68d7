"""Crops encoded for the web."""

import base64
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

from PIL import Image

from assets.crop import FORMATS, Canvas, Crop, Format, height_at
from assets.files import write_whole

WIDTHS: Final = (320, 640, 1280)
QUICK_WIDTH: Final = 640
"""The greatest width of an unfinished crop: its files take a tenth of a second, and those at 3840 two seconds."""
GREATEST_WIDTH: Final = 3840
"""The width of a 4K screen in pixels."""

_File = tuple[int, Format]
_DIGEST_DIGITS: Final = 32
LONGEST_PLACEHOLDER: Final = 199
"""Characters of a placeholder's data URL: it is sent with every answer."""
_PLACEHOLDERS: Final = ((16, 20), (16, 5), (16, 0), (8, 0), (1, 0))
"""The width and quality to try, in order; even noise fits at the third, and one pixel always does."""

# Means over the samples at 640 × 360: bytes, CPU time, structural similarity; and the PSNR of the worst chroma.
_ENCODERS: Final[Mapping[Format, Mapping[str, Any]]] = {
    # 26 KB, 17 ms, 0.968. Speed 8 takes three times as long for 5 % less; 4:4:4 costs 4 % more bytes than 4:2:0,
    # and keeps a title in a saturated colour sharp (38.0 dB instead of 35.4).
    "avif": {"format": "AVIF", "quality": 62, "speed": 9, "subsampling": "4:4:4", "max_threads": 1},
    # 30 KB, 9 ms, 0.969. Method 4 takes twice as long for 3 % less; there is no 4:4:4 in it.
    "webp": {"format": "WEBP", "quality": 80, "method": 2},
    # 40 KB, 4 ms, 0.978. For the few that read nothing newer; 4:4:4 would cost them 23 % more bytes.
    "jpeg": {"format": "JPEG", "quality": 82, "progressive": True, "optimize": True, "subsampling": "4:2:0"},
}


def encode(image: Image.Image, canvas: Canvas, threads: int = 1) -> tuple[Crop, dict[str, bytes]]:
    """Encode a cut-out picture at the usual widths below its own, and at its own; return the files by name.

    The files are the same for any number of threads.
    """
    widths = [*(width for width in WIDTHS if width < image.width), image.width]
    with ThreadPoolExecutor(threads) as pool:
        parts = pool.map(partial(_encoded, image, canvas), *zip(*_parts(widths), strict=True))
        found = {key: data for part in parts for key, data in part.items()}
    content = {(width, encoding): found[width, encoding] for width in widths for encoding in FORMATS}
    whole = hashlib.sha256()
    for data in content.values():
        whole.update(hashlib.sha256(data).digest())
    crop = Crop(canvas, whole.hexdigest()[:_DIGEST_DIGITS], tuple(widths), _placeholder(image, canvas))
    return crop, {crop.name(width, encoding): data for (width, encoding), data in content.items()}


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        write_whole(folder / name, content)


def _parts(widths: Sequence[int]) -> Iterator[tuple[int, Sequence[Format]]]:
    """Yield what a thread encodes in one go, what takes longest first: the AVIF file of the greatest width."""
    yield widths[-1], FORMATS[:1]
    yield widths[-1], FORMATS[1:]
    for width in reversed(widths[:-1]):
        yield width, FORMATS


def _encoded(image: Image.Image, canvas: Canvas, width: int, formats: Sequence[Format]) -> dict[_File, bytes]:
    resized = _resized(image, canvas, width)
    if resized is image and formats != FORMATS[:1]:
        resized = image.copy()  # Pillow's `save` notes its options on the picture, where two threads mix them up
    found: dict[_File, bytes] = {}
    for encoding in formats:
        buffer = io.BytesIO()
        resized.save(buffer, **_options(encoding, width))
        found[width, encoding] = buffer.getvalue()
    return found


def _options(encoding: Format, width: int) -> Mapping[str, Any]:
    options = _ENCODERS[encoding]
    if encoding == "avif" and width > WIDTHS[-1]:
        # Pixels this small hide the difference, and at 3840 it takes 180 MB of memory instead of 280.
        return {**options, "subsampling": "4:2:0"}
    return options


def _resized(image: Image.Image, canvas: Canvas, width: int) -> Image.Image:
    size = width, height_at(canvas, width)
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _placeholder(image: Image.Image, canvas: Canvas) -> str:
    addresses = (_address(_resized(image, canvas, width), quality) for width, quality in _PLACEHOLDERS)
    return next(address for address in addresses if len(address) <= LONGEST_PLACEHOLDER)


def _address(image: Image.Image, quality: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=6)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
