"""A title as clients see it in the catalogue: every field, whether it was ever set or not."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec
from typing_extensions import TypedDict

from app.picture import Image, image_of
from app.shelf import Shelved
from assets.artwork import Box, Point
from assets.catalogue import Artwork, Pin, Title
from assets.provenance import Consent, Made

_encode = msgspec.json.Encoder().encode
REMEMBERED = 4096
AT_A_TIME = 20
"""Titles that are encoded before other requests get their turn: a few milliseconds' worth."""


class ListedConsent(TypedDict):
    of: str
    until: float | None
    withdrawn: bool


class ListedArtwork(TypedDict):
    """An artwork. It is not shown while it is withdrawn, its consent has ended, or `made` is barred."""

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
    made: Made
    creator: str
    licence: str
    consent: ListedConsent | None
    focus: Point | None
    faces: tuple[Box, ...]
    features: Mapping[str, float]
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
    names: Mapping[str, str]
    synopsis: str
    genres: tuple[str, ...]
    maturity: int
    default: str | None
    artworks: list[ListedArtwork]
    pins: list[ListedPin]


class Listing(TypedDict):
    titles: list[Listed]


async def listing_json(shelf: Iterable[Shelved]) -> bytes:
    """Return the listing of all titles; many that were never encoded before keep nobody waiting."""
    parts = [b'{"titles":[']
    for number, shelved in enumerate(list(shelf), 1):
        parts += (shelved_json(shelved), b",")
        if number % AT_A_TIME == 0:
            await asyncio.sleep(0)
    parts[max(1, len(parts) - 1) :] = [b"]}"]  # in the place of the last comma, if there is one
    return b"".join(parts)


def listed_json(title: Title) -> bytes:
    return _encode(_listed(title))


@lru_cache(maxsize=REMEMBERED)
def shelved_json(shelved: Shelved) -> bytes:
    """Return what `listed_json` does, made once: a title on the shelf never changes."""
    return listed_json(shelved.title)


def listed_artwork(artwork: Artwork) -> ListedArtwork:
    provenance = artwork.provenance
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
        "made": provenance.made,
        "creator": provenance.creator,
        "licence": provenance.licence,
        "consent": _consent(provenance.consent),
        "focus": artwork.focus,
        "faces": artwork.faces,
        "features": artwork.features,
        "image": image_of(artwork),
    }


def _listed(title: Title) -> Listed:
    return {
        "id": title.id,
        "name": title.name,
        "names": title.names,
        "synopsis": title.synopsis,
        "genres": title.genres,
        "maturity": title.maturity,
        "default": title.default,
        "artworks": [listed_artwork(artwork) for artwork in title.artworks],
        "pins": [_pin(pin) for pin in title.pins],
    }


def _consent(consent: Consent | None) -> ListedConsent | None:
    if consent is None:
        return None
    return {"of": consent.of, "until": consent.until, "withdrawn": consent.withdrawn}


def _pin(pin: Pin) -> ListedPin:
    return {"artwork": pin.artwork, "placement": pin.placement, "country": pin.country, "until": pin.until}
