"""An untrusted file turned into an upright, opaque sRGB picture, or refused with a sentence."""

import io
import os
import stat
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image, ImageCms, UnidentifiedImageError
from PIL.Image import Transpose

from assets.picture import LARGEST_FILE, PictureError
from assets.rendering.container import Container, Kind, Size, examine

_HEAD: Final = 1024
MOST_PIXELS: Final = 64_000_000
MOST_KEPT: Final = 32_000_000
"""Pixels of the picture that `decode` returns: a larger one comes at half its width and height."""
FEWEST_ACROSS: Final = 64
"""Pixels on the shorter side."""
LONGEST_SHAPE: Final = 100
"""The greatest ratio of the sides: no crop of a longer strip shows anything."""

# WebP decodes whole, in four copies; JPEG keeps two bytes a sample where the picture comes in several scans.
_MOST_PIXELS: Final[dict[Kind, int]] = {"JPEG": MOST_PIXELS, "PNG": MOST_PIXELS, "WEBP": 20_000_000}
_MOST_BUFFERED: Final = 100_000_000
_STRIP: Final = 2_000_000
_ORIENTATION: Final = 0x0112
UPRIGHT: Final = 1
_TURNS: Final = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


class Decoded(NamedTuple):
    """An upright picture, what its file consists of, and the value of Exif by which it was turned."""

    image: Image.Image
    container: Container
    orientation: int


Conversion = Callable[[Image.Image], Image.Image]


def read(path: Path, name: str) -> bytes:
    """The file's bytes, or a PictureError that calls it `name`."""
    content = _bytes(path, name, LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise PictureError(f"{name!r} is larger than {LARGEST_FILE >> 20} MiB; export it smaller.")
    return content


def read_head(path: Path, name: str) -> bytes:
    """Return the first bytes, which tell the kind of the file; raises as `read` does."""
    return _bytes(path, name, _HEAD)


def _bytes(path: Path, name: str, most: int) -> bytes:
    if "\0" in str(path):
        raise PictureError(f"{name!r} is not readable: there is a NUL in its path; rename it.")
    try:
        with open(path, "rb", opener=_opened) as file:
            regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            content = file.read(most) if regular else b""
    except OSError as error:
        raise PictureError(f"{name!r} is not readable: {error.strerror}; check its permissions.") from error
    if not regular:
        raise PictureError(f"{name!r} is not a regular file; put the picture itself there.")
    return content


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # else opening a pipe would wait for somebody to write


def decode(content: bytes, name: str) -> Image.Image:
    """Return the picture as opaque RGB in sRGB, upright and without metadata, of at most `MOST_KEPT` pixels.

    Transparent parts turn black. An MPO file gives its first picture. A broken colour profile is ignored, as in
    browsers. Raises `PictureError`; `MemoryError` is passed on.
    """
    return decoded(content, name).image


def decoded(content: bytes, name: str) -> Decoded:
    """Return the picture as `decode` does, with the data that is needed to write its file again."""
    container = examine(content, name)
    _check_size(container.size, container.kind, name)  # before any decoder reserves memory for that much
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # faults that Pillow tolerates are tolerated; the limits are our own
            image, orientation = _decoded(content, container, name)
    except (PictureError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise PictureError(f"{name!r} is damaged: its header is not valid; export it again.") from error
    except Exception as error:  # decoders fail on hostile bytes in every way there is
        raise PictureError(f"{name!r} is damaged or cut short ({_said(error)}); export it again.") from error
    turn = _TURNS.get(orientation)
    return Decoded(image if turn is None else image.transpose(turn), container, orientation)


def _decoded(content: bytes, container: Container, name: str) -> tuple[Image.Image, int]:
    # A separate function, so that the decoder's memory is free before the picture is turned.
    with Image.open(io.BytesIO(content), formats=[container.kind]) as image:
        _check(image, container, name)
        pixels = image.width * image.height
        if pixels > MOST_KEPT:
            image.draft(None, (image.width // 2, image.height // 2))  # JPEG only
        image.load()
        orientation = _orientation(image)
        return _plain(image, 2 if image.width * image.height > MOST_KEPT else 1), orientation


def _check_size(size: Size, kind: Kind, name: str) -> None:
    width, height = size
    most = _MOST_PIXELS[kind]
    if width * height > most:
        other = ", or as JPEG" if width * height <= MOST_PIXELS else ""
        raise PictureError(f"{name!r} has more than {most // 10**6} megapixels; export it smaller{other}.")
    if 0 < min(size) < FEWEST_ACROSS:
        raise PictureError(
            f"{name!r} is too small ({width} × {height} pixels); export it with {FEWEST_ACROSS} or more each way."
        )
    if 0 < LONGEST_SHAPE * min(size) < max(size):
        raise PictureError(f"{name!r} is too narrow ({width} × {height} pixels); cut out the part to show.")


def _check(image: Image.Image, container: Container, name: str) -> None:
    _check_size(image.size, container.kind, name)
    if container.buffered > _MOST_BUFFERED:
        raise PictureError(
            f"{name!r} is too large for a progressive JPEG; export it as a baseline JPEG, or smaller."
        )
    # Many cameras write JPEG as MPO: the picture, then a preview or a depth map. It is not an animation.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise PictureError(f"{name!r} is animated; export one still picture.")


def _said(error: Exception) -> str:
    return " ".join(ascii(str(error))[1:-1].split())[:100] or type(error).__name__


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(_ORIENTATION, UPRIGHT)
        return int(found) if found in _TURNS else UPRIGHT
    except Exception:  # noqa: BLE001 - metadata that can't be read is passed over, in whichever way it fails
        return UPRIGHT


def _plain(image: Image.Image, factor: int) -> Image.Image:
    """Convert and shrink strip by strip, as a copy of a large picture would not fit in memory beside it."""
    conversion = _conversion(image)
    plain = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
    lines = max(1, _STRIP // image.width) * factor
    for top in range(0, image.height, lines):
        strip = conversion(image.crop((0, top, image.width, min(image.height, top + lines))))
        plain.paste(strip if factor == 1 else strip.reduce(factor), (0, top // factor))
    return plain


def _conversion(image: Image.Image) -> Conversion:
    profile = image.info.get("icc_profile")
    mode = "L" if image.mode.startswith("I") else image.mode
    mode = mode if mode in {"L", "RGB", "CMYK"} else "RGB"
    transform = _transform(profile, mode) if profile else None

    def convert(strip: Image.Image) -> Image.Image:
        strip = _opaque(strip)
        if transform is None:
            return strip.convert("RGB")
        # A profile speaks of a palette's colours, not of its indices.
        return transform.apply(strip if strip.mode == mode else strip.convert(mode))

    return convert


def _opaque(strip: Image.Image) -> Image.Image:
    if strip.mode.startswith("I"):  # 16 bits of grey, which `convert` would clip instead of scale
        return strip.convert("I").point(lambda level: level / 256).convert("L")
    if strip.has_transparency_data:
        strip = strip.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", strip.size, "black"), strip).convert("RGB")
    return strip


def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return how to get to sRGB; None if the profile is broken, or one for another kind of picture."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError):
        return None
