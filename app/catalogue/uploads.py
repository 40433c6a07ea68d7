"""Pictures that editors send one by one; they are treated as in an import."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from app.catalogue.edit_entries import Doing
from app.catalogue.editor import Editor
from app.catalogue.rendering import Rendering, unavailable
from app.refusals import Invalid, Refusal
from app.store.protocol import Author
from app.telemetry import metrics
from assets.artwork import Artwork
from assets.catalogue import MOST_ARTWORKS, Title
from assets.importing import review
from assets.importing.ids import composed, ids
from assets.importing.manifest import ArtworkEntry
from assets.importing.merging import described
from assets.importing.names import slug
from assets.importing.withdrawal import heeding
from assets.picture import Job, Picture, PictureError

FILE: Final = "file"
"""The field of a form that holds the picture."""

Outcome = Literal["new", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Sent:
    file: Path
    name: str
    """The file's name, as the client calls it, without its folders; empty if it has none."""
    artwork: str | None
    """The id that the artwork should have."""
    said: ArtworkEntry


Opening = Callable[[Path], AbstractAsyncContextManager[Sent]]
"""Reads the picture into a folder; its file is gone when the context ends. It may raise a `Refusal`."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    artwork: Artwork
    outcome: Outcome
    warnings: tuple[str, ...]


class Uploads:
    """Adds pictures to titles, a few at the same time.

    If the client leaves after the last byte, the picture is still added. If the service ends before, it is not.
    """

    def __init__(self, editor: Editor, rendering: Rendering, *, folder: Path):
        self._editor, self._rendering, self._folder = editor, rendering, folder

    async def take(self, by: Author, title: str, opening: Opening) -> Uploaded:
        """Add an upload to a title. Its bytes are read only after the title is found."""
        try:
            current = await self._editor.title(title)
            async with self._rendering.permit(), opening(self._folder) as sent:
                uploaded = await self._add(Doing(by, "upload", title), current, sent)
        except Refusal:
            metrics.UPLOADS.labels("refused").inc()
            raise
        except (asyncio.CancelledError, OSError) as error:
            metrics.UPLOADS.labels("failed").inc()
            raise unavailable(error) from error
        metrics.UPLOADS.labels(uploaded.outcome).inc()
        return uploaded

    async def _add(self, doing: Doing, current: Title, sent: Sent) -> Uploaded:
        naming = _Naming(sent.artwork, None if sent.artwork else _stem(sent.name))
        _check_room(current, naming.id_in(current))
        # The focus, faces and crops of the last file do not apply to this one.
        said = sent.said
        job = Job(str(sent.file), sent.name or FILE, said.focus, said.faces or (), boxes=said.crops or {})
        picture = await self._rendered(job)
        return await self._merged(doing, naming, sent.said, job, picture)

    async def _rendered(self, job: Job) -> Picture:
        try:
            return await self._rendering.added(job)
        except PictureError as error:
            raise Invalid.field(error.field or FILE, str(error).rstrip(".")) from error

    async def _merged(
        self, doing: Doing, naming: "_Naming", entry: ArtworkEntry, job: Job, picture: Picture
    ) -> Uploaded:
        put: list[tuple[Artwork | None, Artwork]] = []

        def with_artwork(current: Title) -> Title:
            id_ = naming.id_in(current)  # another upload may have got it meanwhile
            _check_room(current, id_)
            before = current.artwork(id_)
            # Focus and faces belong to the crops that were made with them, although another client may have sent
            # others.
            artwork = replace(
                described(id_, entry, before, picture, naming.stem), focus=job.focus, faces=job.faces
            )
            [artwork] = heeding([artwork], current.artworks)
            put[:] = [(before, artwork)]
            artworks = {**{each.id: each for each in current.artworks}, id_: artwork}
            return replace(current, artworks=tuple(artworks.values()), default=current.default or id_)

        changed = await self._editor.change(doing, with_artwork)
        barred = await self._editor.barred()
        [(before, artwork)] = put
        outcome: Outcome = "new" if before is None else "unchanged" if artwork == before else "changed"
        warnings = review.warnings(artwork, changed.artworks, barred=barred)
        return Uploaded(artwork, outcome, (*self._rendering.warnings(picture), *warnings))


@dataclass(frozen=True, slots=True)
class _Naming:
    """The id that was sent; else the name of the file, without its suffix."""

    id: str | None
    stem: str | None

    def id_in(self, title: Title) -> str:
        """Return the id that the picture has or gets in the title, by the rules of an import."""
        if self.stem is None:
            assert self.id  # noqa: S101  one of the two is there
            return self.id
        declared = {artwork.id: artwork.declared for artwork in title.artworks}
        return ids([self.stem], declared, lambda *_: False)[self.stem]


def _stem(name: str) -> str:
    stem = composed(PurePosixPath(name).stem)
    if not slug(stem):
        raise Invalid.field(
            "artwork", (f"The service cannot make an id from the file's name {name!r}; send one in this field")
        )
    return stem


def _check_room(title: Title, artwork: str) -> None:
    if len(title.artworks) >= MOST_ARTWORKS and title.artwork(artwork) is None:
        sentence = f"Title {title.id!r} has {MOST_ARTWORKS} artworks, which is the limit; delete one first."
        raise Invalid(sentence)
