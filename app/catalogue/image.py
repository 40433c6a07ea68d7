"""The choice of the rendition that a client gets."""

import re
from functools import lru_cache
from typing import NamedTuple

from typing_extensions import TypedDict

from assets.artwork import Artwork
from assets.crop import Canvas, Format
from assets.provenance import Made

IMAGES = "/images/"
"""The address of pictures, if no other is set: the path of their route."""
REMEMBERED = 256
_REFUSED = re.compile(r";\s*q\s*=\s*0(?:\.0*)?\s*(?:;|$)")


class Image(TypedDict):
    """An image. All addresses have the same format. `width` and `height` are the size of `url` in pixels."""

    url: str
    srcset: str
    width: int
    height: int
    placeholder: str
    alt: str
    made: Made
    creator: str
    licence: str


class Frame(NamedTuple):
    """The size and encoding in which a page shows a picture. It chooses the rendition, never the artwork."""

    canvas: Canvas = "16:9"
    width: int | None = None
    encoding: Format = "webp"


USUAL = Frame()


class Accepted(NamedTuple):
    """The content of an Accept header; `picture` asks for the picture itself instead of its description."""

    picture: bool
    encoding: Format


def image_of(artwork: Artwork, frame: Frame = USUAL, images: str = IMAGES) -> Image:
    """Return the description of a picture for a client; `images` is the address of all pictures."""
    crop = artwork.crop(frame.canvas)
    names = {width: images + crop.name(width, frame.encoding) for width in crop.widths}
    width = crop.width_for(frame.width)
    provenance = artwork.provenance
    return {
        "url": names[width],
        "srcset": ", ".join([f"{name} {each}w" for each, name in names.items()]),
        "width": width,
        "height": crop.height_at(width),
        "placeholder": crop.placeholder,
        "alt": artwork.alt,
        "made": provenance.made,
        "creator": provenance.creator,
        "licence": provenance.licence,
    }


def shows(artwork: Artwork, name: str) -> bool:
    return any(name in crop.names() for crop in artwork.crops)


@lru_cache(maxsize=REMEMBERED)
def accepted(header: str) -> Accepted:
    """Read an Accept header (RFC 9110, section 12.5.1), however malformed.

    The encoding is the service's first one that is not refused with q=0. WebP is also the answer to a header
    without images, because every browser since 2020 reads it, although few tell a script so.
    """
    ranges = [part.strip() for part in header.lower().split(",")]
    kinds = {part.partition(";")[0].strip(): not _REFUSED.search(part) for part in ranges}
    return Accepted(ranges[0].startswith("image/"), _encoding(kinds))


def _encoding(kinds: dict[str, bool]) -> Format:
    """Return the format for media ranges that are accepted or not; `image/*` does not bring a refused one back."""
    if kinds.get("image/avif"):
        return "avif"
    images = any(kind.startswith("image/") for kind in kinds)
    return "webp" if kinds.get("image/webp", kinds.get("image/*", not images)) else "jpeg"
