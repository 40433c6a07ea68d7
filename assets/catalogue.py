"""The catalogue's titles, with the artworks that compete to represent them and the pins that end the contest."""

from collections.abc import Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field
from hashlib import sha256
from typing import Final

from assets import checks
from assets.artwork import NOBODY, Artwork
from assets.checks import CatalogueError
from assets.codec import canonical, parsed
from assets.countries import country_of
from assets.provenance import Made

__all__ = ["MOST_ARTWORKS", "Artwork", "CatalogueError", "Pin", "Title", "title_from_json", "title_to_json"]

MOST_ARTWORKS: Final = 64
REVISION_DIGITS: Final = 16
PinScope = tuple[str | None, str | None]
"""A placement and a country; None is any."""


def pin_scope(placement: str | None, country: str | None) -> PinScope:
    """Return a pin's placement and country, with the country's ISO code: UK is GB.

    Text that names no country stays as it is.
    """
    return (placement, country and (country_of(country) or country))


@dataclass(frozen=True, slots=True)
class Pin:
    """An editor's choice of artwork until a moment: for a placement, a country, both, or everywhere."""

    artwork: str
    placement: str | None = None
    country: str | None = None
    until: float | None = None

    def __post_init__(self) -> None:
        checks.slug(self.artwork, "artwork id")
        if self.placement is not None:
            checks.slug(self.placement, "placement")
        if self.country is not None:
            checks.shape(self.country, "country")
        checks.moment(self.until, "until")

    @property
    def pin_scope(self) -> PinScope:
        """The placement and the country of the pin; a title has at most one pin for each pair."""
        return pin_scope(self.placement, self.country)

    @property
    def specificity(self) -> tuple[bool, bool]:
        """Orders pins: placement and country, placement, country, neither."""
        return (self.placement is not None, self.country is not None)

    def applies(self, *, now: float, placement: str | None, country: str | None) -> bool:
        return (
            (self.until is None or now < self.until)
            and self.placement in (None, placement)
            and self.pin_scope[1] in (None, country)
        )


@dataclass(frozen=True, slots=True)
class Title:
    """A film or series with the artworks that compete to represent it.

    `maturity` is the age that the title is meant for. The caller decides whether to list the title. `names` has
    its name by language. Only without artworks is `default` None.
    """

    id: str
    name: str
    _: KW_ONLY
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    synopsis: str = ""
    genres: tuple[str, ...] = ()
    maturity: int = 0
    default: str | None = None
    artworks: tuple[Artwork, ...] = ()
    pins: tuple[Pin, ...] = ()
    declared: Mapping[str, str] = field(default_factory=dict, hash=False)
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
        checks.slug(self.id, "title id")
        checks.text(self.name, f"name of title {self.id}")
        for locale, name in self.names.items():
            checks.shape(locale, "locale")
            checks.text(name, f"name of title {self.id} in {locale}")
        if self.synopsis:
            checks.text(self.synopsis, f"synopsis of title {self.id}")
        for genre in self.genres:
            checks.slug(genre, "genre")
        checks.maturity(self.maturity)
        if len(self.artworks) > MOST_ARTWORKS:
            raise CatalogueError(
                f"Title {self.id} has {len(self.artworks)} artworks; keep at most {MOST_ARTWORKS}."
            )
        checks.unique([artwork.id for artwork in self.artworks], "artwork id")
        if self.default is not None:
            self._check_named(self.default, "default")
        elif self.artworks:
            raise CatalogueError(f"Title {self.id} has no default artwork; choose from {', '.join(self._by_id)}.")
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
            self._named(revision_of(title_to_json(self)))
        return self._revision

    def _named(self, revision: str) -> None:
        object.__setattr__(self, "_revision", revision)

    def artwork(self, id: str) -> Artwork | None:  # noqa: A002 - the catalogue's own word
        return self._by_id.get(id)

    def eligible(
        self,
        *,
        now: float,
        locale: str | None,
        placement: str | None,
        maturity: int | None,
        barred: Collection[Made] = NOBODY,
    ) -> tuple[Artwork, ...]:
        """The active artworks whose limits allow this request, in catalogue order.

        `languages.speaks` says which locales match. An artwork that is limited to locales or placements does not
        fit a request that names none. A request without maturity has no limit. An artwork without a valid consent,
        or one that was made in a barred way, fits no request.
        """
        if not self._limited and not barred:
            return self._active
        return tuple(
            artwork
            for artwork in self._active
            if artwork.provenance.made not in barred
            and artwork.fits(now=now, locale=locale, placement=placement, maturity=maturity)
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

        Without `among` any active artwork can be pinned. With `among`, the eligible artworks, a pin of an artwork
        that maturity or locale excludes is skipped, and the next pin applies.
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
    title = parsed(Title, content)
    title._named(revision_of(content))  # noqa: SLF001 - to write 10,000 titles out again costs a second at each start
    return title


def revision_of(content: bytes) -> str:
    return sha256(content).hexdigest()[:REVISION_DIGITS]
