"""Corrections of focus, faces and crops: the crops of an artwork are made again from its kept original."""

import asyncio
from collections.abc import Callable

from app.catalogue.edit_entries import At, Doing
from app.catalogue.editor import Editor
from app.catalogue.finishing import Finishing
from app.catalogue.image_index import ArtworkRef
from app.catalogue.originals import KeptOriginals
from app.catalogue.recropping import Recropping, crop_by, made
from app.catalogue.rendering import Rendering, unavailable
from app.refusals import Conflict, Invalid, NotFound
from app.store.protocol import Author
from assets.artwork import Artwork
from assets.catalogue import Title
from assets.checks import CatalogueError
from assets.importing.withdrawal import passed_on

Change = Callable[[Artwork], Artwork]


class Corrections:
    """Corrects pictures so that viewers see it within two seconds; large crops are finished afterwards."""

    def __init__(self, editor: Editor, rendering: Rendering, originals: KeptOriginals, finishing: Finishing):
        self._editor, self._rendering, self._originals = editor, rendering, originals
        self._recropping, self._finishing = Recropping(rendering, originals), finishing

    async def change_artwork(self, by: Author, title: str, artwork: str, change: Change, at: At = None) -> Title:
        """Change an artwork as `Editor.change_artwork` does. Its crops are made again if they change."""
        before = _artwork(await self._editor.title(title), artwork)
        after = _changed(before, change)
        if crop_by(after) == crop_by(before):
            return await self._editor.change_artwork(by, title, artwork, change, at)
        self._recropping.demand_original(before)
        doing = Doing(by, "change artwork", title, artwork, at)
        try:
            async with self._rendering.permit():
                corrected = await self._corrected(doing, before, after, change)
        except (asyncio.CancelledError, OSError) as error:
            raise unavailable(error) from error
        self._finishing.look_at(ArtworkRef(title, artwork))
        return corrected

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
        picture = await self._recropping.rendered(before, after, quick=True)

        def with_crops(current: Title) -> Title:
            found = _artwork(current, before.id)
            if crop_by(found) != crop_by(before) or found.kept_original != before.original:
                raise Conflict(
                    f"Another edit changed the picture of {before.id!r} meanwhile; look at it, then try again."
                )
            return passed_on(current, made(change(found), picture))

        return await self._editor.change(doing, with_crops)


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
