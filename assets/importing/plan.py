"""The artworks to make from a title's folder: one for each original, and one more for each title set on it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from assets.artwork import Artwork
from assets.catalogue import MOST_ARTWORKS, Title
from assets.checks import CatalogueError
from assets.importing import merging
from assets.importing.manifest import ArtworkEntry, TitleEntry
from assets.importing.names import artwork_name, slug, tags
from assets.importing.outcome import Row
from assets.importing.survey import Original, TitleFolder
from assets.languages import speaks
from assets.picture import Job
from assets.treatment import Treatment

TITLED: Final = "titled"
"""The tag of artworks that carry their title's name."""
_LONGEST_ID: Final = 64


@dataclass(frozen=True, slots=True)
class PlannedArtwork:
    """An artwork to make from an original, with its description; `known` is the artwork before the import.

    `job` is the way to make it if it is new.
    """

    title: str
    artwork: str
    stem: str
    job: Job
    entry: ArtworkEntry = field(hash=False)
    known: Artwork | None = field(hash=False)


def planned(folder: TitleFolder, entry: TitleEntry, title: Title | None, rows: list[Row]) -> list[PlannedArtwork]:
    """Return the artworks of a folder by id; those that are not valid are reported in `rows`."""
    names = merging.news(entry, title).get("names") or (title.names if title else {})
    found = {
        each.artwork: _planned_artwork(each, each.artwork, entry.artwork(each.artwork), title, None)
        for each in folder.originals
    }
    for original in folder.originals:
        of_original = entry.artwork(original.artwork)
        if of_original.titled and not names:
            rows.append(Row(folder.id, original.artwork, "refused", _NAMELESS))
        for treatment in _treatments(of_original, names):
            artwork = _titled_id(original, treatment.locale)
            try:
                _check_free(artwork, found, original)
                found[artwork] = _titled(original, artwork, entry, title, treatment)
            except CatalogueError as error:
                rows.append(Row(folder.id, artwork, "refused", str(error)))
    return list(_with_room([found[artwork] for artwork in sorted(found)], title, rows))


def _with_room(found: Iterable[PlannedArtwork], title: Title | None, rows: list[Row]) -> Iterator[PlannedArtwork]:
    """Return the artworks that fit into the title's limit; they are counted before any of them is developed."""
    room = MOST_ARTWORKS - (len(title.artworks) if title else 0)
    for each in found:
        if each.known is None and room <= 0:
            fault = f"{each.job.name!r} is too many: a title has at most {MOST_ARTWORKS} artworks; remove some."
            rows.append(Row(each.title, each.artwork, "refused", fault))
            continue
        room -= each.known is None
        yield each


_NAMELESS: Final = (
    "catalog.toml asks for the title's name on the picture, but the title has no names; list them by language "
    "under [titles.….names]."
)


def _treatments(entry: ArtworkEntry, names: Mapping[str, str]) -> Iterator[Treatment]:
    """Yield the treatment for each language of the picture, if the picture shall have its title on it."""
    for locale, text in names.items() if entry.titled else ():
        if not entry.locales or speaks(tuple(entry.locales), locale):
            yield Treatment(text, locale)


def _titled_id(original: Original, locale: str) -> str:
    suffix = "-" + slug(locale)
    return original.artwork[: _LONGEST_ID - len(suffix)].rstrip("-") + suffix


def _check_free(artwork: str, found: Mapping[str, PlannedArtwork], original: Original) -> None:
    if artwork in found:
        fault = f"Its id is taken: {original.name!r} with the title's name on it needs the id; rename one of them."
        raise CatalogueError(fault)


def _titled(
    original: Original, artwork: str, entry: TitleEntry, title: Title | None, treatment: Treatment
) -> PlannedArtwork:
    """Combine the description of the original with the one of this id, which wins."""
    of_original, own = entry.artwork(original.artwork), entry.artworks.get(artwork, ArtworkEntry())
    name = of_original.name or artwork_name(original.path.stem)
    told = merging.said(own)
    told.setdefault("name", f"{name}, titled ({treatment.locale})")
    told.setdefault("alt", f"{treatment.text}. {of_original.alt or name}")
    told.setdefault("tags", tags(original.path.stem) if of_original.tags is None else of_original.tags)
    told.setdefault("locales", (treatment.locale,))
    told["tags"] = tuple(dict.fromkeys((*told["tags"], TITLED)))
    return _planned_artwork(original, artwork, replace(of_original, **told), title, treatment)


def _planned_artwork(
    original: Original, artwork: str, entry: ArtworkEntry, title: Title | None, treatment: Treatment | None
) -> PlannedArtwork:
    known = title.artwork(artwork) if title else None
    name = f"{original.name} with its title in {treatment.locale}" if treatment else original.name
    job = Job(str(original.path), name, entry.focus, entry.faces or (), treatment, boxes=entry.crops or {})
    return PlannedArtwork(original.title, artwork, original.path.stem, job, entry, known)
