"""Advice to editors about pictures that are accepted."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from assets.artwork import Artwork
from assets.importing.outcome import Note
from assets.looks.judging import ALIKE, BLURRED, distance
from assets.provenance import Made

SMALL: Final = 640
"""Pixels across the 16:9 crop below which a picture is coarse on most screens."""


def warnings(
    artwork: Artwork, others: Iterable[Artwork], barred: Collection[Made] = frozenset()
) -> tuple[str, ...]:
    return tuple(note.sentence for note in notes(artwork, others, barred=barred))


def notes(
    artwork: Artwork,
    others: Iterable[Artwork],
    vocabulary: Collection[str] = frozenset(),
    barred: Collection[Made] = frozenset(),
) -> tuple[Note, ...]:
    """Return a note for each thing that an editor should check; `others` are of the same title."""
    if artwork.status == "withdrawn":
        return ()
    return (
        *_of_limits(artwork, barred),
        *_of_looks(artwork),
        *_of_likeness(artwork, others),
        *_of_words(artwork, vocabulary),
    )


def _of_limits(artwork: Artwork, barred: Collection[Made]) -> Iterator[Note]:
    made, consent = artwork.provenance.made, artwork.provenance.consent
    if made in barred:
        sentence = (
            f"It is not shown, because the catalogue bars pictures that are {made}; say how it was "
            "made, or bar less."
        )
        yield Note("barred", sentence, made)
    if consent and consent.withdrawn:
        yield Note("consent", f"It is not shown, because {consent.of} has withdrawn the consent.")


def _of_looks(artwork: Artwork) -> Iterator[Note]:
    width = artwork.crop("16:9").widths[-1]
    if width < SMALL:
        sentence = f"It is only {width} pixels wide at 16:9; give a picture of {SMALL} pixels or more."
        yield Note("small", sentence, f"{width} pixels")
    if artwork.features.get("sharpness", 1.0) < BLURRED:
        yield Note("blurred", "It looks blurred; give a sharper picture.")


def _of_likeness(artwork: Artwork, others: Iterable[Artwork]) -> Iterator[Note]:
    for other in others:
        # The same file with and without a title on it, in different languages, is meant to be alike.
        related = artwork.source == other.source and artwork.locales != other.locales
        if other.id == artwork.id or other.status == "withdrawn" or related:
            continue
        if distance(artwork.fingerprint, other.fingerprint) <= ALIKE:
            sentence = f"It looks like {other.id}; Keyart learns slower from two similar pictures than from one."
            yield Note("alike", sentence, f"like {other.id}")


def _of_words(artwork: Artwork, vocabulary: Collection[str]) -> Iterator[Note]:
    if artwork.alt == artwork.name:
        yield Note("alt", "It has no alt text; describe what the picture shows.")
    if not artwork.tags:
        yield Note("tags", "It has no tags; with tags it learns from other pictures, too.")
    if strange := [tag for tag in artwork.tags if vocabulary and tag not in vocabulary]:
        yield Note("vocabulary", f"Not in the vocabulary: {', '.join(strange)}.", ", ".join(strange))
