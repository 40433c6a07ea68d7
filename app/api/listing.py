"""A title as clients see it in the catalogue: all fields, also those that were never set."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec
from typing_extensions import TypedDict

from app.catalogue.image import IMAGES, Frame, Image, image_of
from app.catalogue.live import LiveTitle
from assets.catalogue import Artwork, Title
from assets.crop import Box, Canvas, Crop, Point
from assets.provenance import Consent, Made, Provenance

_encode = msgspec.json.Encoder().encode
REMEMBERED = 4096
AT_A_TIME = 20
"""Titles that are encoded before other requests get their turn; this takes a few milliseconds."""


class ListedConsent(TypedDict):
    of: str
    until: float | None
    withdrawn: bool


class _Limits(TypedDict):
    status: str
    locales: tuple[str, ...]
    placements: tuple[str, ...]
    maturity: int
    valid_from: float | None
    valid_until: float | None


class _Origin(TypedDict):
    made: Made
    creator: str
    licence: str
    consent: ListedConsent | None


class _Look(TypedDict):
    focus: Point | None
    faces: tuple[Box, ...]
    original: bool
    features: Mapping[str, float]
    image: Image | None


class ListedArtwork(_Limits, _Origin, _Look):
    """An artwork. Nobody is shown it while it is withdrawn, its consent has ended, or `made` is barred.

    Then `image` is null, except for admins and editors. Only admins and editors see `consent`. `original` tells
    whether the service keeps the original: only then can focus, faces and crops be changed.
    """

    id: str
    name: str
    alt: str
    tags: tuple[str, ...]


class ListedCrop(Image):
    """An image with the part of the picture that it shows: x, y, width and height as shares of the picture's.

    It is null for a crop of an older release. `by_hand` tells whether a person set it.
    """

    box: Box | None
    by_hand: bool


class DetailedArtwork(ListedArtwork):
    """An artwork with its image on each canvas. `served` tells whether `/images` serves these to everybody."""

    crops: Mapping[Canvas, ListedCrop]
    served: bool


class ListedPin(TypedDict):
    artwork: str
    placement: str | None
    country: str | None
    until: float | None


class _TitleItself(TypedDict):
    id: str
    revision: str
    name: str
    names: Mapping[str, str]
    synopsis: str
    genres: tuple[str, ...]
    maturity: int
    default: str | None


class Listed(_TitleItself):
    """A title with its artworks and pins. Times are in Unix seconds."""

    artworks: list[ListedArtwork]
    pins: list[ListedPin]


class Detailed(_TitleItself):
    """A title with its artworks on all canvases, and its pins. Times are in Unix seconds."""

    artworks: list[DetailedArtwork]
    pins: list[ListedPin]


class Listing(TypedDict):
    """Titles by id. `total` is the number of titles that match the search, or of all titles."""

    titles: list[Listed]
    total: int


class Reader(NamedTuple):
    """The reader of a listing: the role, the Unix time, and the address of the pictures."""

    admin: bool
    now: float
    images: str = IMAGES


async def listing_json(live_titles: Iterable[LiveTitle], total: int, reader: Reader) -> bytes:
    """Return a listing of titles. While it encodes many, it lets other requests run in between."""
    parts = [b'{"titles":[']
    for number, live_title in enumerate(list(live_titles), 1):
        parts += (_same_for_all(live_title) or _encode(_listed(live_title.title, reader, live_title.barred)), b",")
        if number % AT_A_TIME == 0:
            await asyncio.sleep(0)
    parts[max(1, len(parts) - 1) :] = [b'],"total":%d}' % total]  # in the place of the last comma, if any
    return b"".join(parts)


def listed_json(title: Title, images: str) -> bytes:
    """Return a title as an admin sees it."""
    return _encode(_listed(title, Reader(admin=True, now=0, images=images), ()))


def detailed(title: Title, reader: Reader, barred: Collection[Made]) -> Detailed:
    """Return a title with all that an editor of its pictures needs."""
    return {
        **_itself(title),
        "artworks": [
            {
                **listed_artwork(each, reader, barred),
                "crops": {crop.canvas: _crop(each, crop, reader.images) for crop in each.crops},
                "served": each.allowed(now=reader.now, barred=barred),
            }
            for each in title.artworks
        ],
        "pins": _pins(title),
    }


def _crop(artwork: Artwork, crop: Crop, images: str) -> ListedCrop:
    return {**image_of(artwork, Frame(crop.canvas), images), "box": crop.box, "by_hand": crop.by_hand}


def listed_artwork(artwork: Artwork, reader: Reader, barred: Collection[Made] = ()) -> ListedArtwork:
    return {
        "id": artwork.id,
        "name": artwork.name,
        "alt": artwork.alt,
        "tags": artwork.tags,
        **_limits(artwork),
        **_origin(artwork.provenance, reader),
        **_look(artwork, reader.images, shown=reader.admin or artwork.allowed(now=reader.now, barred=barred)),
    }


@lru_cache(maxsize=REMEMBERED)
def _same_for_all(live_title: LiveTitle) -> bytes | None:
    """Return a title, encoded once: on the shelf it never changes. None if it depends on who reads it, or when."""
    artworks = live_title.title.artworks
    if any(each.provenance.consent or not each.allowed(now=0, barred=live_title.barred) for each in artworks):
        return None
    return listed_json(live_title.title, live_title.images)


def _listed(title: Title, reader: Reader, barred: Collection[Made]) -> Listed:
    return {
        **_itself(title),
        "artworks": [listed_artwork(artwork, reader, barred) for artwork in title.artworks],
        "pins": _pins(title),
    }


def _itself(title: Title) -> _TitleItself:
    return {
        "id": title.id,
        "revision": title.revision,
        "name": title.name,
        "names": title.names,
        "synopsis": title.synopsis,
        "genres": title.genres,
        "maturity": title.maturity,
        "default": title.default,
    }


def _limits(artwork: Artwork) -> _Limits:
    return {
        "status": artwork.status,
        "locales": artwork.locales,
        "placements": artwork.placements,
        "maturity": artwork.maturity,
        "valid_from": artwork.valid_from,
        "valid_until": artwork.valid_until,
    }


def _origin(provenance: Provenance, reader: Reader) -> _Origin:
    return {
        "made": provenance.made,
        "creator": provenance.creator,
        "licence": provenance.licence,
        "consent": _consent(provenance.consent) if reader.admin else None,
    }


def _look(artwork: Artwork, images: str, *, shown: bool) -> _Look:
    return {
        "focus": artwork.focus,
        "faces": artwork.faces,
        "original": bool(artwork.kept_original),
        "features": artwork.features,
        "image": image_of(artwork, images=images) if shown else None,
    }


def _consent(consent: Consent | None) -> ListedConsent | None:
    if consent is None:
        return None
    return {"of": consent.of, "until": consent.until, "withdrawn": consent.withdrawn}


def _pins(title: Title) -> list[ListedPin]:
    return [
        {"artwork": pin.artwork, "placement": pin.placement, "country": pin.country, "until": pin.until}
        for pin in title.pins
    ]
