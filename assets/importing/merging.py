"""What a folder says, merged with what the catalogue knows by now."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from hashlib import sha256
from itertools import islice
from typing import Any, Final, TypeVar

from assets.artwork import Artwork, Box, Point
from assets.catalogue import MOST_ARTWORKS, Title
from assets.codec import canonical
from assets.importing.manifest import SHARED, ArtworkEntry, TitleEntry
from assets.importing.names import artwork_name, tags, title_name
from assets.picture import Picture
from assets.provenance import Provenance
from assets.rules import CatalogueError

T = TypeVar("T", Artwork, Provenance, Title)

DIGITS: Final = 8
PICTURE: Final = ("source", "recipe", "fingerprint", "features", "crops", "focus", "faces")
"""The fields of an artwork that belong to its file: they change together or not at all."""
OWN: Final = ("name", "names", "synopsis", "genres", "maturity", "default", "declared")
"""The fields of a title that an import can change, apart from its artworks."""
WINDOW: Final = ("valid_from", "valid_until")


def described(id: str, entry: ArtworkEntry, known: Artwork | None, picture: Picture) -> Artwork:  # noqa: A002
    """The artwork with a new picture; what the entry says wins, and all else stays as it was.

    A consent that was withdrawn stays withdrawn, whatever is said of it: only an editor gives it again.
    """
    return _artwork(id, _said(entry), known, picture, stem=id)


def imported(stem: str, id: str, entry: ArtworkEntry, known: Artwork | None, picture: Picture) -> Artwork:  # noqa: A002
    """The artwork as a folder has it: what its entry says anew wins, what it said before undoes no edit.

    A consent that was withdrawn stays withdrawn, as in `described`.
    """
    artwork = _artwork(id, news(entry, known), known, picture, stem=stem)
    return replace(artwork, declared=_digests(_said(entry)))


def news(entry: ArtworkEntry | TitleEntry, known: Artwork | Title | None) -> dict[str, Any]:
    """What an entry says that it did not say at the last import, by field."""
    said = _said(entry)
    if known is None:
        return said
    return {what: said[what] for what, digest in _digests(said).items() if known.declared.get(what) != digest}


def where(entry: ArtworkEntry, known: Artwork | None) -> tuple[Point | None, tuple[Box, ...]]:
    """The focus and the faces to crop by."""
    told = news(entry, known)
    focus, faces = (known.focus, known.faces) if known else (None, ())
    return told.get("focus", focus), told.get("faces", faces)


def imported_title(
    id: str,  # noqa: A002 - the catalogue's own word
    folder: str,
    entry: TitleEntry,
    known: Title | None,
    artworks: Iterable[Artwork],
) -> Title:
    """The title as a folder has it, with its artworks.

    A default that is none of them is passed over, and is news again at the next import.
    """
    title = known or Title(id, title_name(folder))
    by_id = {artwork.id: artwork for artwork in _heeding(artworks, title)}
    said = _said(entry)
    if said.get("default") not in by_id:
        said.pop("default", None)
    told = news(entry, known)
    default = told.pop("default", None)
    if default not in by_id:
        default = title.default or min(by_id, default=None)
    return replace(title, **told, default=default, artworks=tuple(by_id.values()), declared=_digests(said))


def merged(imported: Title, *, before: Title | None, current: Title | None) -> Title | None:
    """The current title with what the import changed in it: `before` is what the import began with.

    What the import did not change is as it is by now, whoever changed it meanwhile. New artworks for which
    there is no room by now stay out. None if the title was taken out meanwhile.
    """
    if current is None:
        return None if before else imported
    artworks = tuple(islice(_artworks(imported, before, current), MOST_ARTWORKS))
    changes = _changes(imported, before, OWN)
    ids = [artwork.id for artwork in artworks]
    defaults = (changes.get("default"), current.default, imported.default, *ids)
    changes["default"] = next((each for each in defaults if each in ids), None)
    return replace(current, artworks=artworks, **changes)


def _artworks(imported: Title, before: Title | None, current: Title) -> Iterator[Artwork]:
    """The current artworks, changed, and the new ones; one that was deleted meanwhile stays away."""
    for artwork in current.artworks:
        found = imported.artwork(artwork.id)
        yield _both(found, before.artwork(artwork.id) if before else None, artwork) if found else artwork
    for artwork in _heeding(imported.artworks, current):
        if current.artwork(artwork.id) is None and not (before and before.artwork(artwork.id)):
            yield artwork


def _both(imported: Artwork, before: Artwork | None, current: Artwork) -> Artwork:
    names = [each.name for each in fields(Artwork) if each.name not in {"id", "provenance", *PICTURE}]
    changes = _changes(imported, before, names)
    if before is None or _changes(imported, before, PICTURE):
        changes |= {what: getattr(imported, what) for what in PICTURE}
    changes["provenance"] = _provenance(imported, before, current)
    try:
        return replace(current, **changes)
    except CatalogueError:  # a window that would end before it begins: what somebody else made of it stays
        return replace(current, **{what: value for what, value in changes.items() if what not in WINDOW})


def _provenance(imported: Artwork, before: Artwork | None, current: Artwork) -> Provenance:
    if before is None:  # the picture is the import's, and this says where that comes from
        return _withdrawn(imported.provenance, current.provenance)
    changes = _changes(imported.provenance, before.provenance, SHARED)
    return _withdrawn(replace(current.provenance, **changes), current.provenance)


def _changes(imported: T, before: T | None, names: Iterable[str]) -> dict[str, Any]:
    """The fields that the import changed; all of what was not there before is as somebody else made it."""
    if before is None:
        return {}
    return {name: getattr(imported, name) for name in names if getattr(imported, name) != getattr(before, name)}


def _heeding(artworks: Iterable[Artwork], title: Title) -> Iterator[Artwork]:
    """The artworks; a withdrawn consent holds for new ones of the same file, too: it was renamed, or titled."""
    by_source = {each.source: each.provenance for each in title.artworks if _is_withdrawn(each.provenance)}
    for artwork in artworks:
        if artwork.source in by_source and title.artwork(artwork.id) is None:
            provenance = _withdrawn(artwork.provenance, by_source[artwork.source])
            yield replace(artwork, provenance=provenance)
        else:
            yield artwork


def _withdrawn(provenance: Provenance, known: Provenance) -> Provenance:
    """The provenance, with the consent withdrawn if it was so before."""
    consent = provenance.consent or known.consent
    if consent is None or not _is_withdrawn(known):
        return provenance
    return replace(provenance, consent=replace(consent, withdrawn=True))


def _is_withdrawn(provenance: Provenance) -> bool:
    return provenance.consent is not None and provenance.consent.withdrawn


def _artwork(id: str, told: Mapping[str, Any], known: Artwork | None, picture: Picture, *, stem: str) -> Artwork:  # noqa: A002
    file = {each.name: getattr(picture, each.name) for each in fields(Picture)}
    if known is None:
        name = told.get("name") or artwork_name(stem)
        known = Artwork(id, name, alt=name, tags=tags(stem), **file)
    direct = {what: value for what, value in told.items() if what not in SHARED}
    provenance = replace(known.provenance, **{what: told[what] for what in SHARED if what in told})
    return replace(known, **file, **direct, provenance=_withdrawn(provenance, known.provenance))


def _said(entry: ArtworkEntry | TitleEntry) -> dict[str, Any]:
    """The fields of an artwork or a title that an entry speaks of."""
    titles = isinstance(entry, TitleEntry)
    passed_over = {"artworks", *SHARED} if titles else {"titled"}
    said = {each.name: getattr(entry, each.name) for each in fields(entry) if each.name not in passed_over}
    return {what: value for what, value in said.items() if value is not None}


def _digests(said: Mapping[str, Any]) -> dict[str, str]:
    """A short hash of each value, to know later whether the folder says something else."""
    return {what: sha256(canonical(value)).hexdigest()[:DIGITS] for what, value in said.items()}
