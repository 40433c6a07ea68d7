"""Small catalogue entries and real picture files for the tests of assets/."""

import io
from pathlib import Path

from PIL import Image

from assets.catalogue import Artwork, Pin, Title
from assets.crop import Crop

SOURCE = "ab" * 32
PLACEHOLDER = "data:image/webp;base64,UklGRg=="
CROPS = (
    Crop("16:9", "4f0c1a00" * 4, (320, 640, 1280), PLACEHOLDER),
    Crop("2:3", "4f0c1a01" * 4, (320, 480), PLACEHOLDER),
    Crop("1:1", "4f0c1a02" * 4, (320, 640, 720), PLACEHOLDER),
)


def an_artwork(id: str = "earthrise") -> Artwork:  # noqa: A002
    return Artwork(id, "Earthrise", "The Earth", source=SOURCE, crops=CROPS)


def a_title(*artworks: Artwork, pins: tuple[Pin, ...] = ()) -> Title:
    artworks = artworks or (an_artwork(),)
    return Title("countdown", "Countdown", default=artworks[0].id, artworks=artworks, pins=pins)


def a_picture(size: tuple[int, int] = (320, 180), colour: str = "teal") -> Image.Image:
    """Half of it coloured and half of it black, so that up, down and sides can be told apart."""
    image = Image.new("RGB", size, "black")
    image.paste(colour, (0, 0, size[0], size[1] // 2))
    return image


def encoded(image: Image.Image, format: str = "JPEG", **options: object) -> bytes:  # noqa: A002
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def put(path: Path, content: bytes | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(a_picture()) if content is None else content)
    return path
