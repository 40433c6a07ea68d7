"""Checks that a pin can have an effect, because one without effect would only seem to be in force."""

from collections.abc import Collection, Iterator

from assets.catalogue import Artwork, Pin, PinScope, Title
from assets.provenance import Made


def hindrance(pin: Pin, artwork: Artwork, now: float, barred: Collection[Made]) -> str | None:
    """Return why no viewer would see a pin, and the remedy; None if one would. `now` is in Unix seconds."""
    return next(_hindrances(pin, artwork, now, barred), None)


def _hindrances(pin: Pin, artwork: Artwork, now: float, barred: Collection[Made]) -> Iterator[str]:
    name, other = f"Artwork {artwork.id!r}", "or pin another one."
    if artwork.status != "active":
        yield f"{name} is {artwork.status}, so nobody would see the pin; set its status to active first."
    if not artwork.provenance.allows(now):
        yield f"{name} lacks the consent that it needs; change its consent first, {other}"
    if artwork.provenance.made in barred:
        yield (
            f"{name} is {artwork.provenance.made}, and the catalogue bars this kind; change the "
            f"barred kinds, {other}"
        )
    if artwork.valid_until is not None and artwork.valid_until <= now:
        yield f"{name} may not be shown any more; change its valid_until first, {other}"
    if artwork.valid_from is not None and pin.until is not None and pin.until <= artwork.valid_from:
        yield f"{name} may be shown only after the end of the pin; change its valid_from, or the pin's until."
    if artwork.placements and pin.placement not in {None, *artwork.placements}:
        places = ", ".join(artwork.placements)
        yield f"{name} is not for the placement {pin.placement!r}; pin it in {places}, {other}"


def missing(title: Title, pin_scope: PinScope) -> str:
    """Say that a title has no pin for a placement and country, and which ones it has."""
    pins = "; ".join(_described(pin.pin_scope) for pin in title.pins) or "none"
    return f"Title {title.id!r} has no pin for {_described(pin_scope)}; it has {pins}."


def _described(pin_scope: PinScope) -> str:
    placement, country = pin_scope
    return f"{placement or 'every placement'} in {country or 'every country'}"
