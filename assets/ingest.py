"""A folder of originals merged into the catalogue, edits kept."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from assets.catalogue import MOST_ARTWORKS, Artwork, Title
from assets.names import artwork_name, tags, title_name
from assets.renditions import Picture, PictureError, read
from assets.row import Outcome, Row
from assets.survey import Original, TitleFolder, survey
from assets.workers import Result, render_all

__all__ = ["Ingest", "Outcome", "Row", "ingest", "merged"]


@dataclass(frozen=True, slots=True)
class Ingest:
    """The whole catalogue after an import, and what became of each file."""

    titles: dict[str, Title]
    rows: tuple[Row, ...]


def ingest(
    folder: Path,
    *,
    current: Mapping[str, Title],
    images: Path,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Ingest:
    """Merge `folder`/title/artwork.jpg into the current titles, and write the renditions to `images`.

    A file that has not changed leaves its artwork as it is; a changed one gets new renditions and
    keeps every edit; nothing is ever removed. Renditions are all that is written, and no title
    refers to them until the caller stores the titles: killed at any point, an import did no harm.
    """
    found = survey(folder)
    results: dict[Original, Picture | PictureError] = {}
    for original, result in _results(found.originals, current, images, workers or os.cpu_count() or 1):
        results[original] = result
        if progress:
            progress(len(results), len(found.originals))
    titles, rows = dict(current), list(found.refused)
    for title_folder in found.folders:
        title = _merged(title_folder, current.get(title_folder.id), results, rows)
        if title:
            titles[title.id] = title
    return Ingest(titles, tuple(sorted(rows, key=lambda row: (row.title, row.artwork))))


def merged(imported: Title, *, before: Title | None, current: Title | None) -> Title | None:
    """The current title with what the import made of it: `before` is what the import began with.

    Of the pictures that are new or changed the current title gets what files say; all else is as it
    is by now, whoever changed it meanwhile. None if the title was taken out meanwhile.
    """
    if current is None:
        return None if before else imported
    artworks = {artwork.id: artwork for artwork in current.artworks}
    for artwork in imported.artworks:
        if before is None or artwork != before.artwork(artwork.id):
            known = artworks.get(artwork.id, artwork)
            artworks[artwork.id] = _with(Picture(artwork.source, artwork.placeholder, artwork.renditions), known)
    return replace(current, artworks=tuple(artworks.values()))


def _results(
    originals: list[Original], current: Mapping[str, Title], images: Path, workers: int
) -> Iterator[Result]:
    changed: list[Original] = []
    for original in originals:
        picture = _unchanged(original, current.get(original.title), images)
        if picture:
            yield original, picture
        else:
            changed.append(original)
    yield from render_all(changed, images, workers)


def _unchanged(original: Original, title: Title | None, images: Path) -> Picture | None:
    """What is known of a file with the same content, unless a rendition has been lost since."""
    artwork = title and title.artwork(original.artwork)
    if not artwork or not all((images / rendition.name).is_file() for rendition in artwork.renditions):
        return None
    try:
        source = sha256(read(original.path, original.name)).hexdigest()
    except PictureError:
        return None  # rendering will say why
    return Picture(source, artwork.placeholder, artwork.renditions) if source == artwork.source else None


def _merged(
    folder: TitleFolder,
    title: Title | None,
    results: Mapping[Original, Picture | PictureError],
    rows: list[Row],
) -> Title | None:
    artworks = {artwork.id: artwork for artwork in title.artworks} if title else {}
    found = {original.artwork for original in folder.originals}
    rows.extend(
        Row(folder.id, artwork, "gone", "Its file is no longer in the folder; the artwork was kept.")
        for artwork in artworks.keys() - found
    )
    originals = sorted(folder.originals, key=lambda original: original.artwork)
    rows.extend([_accept(original, results[original], artworks) for original in originals])
    if title:
        return replace(title, artworks=tuple(artworks.values()))
    if not artworks:
        return None
    name = title_name(folder.path.name)
    return Title(folder.id, name, default=min(artworks), artworks=tuple(artworks.values()))


def _accept(original: Original, result: Picture | PictureError, artworks: dict[str, Artwork]) -> Row:
    """Put the picture among the artworks, if it can be, and report."""
    row = Row(original.title, original.artwork, "refused")
    if isinstance(result, PictureError):
        return replace(row, reason=str(result))
    known = artworks.get(original.artwork)
    if known is None and len(artworks) >= MOST_ARTWORKS:
        fault = f"{original.name!r} is one too many: a title has at most {MOST_ARTWORKS} artworks; remove some."
        return replace(row, reason=fault)
    artwork = artworks[original.artwork] = _with(result, known or _artwork(original, result))
    return replace(row, outcome="new" if known is None else "unchanged" if artwork == known else "changed")


def _artwork(original: Original, picture: Picture) -> Artwork:
    name = artwork_name(original.path.stem)
    return Artwork(
        original.artwork,
        name,
        alt=name,
        tags=tags(original.path.stem),
        source=picture.source,
        placeholder=picture.placeholder,
    )


def _with(picture: Picture, artwork: Artwork) -> Artwork:
    return replace(artwork, source=picture.source, placeholder=picture.placeholder, renditions=picture.renditions)
