"""One picture file, read with suspicion and encoded for the web."""

import base64
import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from assets.catalogue import Canvas, Format, Rendition
from assets.files import write_whole

LARGEST_FILE: Final = 64 * 1024 * 1024
MOST_PIXELS: Final = 100_000_000

_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_CANVAS: Final[Canvas] = "16:9"
_ASPECT: Final = (16, 9)
_WIDTH: Final = 640
_PLACEHOLDER_WIDTH: Final = 16
_NAME_DIGITS: Final = 32


class PictureError(ValueError):
    """A picture that can't be used, in a sentence that names the file and the fault."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What the catalogue keeps of an original: its hash, a blur to show first, and its renditions."""

    source: str
    placeholder: str
    renditions: tuple[Rendition, ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    rendition: Rendition
    content: bytes


def read(path: Path, name: str) -> bytes:
    """The file's bytes, or a PictureError that calls it `name`."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise PictureError(f"{name!r} can't be read: {error.strerror}; check its permissions.") from error
    if len(content) > LARGEST_FILE:
        raise PictureError(f"{name!r} is larger than {LARGEST_FILE >> 20} MiB; export it smaller.")
    return content


def render(content: bytes, name: str) -> tuple[Picture, tuple[Encoded, ...]]:
    """Decode an original and encode its renditions, or raise a PictureError that calls it `name`."""
    original = _decode(content, name)
    encoded = (_encode(original, "webp"), _encode(original, "jpeg"))
    picture = Picture(
        source=hashlib.sha256(content).hexdigest(),
        placeholder=_placeholder(original),
        renditions=tuple(one.rendition for one in encoded),
    )
    return picture, encoded


def write(folder: Path, encoded: tuple[Encoded, ...]) -> None:
    """Write the renditions that are not there yet; a name says the content, so none is ever rewritten."""
    for one in encoded:
        path = folder / one.rendition.name
        if not path.exists():
            write_whole(path, one.content)


def _decode(content: bytes, name: str) -> Image.Image:
    try:
        with _open(content, name) as image:
            _check(image, name)
            # 100 megapixels take 400 MB: a JPEG is decoded at a fraction, and nothing copied without need.
            image.draft(None, (2 * _WIDTH, 2 * _WIDTH))
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
            return _plain(image)
    except PictureError:
        raise
    except Exception as error:  # decoders fail on hostile bytes in every way there is
        raise PictureError(f"{name!r} is damaged or cut short ({error}); export it again.") from error


def _open(content: bytes, name: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit follows
            return Image.open(io.BytesIO(content), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(name) from error
    except UnidentifiedImageError as error:
        raise PictureError(f"{name!r} is not a JPEG, PNG or WebP picture; export it as one.") from error


def _check(image: Image.Image, name: str) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise _too_many_pixels(name)
    # MPO is how many cameras write JPEG: the picture, then a preview or a depth map, which is no animation.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise PictureError(f"{name!r} is animated; export one still picture.")


def _too_many_pixels(name: str) -> PictureError:
    return PictureError(f"{name!r} has more than {MOST_PIXELS // 10**6} megapixels; export it smaller.")


def _plain(image: Image.Image) -> Image.Image:
    """The picture as opaque sRGB, without a trace of metadata."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):  # 16 bits of grey, which `convert` would clip instead of scale
        image = image.convert("I").point(lambda level: level / 256).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image).convert("RGB")
    elif image.mode == "P":
        image = image.convert("RGB")  # a profile speaks of the palette's colours, not of its indices
    if profile:
        image = _in_srgb(image, profile)
    elif image.mode != "RGB":
        image = image.convert("RGB")
    image.info = {}  # else the encoders copy comments from here
    return image


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        converted = None
    # A broken profile, or one for another kind of picture, is passed over, as browsers do.
    return image.convert("RGB") if converted is None else converted


def _encode(original: Image.Image, encoding: Format) -> Encoded:
    image = _cropped(original, _WIDTH)
    buffer = io.BytesIO()
    if encoding == "webp":
        image.save(buffer, "WEBP", quality=80, method=4)
    else:
        image.save(buffer, "JPEG", quality=82, progressive=True, optimize=True)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()[:_NAME_DIGITS]
    suffix = "webp" if encoding == "webp" else "jpg"
    name = f"{digest}-{image.width}.{suffix}"
    return Encoded(Rendition(name, encoding, _CANVAS, image.width, image.height), content)


def _cropped(original: Image.Image, width: int) -> Image.Image:
    """The centre of the picture at 16:9, at most that wide, and never enlarged."""
    across, down = _ASPECT
    width = max(1, min(width, original.width, original.height * across // down))
    height = max(1, round(width * down / across))
    return ImageOps.fit(original, (width, height), Image.Resampling.LANCZOS)


def _placeholder(original: Image.Image) -> str:
    buffer = io.BytesIO()
    _cropped(original, _PLACEHOLDER_WIDTH).save(buffer, "WEBP", quality=20, method=6)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
