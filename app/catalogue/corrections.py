"""Corrections of focus, faces and crops: the crops of an artwork are made again from its kept original."""

import asyncio
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from app.catalogue.edit_entries import At, Doing
from app.catalogue.editor import Editor
from app.catalogue.originals import KeptOriginals
from app.catalogue.rendering import Rendering, unavailable
from app.refusals import Conflict, Invalid, NotFound
from app.store.protocol import Author
from assets.artwork import Artwork
from assets.catalogue import Title
from assets.checks import CatalogueError
from assets.importing.withdrawal import passed_on
from assets.picture import Job, Picture, PictureError

Change = Callable[[Artwork], Artwork]


class Corrections:
    def __init__(self, editor: Editor, rendering: Rendering, originals: KeptOriginals):
        self._editor, self._rendering, self._originals = editor, rendering, originals

    async def change_artwork(self, by: Author, title: str, artwork: str, change: Change, at: At = None) -> Title:
        """Change an artwork as `Editor.change_artwork` does. Its crops are made again if they change."""
        before = _artwork(await self._editor.title(title), artwork)
        after = _changed(before, change)
        if _crop_by(after) == _crop_by(before):
            return await self._editor.change_artwork(by, title, artwork, change, at)
        self._demand_original(before)
        doing = Doing(by, "change artwork", title, artwork, at)
        try:
            async with self._rendering.permit():
                return await self._corrected(doing, before, after, change)
        except (asyncio.CancelledError, OSError) as error:
            raise unavailable(error) from error

    async def whole(self, title: str, artwork: str) -> bytes:
        """Return the small copy of an artwork's original."""
        found = _artwork(await self._editor.title(title), artwork)
        try:
            if found.kept_original:
                return await asyncio.to_thread(self._originals.copy(found.original).read_bytes)
        except FileNotFoundError:
            pass
        raise NotFound(f"The service has no original of {artwork!r}; upload the picture again, and it keeps it.")

    async def _corrected(self, doing: Doing, before: Artwork, after: Artwork, change: Change) -> Title:
        picture = await self._rendered(before, after)

        def with_crops(current: Title) -> Title:
            found = _artwork(current, before.id)
            if _crop_by(found) != _crop_by(before) or found.kept_original != before.original:
                raise Conflict(
                    f"Another edit changed the picture of {before.id!r} meanwhile; look at it, then try again."
                )
            return passed_on(current, replace(change(found), **_made(picture)))

        return await self._editor.change(doing, with_crops)

    async def _rendered(self, before: Artwork, after: Artwork) -> Picture:
        path = str(self._originals.path(before.original))
        as_before = Job(
            path, before.id, before.focus, before.faces, before.treatment, before.source, boxes=before.boxes
        )
        crops = before.crops if as_before.recipe(before.source) == before.recipe else ()
        job = replace(as_before, focus=after.focus, faces=after.faces, boxes=after.boxes, crops=crops)
        try:
            return await self._rendering.again(job)
        except PictureError as error:
            raise _refused(error) from error

    def _demand_original(self, artwork: Artwork) -> None:
        if not artwork.kept_original:
            off = "" if self._originals.keep else ", after KEYART_ORIGINALS is set to keep"
            raise Conflict(
                f"The service has no original of {artwork.id!r}, so it cannot crop the picture again; upload the "
                f"picture again with its focus and faces{off}."
            )
        if not self._originals.path(artwork.original).is_file():
            raise Conflict(
                f"The original of {artwork.id!r} is lost; upload the picture again with its focus and faces."
            )


_STAYING = frozenset({"original", "treatment"})
"""The fields of a picture that a rendering from the kept original does not tell."""


def _refused(error: PictureError) -> Invalid:
    return Invalid.field(error.field, str(error).rstrip(".")) if error.field else Invalid(str(error))


def _made(picture: Picture) -> dict[str, Any]:
    return {each.name: getattr(picture, each.name) for each in fields(Picture) if each.name not in _STAYING}


def _crop_by(artwork: Artwork) -> tuple[object, ...]:
    """Return all that decides the crops."""
    return artwork.source, artwork.focus, artwork.faces, artwork.treatment, artwork.boxes


def _artwork(title: Title, artwork: str) -> Artwork:
    found = title.artwork(artwork)
    if found is None:
        raise NotFound(f"Title {title.id!r} has no artwork {artwork!r}; GET /titles lists them.")
    return found


def _changed(artwork: Artwork, change: Change) -> Artwork:
    try:
        return change(artwork)
    except CatalogueError as error:
        raise Invalid(str(error)) from error
