"""A title as clients see it in the catalogue: every field, whether it was ever set or not."""

from functools import lru_cache

import msgspec
from typing_extensions import TypedDict

from app.picture import Image, image_of
from app.shelf import Shelved
from assets.catalogue import Artwork, Pin, Title

_encode = msgspec.json.Encoder().encode
REMEMBERED = 4096


class ListedArtwork(TypedDict):
    id: str
    name: str
    alt: str
    status: str
    tags: tuple[str, ...]
    locales: tuple[str, ...]
    placements: tuple[str, ...]
    maturity: int
    valid_from: float | None
    valid_until: float | None
    image: Image


class ListedPin(TypedDict):
    artwork: str
    placement: str | None
    country: str | None
    until: float | None


class Listed(TypedDict):
    """A title with its artworks and pins. Moments are Unix seconds."""

    id: str
    name: str
    genres: tuple[str, ...]
    maturity: int
    default: str
    artworks: list[ListedArtwork]
    pins: list[ListedPin]


class Listing(TypedDict):
    titles: list[Listed]


def listed_json(title: Title) -> bytes:
    return _encode(_listed(title))


@lru_cache(maxsize=REMEMBERED)
def shelved_json(shelved: Shelved) -> bytes:
    """Return what `listed_json` does, made once: a title on the shelf never changes."""
    return listed_json(shelved.title)


def _listed(title: Title) -> Listed:
    return {
        "id": title.id,
        "name": title.name,
        "genres": title.genres,
        "maturity": title.maturity,
        "default": title.default,
        "artworks": [_artwork(artwork) for artwork in title.artworks],
        "pins": [_pin(pin) for pin in title.pins],
    }


def _artwork(artwork: Artwork) -> ListedArtwork:
    return {
        "id": artwork.id,
        "name": artwork.name,
        "alt": artwork.alt,
        "status": artwork.status,
        "tags": artwork.tags,
        "locales": artwork.locales,
        "placements": artwork.placements,
        "maturity": artwork.maturity,
        "valid_from": artwork.valid_from,
        "valid_until": artwork.valid_until,
        "image": image_of(artwork),
    }


def _pin(pin: Pin) -> ListedPin:
    return {"artwork": pin.artwork, "placement": pin.placement, "country": pin.country, "until": pin.until}
