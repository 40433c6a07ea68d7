"""The artworks of a picture: those of the current catalogue, and those that had it a short time ago."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from app.catalogue.image import shows
from assets.artwork import Artwork
from assets.catalogue import Title
from assets.crop import Crop
from assets.provenance import Made

LINGERING = 86_400
"""Seconds for which a replaced picture is still shown, because open pages name it."""
MOST_REPLACED = 10_000


class ArtworkRef(NamedTuple):
    title: str
    artwork: str


class Showing(NamedTuple):
    """An artwork as it was when it had the picture, and the Unix time until which that may be seen."""

    artwork: Artwork
    until: float | None


Had = tuple[tuple[ArtworkRef, Artwork], ...]


class _Replaced(NamedTuple):
    """The artworks that had a picture, as they were then, and until when it is still shown."""

    had: Had
    until: float


Find = Callable[[ArtworkRef], Artwork | None]
Current = Mapping[str, tuple[ArtworkRef, ...]]


class ImageIndex:
    """An index by the digests of crops. It never changes; its successor shares the equal parts."""

    def __init__(self, current: Current | None = None, replaced: Mapping[str, _Replaced] | None = None):
        self._current, self._replaced = current or {}, replaced or {}

    def followed(self, before: Mapping[str, Title], after: Mapping[str, Title], now: float) -> "ImageIndex":
        """Return the index for the titles `after`, where this one is for those `before`."""
        changed = [id_ for id_ in {**before, **after} if before.get(id_) is not after.get(id_)]
        old, new = _standing(before, changed), _standing(after, changed)
        current = dict(self._current)
        gone, come = _by_digest(old), _by_digest(new)
        for digest in {**gone, **come}:
            _put(current, digest, {*current.get(digest, ())} - {*gone.get(digest, ())} | {*come.get(digest, ())})
        staying = {artwork_ref: artwork for artwork_ref, artwork in old.items() if artwork_ref in new}
        return ImageIndex(current, self._with_replaced(_dropped(staying, current), now + LINGERING))

    def showing(self, image: str, find: Find, *, now: float, barred: Collection[Made]) -> list[Showing]:
        """Return the artworks of a file name that anybody may see.

        A replaced picture is shown only if both allow it: the artwork as it was, and its present form from `find`.
        """
        digest = image.partition("-")[0]
        pairs, end = [(each, each) for each in map(find, self._current.get(digest, ()))], None
        replaced = self._replaced.get(digest)
        if not pairs and replaced and now < replaced.until:
            pairs, end = [(had, find(artwork_ref)) for artwork_ref, had in replaced.had], replaced.until
        return [
            Showing(had, _first(end, _consented_until(had), _consented_until(stands)))
            for had, stands in pairs
            if had and stands and shows(had, image)
            if had.allowed(now=now, barred=barred) and stands.allowed(now=now, barred=barred)
        ]

    def _with_replaced(self, dropped: Mapping[str, Had], until: float) -> Mapping[str, _Replaced]:
        if not dropped:
            return self._replaced
        kept = {digest: each for digest, each in self._replaced.items() if digest not in dropped}
        kept |= {digest: _Replaced(had, until) for digest, had in dropped.items()}
        return dict(list(kept.items())[-MOST_REPLACED:])


def _standing(titles: Mapping[str, Title], wanted: Iterable[str]) -> dict[ArtworkRef, Artwork]:
    there = [titles[id_] for id_ in wanted if id_ in titles]
    return {ArtworkRef(title.id, artwork.id): artwork for title in there for artwork in title.artworks}


def _crops(standing: Mapping[ArtworkRef, Artwork]) -> Iterator[tuple[ArtworkRef, Crop]]:
    return ((artwork_ref, crop) for artwork_ref, artwork in standing.items() for crop in artwork.crops)


def _dropped(staying: Mapping[ArtworkRef, Artwork], current: Current) -> dict[str, Had]:
    """Return the artworks that had each picture which no artwork has now.

    A picture in use follows its present artworks.
    """
    found: dict[str, Had] = {}
    for artwork_ref, crop in _crops(staying):
        if crop.digest not in current:
            found[crop.digest] = (*found.get(crop.digest, ()), (artwork_ref, staying[artwork_ref]))
    return found


def _by_digest(standing: Mapping[ArtworkRef, Artwork]) -> dict[str, list[ArtworkRef]]:
    """Return the artworks with each picture. Thousands may share one."""
    found: dict[str, list[ArtworkRef]] = {}
    for artwork_ref, crop in _crops(standing):
        found.setdefault(crop.digest, []).append(artwork_ref)
    return found


def _put(current: dict[str, tuple[ArtworkRef, ...]], digest: str, refs: Collection[ArtworkRef]) -> None:
    """Set the artworks with a picture, in an order that is the same in all workers."""
    if refs:
        current[digest] = tuple(sorted(refs))
    else:
        current.pop(digest, None)


def _consented_until(artwork: Artwork) -> float | None:
    consent = artwork.provenance.consent
    return consent.until if consent else None


def _first(*ends: float | None) -> float | None:
    return min((end for end in ends if end is not None), default=None)
