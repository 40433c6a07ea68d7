"""Which artworks a title's folder is to become: one for each original, and one more for each title set on it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from assets.artwork import Artwork, same_language
from assets.catalogue import Title
from assets.importing import merging
from assets.importing.manifest import ArtworkEntry, TitleEntry
from assets.importing.names import artwork_name, slug, tags
from assets.importing.row import Row
from assets.importing.survey import Original, TitleFolder
from assets.picture import Job, Treatment
from assets.rules import CatalogueError

TITLED: Final = "titled"
"""The tag of artworks that carry their title's name."""
_LONGEST_ID: Final = 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """An artwork to be made from an original, with what is said of it; `known` is it as it was before."""

    title: str
    artwork: str
    stem: str
    job: Job
    entry: ArtworkEntry = field(hash=False)
    known: Artwork | None = field(hash=False)


def wanted(folder: TitleFolder, entry: TitleEntry, title: Title | None, rows: list[Row]) -> list[Wanted]:
    """Return them by id; what can't be is reported in `rows`."""
    names = merging.news(entry, title).get("names") or (title.names if title else {})
    found: dict[str, Wanted] = {}
    for original in folder.originals:
        found[original.artwork] = _wanted(original, original.artwork, entry.artwork(original.artwork), title, None)
    for original in folder.originals:
        of_original = entry.artwork(original.artwork)
        if not of_original.titled:
            continue
        if not names:
            rows.append(Row(folder.id, original.artwork, "refused", _NAMELESS))
        for treatment in _treatments(of_original, names):
            artwork = _titled_id(original, treatment.locale)
            if artwork in found:
                fault = f"Its place is taken: the title set on {original.name!r} needs the id; rename one of them."
                rows.append(Row(folder.id, artwork, "refused", fault))
                continue
            try:
                found[artwork] = _titled(original, artwork, of_original, title, treatment)
            except CatalogueError as error:
                rows.append(Row(folder.id, artwork, "refused", str(error)))
    return [found[artwork] for artwork in sorted(found)]


_NAMELESS: Final = (
    "catalog.toml wants its title set on it, but the title has no names; "
    "list them by language under [titles.….names]."
)


def _treatments(entry: ArtworkEntry, names: Mapping[str, str]) -> Iterator[Treatment]:
    """One for each language that the picture itself is for."""
    for locale, text in names.items():
        if not entry.locales or any(same_language(own, locale) for own in entry.locales):
            yield Treatment(text, locale)


def _titled_id(original: Original, locale: str) -> str:
    suffix = "-" + slug(locale)
    return original.artwork[: _LONGEST_ID - len(suffix)].rstrip("-") + suffix


def _titled(
    original: Original, artwork: str, entry: ArtworkEntry, title: Title | None, treatment: Treatment
) -> Wanted:
    name = entry.name or artwork_name(original.path.stem)
    described_by = tags(original.path.stem) if entry.tags is None else entry.tags
    said = replace(
        entry,
        name=f"{name}, titled ({treatment.locale})",
        alt=f"{treatment.text}. {entry.alt or name}",
        tags=tuple(dict.fromkeys((*described_by, TITLED))),
        locales=(treatment.locale,),
    )
    return _wanted(original, artwork, said, title, treatment)


def _wanted(
    original: Original, artwork: str, entry: ArtworkEntry, title: Title | None, treatment: Treatment | None
) -> Wanted:
    known = title.artwork(artwork) if title else None
    focus, faces = merging.where(entry, known)
    name = f"{original.name} with its title in {treatment.locale}" if treatment else original.name
    job = Job(str(original.path), name, focus, faces, treatment)
    return Wanted(original.title, artwork, original.path.stem, job, entry, known)
