"""`catalog.toml`: the description of the titles and artworks in a folder of originals."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final

from assets import checks
from assets.checks import CatalogueError
from assets.codec import read
from assets.crop import CANVASES, Box, Canvas, Point
from assets.provenance import Consent, Made

MANIFEST: Final = "catalog.toml"
LARGEST_MANIFEST: Final = 16 * 1024 * 1024


class ManifestError(ValueError):
    """A `catalog.toml` that is not valid, in a sentence that names the place and the fault."""


@dataclass(frozen=True, slots=True)
class ArtworkEntry:
    """A description of an artwork; None in each field that is not given. The fields are those of `Artwork`."""

    name: str | None = None
    alt: str | None = None
    tags: tuple[str, ...] | None = None
    locales: tuple[str, ...] | None = None
    placements: tuple[str, ...] | None = None
    maturity: int | None = None
    valid_from: float | None = None
    valid_until: float | None = None
    focus: Point | None = None
    faces: tuple[Box, ...] | None = None
    crops: Mapping[Canvas, Box] | None = None
    made: Made | None = None
    creator: str | None = None
    licence: str | None = None
    consent: Consent | None = None
    titled: bool = False

    def __post_init__(self) -> None:
        _check_texts(self, ("name", "alt", "creator", "licence"))
        for tag in self.tags or ():
            checks.slug(tag, "tag")
        checks.unique(self.tags or (), "tag")
        for locale in self.locales or ():
            checks.shape(locale, "locale")
        for placement in self.placements or ():
            checks.slug(placement, "placement")
        if self.maturity is not None:
            checks.maturity(self.maturity)
        if self.focus is not None:
            checks.point(self.focus, "focus")
        for face in self.faces or ():
            checks.box(face, "face")
        for canvas in self.crops or ():
            checks.choice(canvas, CANVASES, "canvas")
        checks.boxes(self.crops or {}, "of the picture")
        checks.moment(self.valid_from, "valid_from")
        checks.moment(self.valid_until, "valid_until")


@dataclass(frozen=True, slots=True)
class TitleEntry:
    """A description of a title; its fields about provenance apply to all its artworks."""

    name: str | None = None
    names: Mapping[str, str] | None = None
    synopsis: str | None = None
    genres: tuple[str, ...] | None = None
    maturity: int | None = None
    default: str | None = None
    made: Made | None = None
    creator: str | None = None
    licence: str | None = None
    consent: Consent | None = None
    artworks: Mapping[str, ArtworkEntry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_texts(self, ("name", "synopsis", "creator", "licence"))
        for locale, name in (self.names or {}).items():
            checks.shape(locale, "locale")
            checks.text(name, f"name in {locale}")
        for genre in self.genres or ():
            checks.slug(genre, "genre")
        if self.maturity is not None:
            checks.maturity(self.maturity)
        for artwork in self.artworks:
            checks.slug(artwork, "artwork id")

    def artwork(self, id: str) -> ArtworkEntry:  # noqa: A002 - the catalogue's own word
        """Return the description of an artwork, with the fields that the title gives for all its artworks."""
        entry = self.artworks.get(id, ArtworkEntry())
        shared = {what: getattr(self, what) for what in SHARED if getattr(entry, what) is None}
        return _replaced(entry, shared)


SHARED: Final = ("made", "creator", "licence", "consent")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole description of a folder. `barred` adds to the ways of making pictures that are not served.

    If there is a `vocabulary`, by facet, an import warns of each tag outside it.
    """

    vocabulary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    barred: tuple[Made, ...] = ()
    titles: Mapping[str, TitleEntry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for title in self.titles:
            checks.slug(title, "title id")

    @property
    def tags(self) -> frozenset[str]:
        return frozenset(tag for tags in self.vocabulary.values() for tag in tags)

    def title(self, id: str) -> TitleEntry:  # noqa: A002 - as above
        return self.titles.get(id, TitleEntry())


def manifest_of(folder: Path) -> Manifest:
    """Read the folder's `catalog.toml`, if it has one; `ManifestError` names the line or the field at fault."""
    path = folder / MANIFEST
    if path.exists() and not path.is_file():
        raise ManifestError(f"{str(path)!r} is not a regular file; put the text itself there.")
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_MANIFEST + 1)
    except (FileNotFoundError, NotADirectoryError):  # the listing of the folder reports it
        return Manifest()
    except OSError as error:
        raise ManifestError(f"{str(path)!r} is not readable: {error.strerror}; check its permissions.") from error
    if len(content) > LARGEST_MANIFEST:
        raise ManifestError(f"{MANIFEST} is larger than {LARGEST_MANIFEST >> 20} MiB; divide the folder.")
    return parsed_manifest(content)


def parsed_manifest(content: bytes) -> Manifest:
    """Read the text of a `catalog.toml`; a byte order mark, as some editors write it, is passed over."""
    try:
        return read(Manifest, _plain(tomllib.loads(content.decode("utf-8-sig"))), MANIFEST)
    except CatalogueError as error:
        raise ManifestError(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{MANIFEST} is not TOML: {error}; correct it and import again.") from error


def _check_texts(entry: ArtworkEntry | TitleEntry, names: Iterable[str]) -> None:
    for what in names:
        if (text := getattr(entry, what)) is not None:
            checks.text(text, what)


def _replaced(entry: ArtworkEntry, changes: Mapping[str, Any]) -> ArtworkEntry:
    return ArtworkEntry(**{each.name: getattr(entry, each.name) for each in fields(entry)} | dict(changes))


def _plain(value: object) -> object:
    """The value as JSON has it: dates become Unix seconds, in UTC if they name no zone."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC).timestamp()
    return str(value) if isinstance(value, time) else value
