"""The nouns of the catalogue: titles, their artworks, and the renditions of those."""

from collections.abc import Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field
from hashlib import sha256
from typing import Final, Literal, get_args

from assets.codec import canonical, parsed
from assets.rules import (
    CatalogueError,
    check_choice,
    check_country,
    check_file_name,
    check_fraction,
    check_locale,
    check_maturity,
    check_moment,
    check_placeholder,
    check_size,
    check_slug,
    check_source,
    check_text,
    check_unique,
)

__all__ = [
    "MOST_ARTWORKS",
    "Artwork",
    "Canvas",
    "CatalogueError",
    "Format",
    "Pin",
    "Rendition",
    "Status",
    "Title",
    "title_from_json",
    "title_to_json",
]

Format = Literal["webp", "jpeg"]
Canvas = Literal["16:9"]
Status = Literal["active", "paused", "withdrawn"]

MOST_ARTWORKS: Final = 64
REVISION_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoded size of an artwork; the name is its file's, made from the content."""

    name: str
    format: Format
    canvas: Canvas
    width: int
    height: int

    def __post_init__(self) -> None:
        check_file_name(self.name)
        check_choice(self.format, get_args(Format), "format")
        check_choice(self.canvas, get_args(Canvas), "canvas")
        check_size(self.width, "width")
        check_size(self.height, "height")


@dataclass(frozen=True, slots=True)
class Artwork:
    """One candidate picture of a title.

    An empty `locales` or `placements` means all of them. Moments are Unix seconds: shown from
    `valid_from`, no longer at `valid_until`.
    """

    id: str
    name: str
    alt: str
    _: KW_ONLY
    status: Status = "active"
    tags: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()
    placements: tuple[str, ...] = ()
    maturity: int = 0
    valid_from: float | None = None
    valid_until: float | None = None
    features: Mapping[str, float] = field(default_factory=dict, hash=False)
    source: str
    placeholder: str
    renditions: tuple[Rendition, ...] = ()

    def __post_init__(self) -> None:
        check_slug(self.id, "artwork id")
        check_text(self.name, f"name of artwork {self.id}")
        check_text(self.alt, f"alt text of artwork {self.id}")
        check_source(self.source)
        check_placeholder(self.placeholder)
        self._check_labels()
        self._check_limits()

    def _check_labels(self) -> None:
        for tag in self.tags:
            check_slug(tag, "tag")
        for name, value in self.features.items():
            check_slug(name, "feature name")
            check_fraction(value, f"feature {name} of artwork {self.id}")

    def _check_limits(self) -> None:
        check_choice(self.status, get_args(Status), "status")
        check_maturity(self.maturity)
        for locale in self.locales:
            check_locale(locale)
        for placement in self.placements:
            check_slug(placement, "placement")
        check_moment(self.valid_from, "valid_from")
        check_moment(self.valid_until, "valid_until")
        if self.valid_from is not None and self.valid_until is not None and self.valid_until <= self.valid_from:
            raise CatalogueError(
                f"Artwork {self.id} would end at {self.valid_until}, before it begins at {self.valid_from}; "
                "write a valid_until after its valid_from."
            )

    @property
    def limited(self) -> bool:
        """Whether the answer to `fits` depends on the request at all."""
        unlimited_window = self.valid_from is None and self.valid_until is None
        return bool(self.locales or self.placements or self.maturity or not unlimited_window)

    def fits(self, *, now: float, locale: str | None, placement: str | None, maturity: int | None) -> bool:
        """Whether its limits allow this request; see `Title.eligible`."""
        return (
            (self.valid_from is None or self.valid_from <= now)
            and (self.valid_until is None or now < self.valid_until)
            and (maturity is None or self.maturity <= maturity)
            and (not self.placements or placement in self.placements)
            and (
                not self.locales
                or (locale is not None and any(_same_language(own, locale) for own in self.locales))
            )
        )


@dataclass(frozen=True, slots=True)
class Pin:
    """An editor's choice of artwork, for a placement, a country, both or everywhere, until a moment."""

    artwork: str
    placement: str | None = None
    country: str | None = None
    until: float | None = None

    def __post_init__(self) -> None:
        check_slug(self.artwork, "artwork id")
        if self.placement is not None:
            check_slug(self.placement, "placement")
        if self.country is not None:
            check_country(self.country)
        check_moment(self.until, "until")

    @property
    def specificity(self) -> tuple[bool, bool]:
        """Orders pins: placement and country, placement, country, neither."""
        return (self.placement is not None, self.country is not None)

    def applies(self, *, now: float, placement: str | None, country: str | None) -> bool:
        return (
            (self.until is None or now < self.until)
            and self.placement in (None, placement)
            and self.country in (None, country)
        )


@dataclass(frozen=True, slots=True)
class Title:
    """A film or series with the artworks that compete to represent it.

    `maturity` says whom the title is for; whether to list it at all is the caller's to decide.
    """

    id: str
    name: str
    _: KW_ONLY
    genres: tuple[str, ...] = ()
    maturity: int = 0
    default: str
    artworks: tuple[Artwork, ...] = ()
    pins: tuple[Pin, ...] = ()
    _by_id: Mapping[str, Artwork] = field(init=False, repr=False, compare=False)
    _active: tuple[Artwork, ...] = field(init=False, repr=False, compare=False)
    _limited: bool = field(init=False, repr=False, compare=False)
    _revision: str = field(init=False, repr=False, compare=False, default="")

    def __post_init__(self) -> None:
        active = tuple(artwork for artwork in self.artworks if artwork.status == "active")
        # Set past the freeze: `eligible` runs for each title of each page, and these never change.
        object.__setattr__(self, "_by_id", {artwork.id: artwork for artwork in self.artworks})
        object.__setattr__(self, "_active", active)
        object.__setattr__(self, "_limited", any(artwork.limited for artwork in active))
        self._check()

    def _check(self) -> None:
        check_slug(self.id, "title id")
        check_text(self.name, f"name of title {self.id}")
        for genre in self.genres:
            check_slug(genre, "genre")
        check_maturity(self.maturity)
        if len(self.artworks) > MOST_ARTWORKS:
            raise CatalogueError(
                f"Title {self.id} has {len(self.artworks)} artworks; keep at most {MOST_ARTWORKS}."
            )
        check_unique((artwork.id for artwork in self.artworks), "artwork id")
        self._check_named(self.default, "default")
        for pin in self.pins:
            self._check_named(pin.artwork, "pinned")

    def _check_named(self, artwork: str, role: str) -> None:
        if artwork not in self._by_id:
            known = ", ".join(self._by_id) or "none yet"
            raise CatalogueError(
                f"The {role} artwork {artwork!r} is not one of title {self.id}; choose from {known}."
            )

    @property
    def revision(self) -> str:
        """The name of exactly this content: equal titles, and no others, share it."""
        if not self._revision:
            object.__setattr__(self, "_revision", revision_of(title_to_json(self)))
        return self._revision

    def artwork(self, id: str) -> Artwork | None:  # noqa: A002 - the catalogue's own word
        return self._by_id.get(id)

    def eligible(
        self, *, now: float, locale: str | None, placement: str | None, maturity: int | None
    ) -> tuple[Artwork, ...]:
        """The active artworks whose limits allow this request, in catalogue order.

        A locale fits the same locale or one that only adds to it: "de" fits "de-AT" and "de-AT" fits
        "de", but "de-DE" does not fit "de-AT". An artwork limited to locales or placements fits no
        request that names none. A request without maturity is taken as unlimited.
        """
        if not self._limited:
            return self._active
        return tuple(
            artwork
            for artwork in self._active
            if artwork.fits(now=now, locale=locale, placement=placement, maturity=maturity)
        )

    def pinned(
        self,
        *,
        now: float,
        placement: str | None,
        country: str | None,
        among: Collection[Artwork] | None = None,
    ) -> Artwork | None:
        """The artwork of the most specific pin that applies; of equally specific ones the last wins.

        Without `among` any active artwork can be pinned. Pass what is eligible, and a pin can't show
        an artwork that the profile's maturity or locale rules out; the next pin that can, applies.
        """
        if not self.pins:
            return None
        choices = self._active if among is None else among
        weakest_first = sorted(self.pins, key=lambda pin: pin.specificity)
        for pin in reversed(weakest_first):
            artwork = self._by_id[pin.artwork]
            if artwork in choices and pin.applies(now=now, placement=placement, country=country):
                return artwork
        return None


def title_to_json(title: Title) -> bytes:
    return canonical(title)


def title_from_json(content: bytes) -> Title:
    return parsed(Title, content)


def revision_of(content: bytes) -> str:
    return sha256(content).hexdigest()[:REVISION_DIGITS]


def _same_language(one: str, other: str) -> bool:
    one, other = f"{one.lower()}-", f"{other.lower()}-"
    return one.startswith(other) or other.startswith(one)
