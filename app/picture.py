"""Which rendition of an artwork is named to whom."""

from typing_extensions import TypedDict

from assets.catalogue import Artwork

IMAGES = "/images/"


class Image(TypedDict):
    url: str
    srcset: str
    width: int
    height: int
    placeholder: str
    alt: str


def image_of(artwork: Artwork) -> Image:
    """Return the picture in WebP, which every browser since 2020 reads."""
    renditions = [rendition for rendition in artwork.renditions if rendition.format == "webp"]
    largest = max(renditions, key=lambda rendition: rendition.width)
    return {
        "url": IMAGES + largest.name,
        "srcset": ", ".join(f"{IMAGES}{rendition.name} {rendition.width}w" for rendition in renditions),
        "width": largest.width,
        "height": largest.height,
        "placeholder": artwork.placeholder,
        "alt": artwork.alt,
    }


def url_for(artwork: Artwork, accept: str) -> str:
    """Return the picture in the best format that the client accepts; who says nothing of WebP gets JPEG."""
    wanted = "webp" if "image/webp" in accept or accept.startswith("image/*") else "jpeg"
    fitting = [rendition for rendition in artwork.renditions if rendition.format == wanted] or artwork.renditions
    return IMAGES + max(fitting, key=lambda rendition: rendition.width).name
