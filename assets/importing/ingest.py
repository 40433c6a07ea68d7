"""A folder of originals merged into the catalogue, edits kept."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from assets.artwork import Artwork
from assets.catalogue import Title
from assets.checks import CatalogueError
from assets.importing import merging, review
from assets.importing.manifest import MANIFEST, Manifest, manifest_of
from assets.importing.outcome import Note, Outcome, Row
from assets.importing.plan import TITLED, PlannedArtwork, planned
from assets.importing.survey import TitleFolder, survey
from assets.importing.unchanged import Kept, kept_or_asked
from assets.importing.written import Written
from assets.picture import Job, Picture, PictureError
from assets.provenance import Made
from assets.rendering.originals import KEPT_NOW, NOT_KEPT, Originals
from assets.rendering.workers import Stop, develop_all

__all__ = ["Ingest", "Outcome", "Row", "ingest"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Ingest:
    """The whole catalogue after an import, and the result for each file."""

    titles: dict[str, Title]
    rows: tuple[Row, ...]
    barred: tuple[Made, ...] = ()


def ingest(  # noqa: PLR0913  two folders to write to, and all by keyword
    folder: Path,
    *,
    current: Mapping[str, Title],
    images: Path,
    originals: Originals | None = None,
    barred: Collection[Made] = (),
    workers: int | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
    written: Written | None = None,
) -> Ingest:
    """Merge `folder`/title/artwork.jpg and its catalog.toml into the current titles.

    An unchanged file leaves its artwork and any later upload as they are. A changed file gets new renditions and
    keeps every edit. New values in catalog.toml win over edits. Nothing is removed. Only renditions are written,
    to `images`, and originals if there is a folder for them. No title refers to them until the caller stores the
    titles, so an import may be killed at any point. It warns of pictures in a way that is barred. Raises
    `PictureError` if the folder is not readable, `ManifestError`, `OSError` if writing or starting a process
    fails, and `Stopped` after `stop.tell()`. `written` gets the files that were written until then.
    """
    manifest, found = manifest_of(folder), survey(folder, current)
    merge = _Merge(manifest, current, {*barred, *manifest.barred}, progress, [*found.refused, *found.passed_over])
    asked = [each for title in found.folders for each in merge.planned(title)]
    changed = merge.changed(asked, images, originals)
    for job, result in develop_all(list(changed), images, workers or os.cpu_count() or 1, stop, originals):
        if written and isinstance(result, Picture):
            written.add(result)
        merge.keep(changed[job], _noted(job, result) if originals else result)
    for title in found.folders:
        merge.take(title)
    merge.complain()
    return merge.result()


def _noted(job: Job, result: Picture | PictureError) -> Kept | Picture | PictureError:
    """Return a picture with a note if only its original is new, or if it should be kept and is not."""
    if isinstance(result, PictureError) or (result.original and job.known is None):
        return result
    note = Note("kept", KEPT_NOW) if result.original else Note("original", NOT_KEPT)
    return Kept(result, result.source, (note,))


def jobs_of(folder: Path) -> list[Job]:
    """Return the jobs of an import of the folder into an empty catalogue, without titles set on pictures.

    Raises as `ingest` does.
    """
    manifest = manifest_of(folder)
    found = [
        each
        for title in survey(folder).folders
        for each in planned(title, manifest.title(title.id), None, [])
        if each.job.treatment is None
    ]
    return [each.job for each in found]


@dataclass(slots=True)
class _Merge:
    """An import on its way."""

    manifest: Manifest
    current: Mapping[str, Title]
    barred: Collection[Made]
    progress: Progress | None
    rows: list[Row]
    titles: dict[str, Title] = field(default_factory=dict)
    results: dict[PlannedArtwork, Kept | Picture | PictureError] = field(default_factory=dict)
    asked: dict[str, list[PlannedArtwork]] = field(default_factory=dict)

    def planned(self, folder: TitleFolder) -> list[PlannedArtwork]:
        entry = self.manifest.title(folder.id)
        self.asked[folder.id] = planned(folder, entry, self.current.get(folder.id), self.rows)
        return self.asked[folder.id]

    def changed(
        self, asked: Iterable[PlannedArtwork], images: Path, originals: Originals | None
    ) -> dict[Job, PlannedArtwork]:
        """Keep the unchanged artworks; return the jobs of the others."""
        jobs: dict[Job, PlannedArtwork] = {}
        for each in asked:
            try:
                found = kept_or_asked(each, images, originals)
            except PictureError as error:
                self.keep(each, error)
                continue
            if isinstance(found, Job):
                jobs[found] = each
            else:
                self.keep(each, found)
        return jobs

    def keep(self, each: PlannedArtwork, result: Kept | Picture | PictureError) -> None:
        self.results[each] = result
        if self.progress:
            self.progress(len(self.results), sum(map(len, self.asked.values())))

    def take(self, folder: TitleFolder) -> None:
        known = self.current.get(folder.id)
        artworks = {artwork.id: artwork for artwork in known.artworks} if known else {}
        asked = self.asked[folder.id]
        self.rows.extend(
            Row(folder.id, artwork, "gone", "Its file is no longer in the folder; Keyart kept the artwork.")
            for artwork in sorted(artworks.keys() - {each.artwork for each in asked})
        )
        rows = [self._accept(each, artworks) for each in asked]
        if known or artworks:
            self._title(folder, known, artworks)
        title = self.titles.get(folder.id)
        self.rows.extend(self._reviewed(row, known, title) for row in rows)

    def _title(self, folder: TitleFolder, known: Title | None, artworks: Mapping[str, Artwork]) -> None:
        entry = self.manifest.title(folder.id)
        try:
            title = merging.imported_title(folder.id, folder.path.name, entry, known, artworks.values())
        except CatalogueError as error:
            self.rows.append(Row(folder.id, "", "refused", str(error)))
            return
        self.titles[folder.id] = title
        if entry.default is not None and entry.default not in artworks:
            fault = f"The default {entry.default!r} is not an artwork of the title; Keyart kept {title.default!r}."
            self.rows.append(Row(folder.id, entry.default, "refused", fault))

    def _accept(self, each: PlannedArtwork, artworks: dict[str, Artwork]) -> Row:
        row, known = Row(each.title, each.artwork, "refused"), artworks.get(each.artwork)
        result = self.results[each]
        if isinstance(result, PictureError):
            return replace(row, reason=str(result))
        kept = result if isinstance(result, Kept) else Kept(result, result.source)
        try:
            titled = each.job.treatment is not None
            artwork = merging.imported(
                each.stem, each.artwork, each.entry, known, kept.picture, kept.file, titled=titled
            )
        except CatalogueError as error:
            return replace(row, reason=str(error))
        artworks[each.artwork] = artwork
        return replace(row, outcome=_outcome(artwork, known), notes=kept.notes)

    def _reviewed(self, row: Row, before: Title | None, title: Title | None) -> Row:
        artwork = title.artwork(row.artwork) if title else None
        if row.outcome == "refused" or title is None or artwork is None:
            return row
        outcome: Outcome = row.outcome
        if before and outcome == "unchanged":
            outcome = _outcome(artwork, before.artwork(artwork.id))  # another's withdrawal may change it
        return replace(row, outcome=outcome, notes=row.notes + self._notes(artwork, title))

    def _notes(self, artwork: Artwork, title: Title) -> tuple[Note, ...]:
        """The notes to report: for the plain picture only, and for the later of two that are alike."""
        if TITLED in artwork.tags:
            return ()
        earlier = title.artworks[: title.artworks.index(artwork)]
        return review.notes(artwork, earlier, vocabulary=self.manifest.tags, barred=self.barred)

    def result(self) -> Ingest:
        rows = sorted(self.rows, key=lambda row: (row.title, row.artwork))
        return Ingest({**self.current, **self.titles}, tuple(rows), self.manifest.barred)

    def complain(self) -> None:
        """Report entries of catalog.toml that belong to no file: a misspelt name or a missing file."""
        for id_, entry in self.manifest.titles.items():
            title = self.titles.get(id_) or self.current.get(id_)
            if title is None and id_ not in self.asked and not entry.artworks:
                self.rows.append(Row(id_, "", "refused", _described("folder")))
            there = {each.artwork for each in self.asked.get(id_, ())}
            there |= {artwork.id for artwork in title.artworks} if title else set()
            there |= {row.artwork for row in self.rows if row.title == id_}  # why it is missing is reported
            self.rows.extend(
                Row(id_, artwork, "refused", _described("file"))
                for artwork in entry.artworks
                if artwork not in there
            )


def _outcome(artwork: Artwork, known: Artwork | None) -> Outcome:
    """Compare without `declared`, which is not a visible part of the artwork."""
    if known is None:
        return "new"
    return "unchanged" if replace(artwork, declared=known.declared) == known else "changed"


def _described(lacking: str) -> str:
    return f"{MANIFEST} describes it, but it has no {lacking}; add that, or remove the description."
