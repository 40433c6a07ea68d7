"""What an editor should look at again, of pictures that are good enough to be taken."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from assets.artwork import Artwork
from assets.looks.features import BLURRED
from assets.looks.fingerprint import ALIKE, distance
from assets.provenance import Made

SMALL: Final = 640
"""Pixels across the 16:9 crop below which a picture is coarse on most screens."""


def warnings(
    artwork: Artwork,
    others: Iterable[Artwork],
    vocabulary: Collection[str] = frozenset(),
    barred: Collection[Made] = frozenset(),
) -> tuple[str, ...]:
    """Return a sentence for each thing that is worth a second look; `others` are of the same title."""
    if artwork.status == "withdrawn":
        return ()
    return (
        *_of_limits(artwork, barred),
        *_of_looks(artwork),
        *_of_likeness(artwork, others),
        *_of_words(artwork, vocabulary),
    )


def _of_limits(artwork: Artwork, barred: Collection[Made]) -> Iterator[str]:
    made, consent = artwork.provenance.made, artwork.provenance.consent
    if made in barred:
        yield f"It is not shown, for the catalogue bars what is {made}; say how it was made, or bar less."
    if consent and consent.withdrawn:
        yield f"It is not shown, for {consent.of} has withdrawn the consent to it."


def _of_looks(artwork: Artwork) -> Iterator[str]:
    width = artwork.crop("16:9").widths[-1]
    if width < SMALL:
        yield f"It is only {width} pixels wide at 16:9; give one of {SMALL} or more."
    if artwork.features.get("sharpness", 1.0) < BLURRED:
        yield "It looks blurred; give a sharper one."


def _of_likeness(artwork: Artwork, others: Iterable[Artwork]) -> Iterator[str]:
    for other in others:
        # The same file with and without a title on it, for different languages, is meant to be alike.
        related = artwork.source == other.source and artwork.locales != other.locales
        if other.id == artwork.id or other.status == "withdrawn" or related:
            continue
        if distance(artwork.fingerprint, other.fingerprint) <= ALIKE:
            yield f"It looks like {other.id}; two that are alike learn slower than one."


def _of_words(artwork: Artwork, vocabulary: Collection[str]) -> Iterator[str]:
    if artwork.alt == artwork.name:
        yield "It has no alt text; describe what is to be seen."
    if not artwork.tags:
        yield "It has no tags; without any, nothing learned of other pictures helps it."
    if strange := [tag for tag in artwork.tags if vocabulary and tag not in vocabulary]:
        yield f"Not in the vocabulary: {', '.join(strange)}."
