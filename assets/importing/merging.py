"""The description in a folder, merged with the current catalogue."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from hashlib import sha256
from typing import Any, Final, TypeVar

from assets.artwork import Artwork
from assets.catalogue import MOST_ARTWORKS, Title
from assets.checks import CatalogueError
from assets.codec import canonical
from assets.crop import Box, Canvas, Point
from assets.importing.ids import called
from assets.importing.manifest import SHARED, ArtworkEntry, TitleEntry
from assets.importing.names import artwork_name, tags, title_name
from assets.importing.withdrawal import heeding, still_withdrawn
from assets.picture import Picture
from assets.provenance import Provenance

T = TypeVar("T", Artwork, Provenance, Title)

DIGITS: Final = 8
PICTURE: Final = (
    "source",
    "recipe",
    "fingerprint",
    "features",
    "crops",
    "original",
    "treatment",
    "focus",
    "faces",
)
"""The fields of an artwork that belong to its file: they change together or not at all."""
KEPT: Final = frozenset({"original", "treatment"})
"""The fields of these that say that the original is kept."""
OWN: Final = ("name", "names", "synopsis", "genres", "maturity", "default", "declared")
"""The fields of a title that an import can change, apart from its artworks."""
WINDOW: Final = ("valid_from", "valid_until")
FILE: Final = "file"
"""The key in `declared` for the SHA-256 of the folder's file at the last import."""


def described(
    id: str,  # noqa: A002 - the catalogue's own word
    entry: ArtworkEntry,
    known: Artwork | None,
    picture: Picture,
    stem: str | None = None,
) -> Artwork:
    """The artwork with a new picture; the fields of the entry win, and the others stay as they are.

    `stem` is the name that the id was made from, if any. A withdrawn consent stays withdrawn, even if the entry
    gives it: only an editor can give it again.
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
    """The artwork as a folder has it: new values of its entry win, and old values undo no edit.

    `file` is the SHA-256 of the folder's file, if the picture is another one, uploaded since. If the picture has
    its title on it (`titled`), the file's name is not remembered, because the id has a locale as well. A withdrawn
    consent stays withdrawn, as in `described`.
    """
    told = news(entry, known)
    own = file or picture.source
    if own == picture.source:
        told["focus"], told["faces"] = where(entry, known, own)
    else:  # the description of the folder's file does not apply to the uploaded one
        told = {what: value for what, value in told.items() if what not in PICTURE}
    artwork = _artwork(id, told, known, picture, stem=stem)
    name = {} if titled else called(id, stem)
    return replace(artwork, declared={**_digests(said(entry)), **name, FILE: own[:DIGITS]})


def said(entry: ArtworkEntry | TitleEntry) -> dict[str, Any]:
    titles = isinstance(entry, TitleEntry)
    passed_over = {"artworks", *SHARED} if titles else {"titled"}
    found = {each.name: getattr(entry, each.name) for each in fields(entry) if each.name not in passed_over}
    return {what: value for what, value in found.items() if value is not None}


def news(entry: ArtworkEntry | TitleEntry, known: Artwork | Title | None) -> dict[str, Any]:
    told = said(entry)
    if known is None:
        return told
    return {what: told[what] for what, digest in _digests(told).items() if known.declared.get(what) != digest}


def is_news(file: str, known: Artwork | None) -> bool:
    """Whether the folder's file, by its SHA-256, is another one than at the last import.

    An artwork that no import has seen has news unless the same file was uploaded.
    """
    if known is None:
        return True
    declared = known.declared.get(FILE)
    return known.source != file if declared is None else declared != file[:DIGITS]


def where(entry: ArtworkEntry, known: Artwork | None, file: str) -> tuple[Point | None, tuple[Box, ...]]:
    """The focus and the faces for cropping the folder's file with this SHA-256."""
    if known is None or is_news(file, known):  # the positions in another file do not apply to this one
        return entry.focus, entry.faces or ()
    told = news(entry, known)
    return told.get("focus", known.focus), told.get("faces", known.faces)


def boxes(entry: ArtworkEntry, known: Artwork | None, file: str) -> Mapping[Canvas, Box]:
    """The boxes that are set by hand for the folder's file with this SHA-256."""
    if known is None or is_news(file, known):
        return entry.crops or {}
    found: Mapping[Canvas, Box] = news(entry, known).get("crops", known.boxes)
    return found


def imported_title(
    id: str,  # noqa: A002 - the catalogue's own word
    folder: str,
    entry: TitleEntry,
    known: Title | None,
    artworks: Iterable[Artwork],
) -> Title:
    """The title as a folder has it, with its artworks.

    A default that is not among the artworks is skipped, and is news again at the next import.
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
    """The current title with the changes of the import, which began with the title `before`.

    Fields that the import did not change keep their current values. New artworks that exceed the title's limit are
    left out. None if the title was deleted meanwhile.
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
    """The current artworks with their changes, and the new ones; one that was deleted meanwhile stays deleted."""
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
    picture = _changes(imported, before, PICTURE)
    if picture and picture.keys() <= KEPT:  # another picture that came meanwhile stays
        changes |= picture if current.source == imported.source else {}
    elif before is None or picture:
        changes |= {what: getattr(imported, what) for what in PICTURE}
    changes["provenance"] = _provenance(imported, before, current)
    changes["declared"] = _declared(imported.declared, before.declared if before else {}, current.declared)
    try:
        return replace(current, **changes)
    except CatalogueError:  # a window that would end before it begins: the other editor's version stays
        return replace(current, **{what: value for what, value in changes.items() if what not in WINDOW})


def _declared(
    imported: Mapping[str, str], before: Mapping[str, str], current: Mapping[str, str]
) -> dict[str, str]:
    """The current declared values, with the new ones of this import, and without those that it dropped."""
    gone = before.keys() - imported.keys()
    anew = {what: digest for what, digest in imported.items() if before.get(what) != digest}
    return {what: digest for what, digest in current.items() if what not in gone} | anew


def _provenance(imported: Artwork, before: Artwork | None, current: Artwork) -> Provenance:
    if before is None:  # the picture is the import's, and this names its file
        return still_withdrawn(imported.provenance, current.provenance)
    changes = _changes(imported.provenance, before.provenance, SHARED)
    return still_withdrawn(replace(current.provenance, **changes), current.provenance)


def _changes(imported: T, before: T | None, names: Iterable[str]) -> dict[str, Any]:
    """The fields that the import changed; none if it is new, because another writer has made it meanwhile."""
    if before is None:
        return {}
    return {name: getattr(imported, name) for name in names if getattr(imported, name) != getattr(before, name)}


def _artwork(id: str, told: Mapping[str, Any], known: Artwork | None, picture: Picture, *, stem: str) -> Artwork:  # noqa: A002
    file = {each.name: getattr(picture, each.name) for each in fields(Picture)}
    if known is None:
        name = told.get("name") or artwork_name(stem)
        known = Artwork(id, name, alt=name, tags=tags(stem), **file)
    apart = {*SHARED, "crops"}  # the picture's crops are made by what is said of them
    direct = {what: value for what, value in told.items() if what not in apart}
    provenance = replace(known.provenance, **{what: told[what] for what in SHARED if what in told})
    return replace(known, **file, **direct, provenance=still_withdrawn(provenance, known.provenance))


def _digests(told: Mapping[str, Any]) -> dict[str, str]:
    return {what: sha256(canonical(value)).hexdigest()[:DIGITS] for what, value in told.items()}
