"""What a folder says, merged with what the catalogue knows by now."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from hashlib import sha256
from typing import Any, Final, TypeVar

from assets.artwork import Artwork, Box, Point
from assets.catalogue import MOST_ARTWORKS, Title
from assets.checks import CatalogueError
from assets.codec import canonical
from assets.importing.ids import called
from assets.importing.manifest import SHARED, ArtworkEntry, TitleEntry
from assets.importing.names import artwork_name, tags, title_name
from assets.importing.withdrawal import heeding, still_withdrawn
from assets.picture import Picture
from assets.provenance import Provenance

T = TypeVar("T", Artwork, Provenance, Title)

DIGITS: Final = 8
PICTURE: Final = ("source", "recipe", "fingerprint", "features", "crops", "focus", "faces")
"""The fields of an artwork that belong to its file: they change together or not at all."""
OWN: Final = ("name", "names", "synopsis", "genres", "maturity", "default", "declared")
"""The fields of a title that an import can change, apart from its artworks."""
WINDOW: Final = ("valid_from", "valid_until")
FILE: Final = "file"
"""The name under which an artwork remembers which file the folder had, beside what was said of it."""


def described(
    id: str,  # noqa: A002 - the catalogue's own word
    entry: ArtworkEntry,
    known: Artwork | None,
    picture: Picture,
    stem: str | None = None,
) -> Artwork:
    """The artwork with a new picture; what the entry says wins, and all else stays as it was.

    `stem` is the name that the id was made of, if it was made of one. A consent that was withdrawn stays
    withdrawn, whatever is said of it: only an editor gives it again.
    """
    artwork = _artwork(id, said(entry), known, picture, stem=stem or id)
    return artwork if stem is None else replace(artwork, declared={**artwork.declared, **called(id, stem)})


def imported(
    stem: str,
    id: str,  # noqa: A002 - the catalogue's own word
    entry: ArtworkEntry,
    known: Artwork | None,
    picture: Picture,
    file: str | None = None,
    *,
    titled: bool = False,
) -> Artwork:
    """The artwork as a folder has it: what its entry says anew wins, what it said before undoes no edit.

    `file` is the SHA-256 of the folder's file, where the picture is another one, uploaded since. The id of one
    with its title on it (`titled`) is not made of the file's name alone, which is not remembered. A consent
    that was withdrawn stays withdrawn, as in `described`.
    """
    told = news(entry, known)
    own = file or picture.source
    if own == picture.source:
        told["focus"], told["faces"] = where(entry, known, own)
    else:  # what is said of the folder's file says nothing of the uploaded one
        told = {what: value for what, value in told.items() if what not in PICTURE}
    artwork = _artwork(id, told, known, picture, stem=stem)
    name = {} if titled else called(id, stem)
    return replace(artwork, declared={**_digests(said(entry)), **name, FILE: own[:DIGITS]})


def said(entry: ArtworkEntry | TitleEntry) -> dict[str, Any]:
    """The fields of an artwork or a title that an entry speaks of."""
    titles = isinstance(entry, TitleEntry)
    passed_over = {"artworks", *SHARED} if titles else {"titled"}
    found = {each.name: getattr(entry, each.name) for each in fields(entry) if each.name not in passed_over}
    return {what: value for what, value in found.items() if value is not None}


def news(entry: ArtworkEntry | TitleEntry, known: Artwork | Title | None) -> dict[str, Any]:
    """What an entry says that it did not say at the last import, by field."""
    told = said(entry)
    if known is None:
        return told
    return {what: told[what] for what, digest in _digests(told).items() if known.declared.get(what) != digest}


def is_news(file: str, known: Artwork | None) -> bool:
    """Whether the folder's file, by its SHA-256, is another one than at the last import.

    Of an artwork that no import has seen, it is news unless the very same file was uploaded.
    """
    if known is None:
        return True
    declared = known.declared.get(FILE)
    return known.source != file if declared is None else declared != file[:DIGITS]


def where(entry: ArtworkEntry, known: Artwork | None, file: str) -> tuple[Point | None, tuple[Box, ...]]:
    """The focus and the faces to crop the folder's file by, which has this SHA-256."""
    if known is None or is_news(file, known):  # where another file had them says nothing of this one
        return entry.focus, entry.faces or ()
    told = news(entry, known)
    return told.get("focus", known.focus), told.get("faces", known.faces)


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
    title, found = known or Title(id, title_name(folder)), tuple(artworks)
    kept = heeding(found, (*title.artworks, *found))
    ids = {artwork.id for artwork in kept}
    if entry.default not in ids:
        entry = replace(entry, default=None)
    told = news(entry, known)
    default = told.pop("default", None) or title.default or min(ids, default=None)
    declared = {**_digests(said(entry)), **called(id, folder)}
    return replace(title, **told, default=default, artworks=tuple(kept), declared=declared)


def merged(imported: Title, *, before: Title | None, current: Title | None) -> Title | None:
    """The current title with what the import changed in it: `before` is what the import began with.

    What the import did not change is as it is by now, whoever changed it meanwhile. New artworks for which
    there is no room by now stay out. None if the title was taken out meanwhile.
    """
    if current is None:
        return None if before else imported
    artworks = tuple(_artworks(imported, before, current)[:MOST_ARTWORKS])
    changes = _changes(imported, before, OWN)
    ids = [artwork.id for artwork in artworks]
    defaults = (changes.get("default"), current.default, imported.default, *ids)
    changes["default"] = next((each for each in defaults if each in ids), None)
    return replace(current, artworks=artworks, **changes)


def _artworks(imported: Title, before: Title | None, current: Title) -> list[Artwork]:
    """The current artworks, changed, and the new ones; one that was deleted meanwhile stays away."""
    changed = [
        _both(found, before.artwork(artwork.id) if before else None, artwork)
        if (found := imported.artwork(artwork.id))
        else artwork
        for artwork in current.artworks
    ]
    new = [
        artwork
        for artwork in imported.artworks
        if current.artwork(artwork.id) is None and not (before and before.artwork(artwork.id))
    ]
    return heeding([*changed, *new], current.artworks)


def _both(imported: Artwork, before: Artwork | None, current: Artwork) -> Artwork:
    apart = {"id", "provenance", "declared", *PICTURE}
    changes = _changes(imported, before, [each.name for each in fields(Artwork) if each.name not in apart])
    if before is None or _changes(imported, before, PICTURE):
        changes |= {what: getattr(imported, what) for what in PICTURE}
    changes["provenance"] = _provenance(imported, before, current)
    changes["declared"] = _declared(imported.declared, before.declared if before else {}, current.declared)
    try:
        return replace(current, **changes)
    except CatalogueError:  # a window that would end before it begins: what somebody else made of it stays
        return replace(current, **{what: value for what, value in changes.items() if what not in WINDOW})


def _declared(
    imported: Mapping[str, str], before: Mapping[str, str], current: Mapping[str, str]
) -> dict[str, str]:
    """What is remembered by now, with what this import was told anew, and without what it no longer was."""
    gone = before.keys() - imported.keys()
    anew = {what: digest for what, digest in imported.items() if before.get(what) != digest}
    return {what: digest for what, digest in current.items() if what not in gone} | anew


def _provenance(imported: Artwork, before: Artwork | None, current: Artwork) -> Provenance:
    if before is None:  # the picture is the import's, and this says where that comes from
        return still_withdrawn(imported.provenance, current.provenance)
    changes = _changes(imported.provenance, before.provenance, SHARED)
    return still_withdrawn(replace(current.provenance, **changes), current.provenance)


def _changes(imported: T, before: T | None, names: Iterable[str]) -> dict[str, Any]:
    """The fields that the import changed; all of what was not there before is as somebody else made it."""
    if before is None:
        return {}
    return {name: getattr(imported, name) for name in names if getattr(imported, name) != getattr(before, name)}


def _artwork(id: str, told: Mapping[str, Any], known: Artwork | None, picture: Picture, *, stem: str) -> Artwork:  # noqa: A002
    file = {each.name: getattr(picture, each.name) for each in fields(Picture)}
    if known is None:
        name = told.get("name") or artwork_name(stem)
        known = Artwork(id, name, alt=name, tags=tags(stem), **file)
    direct = {what: value for what, value in told.items() if what not in SHARED}
    provenance = replace(known.provenance, **{what: told[what] for what in SHARED if what in told})
    return replace(known, **file, **direct, provenance=still_withdrawn(provenance, known.provenance))


def _digests(told: Mapping[str, Any]) -> dict[str, str]:
    """A short hash of each value, to know later whether the folder says something else."""
    return {what: sha256(canonical(value)).hexdigest()[:DIGITS] for what, value in told.items()}
