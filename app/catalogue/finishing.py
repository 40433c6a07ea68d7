"""The greatest widths of large crops, which corrections leave for later because encoding them takes seconds."""

import asyncio

import structlog

from app.catalogue.edit_entries import Doing
from app.catalogue.editor import Editor
from app.catalogue.image_index import ArtworkRef
from app.catalogue.live import LiveCatalogue
from app.catalogue.originals import KeptOriginals
from app.catalogue.recropping import Recropping, crop_by, made
from app.catalogue.rendering import Rendering
from app.refusals import NotFound, Refusal, Unavailable
from app.store.protocol import StoreTimeoutError, UnwritableStoreError
from assets.artwork import Artwork
from assets.catalogue import Title
from assets.importing.withdrawal import passed_on

log = structlog.get_logger()

RETRY_SECONDS = 30.0
"""Seconds after which a crop is tried again, if the disk or the store took nothing."""


class Finishing:
    """Finishes the crops of one artwork after the other.

    The catalogue says which crops are unfinished. A worker that starts finishes those that a killed worker left.
    """

    def __init__(
        self, editor: Editor, rendering: Rendering, originals: KeptOriginals, live_catalogue: LiveCatalogue
    ):
        self._editor, self._live_catalogue = editor, live_catalogue
        self._recropping = Recropping(rendering, originals)
        self._waiting: asyncio.Queue[ArtworkRef] = asyncio.Queue()

    def look_at(self, ref: ArtworkRef) -> None:
        """Finish the crops of this artwork as soon as possible, if it has unfinished ones."""
        self._waiting.put_nowait(ref)

    async def run(self) -> None:
        """Finish those that are there, and then those that come."""
        for live_title in self._live_catalogue:
            for artwork in live_title.title.artworks:
                if artwork.unfinished:
                    self.look_at(ArtworkRef(live_title.title.id, artwork.id))
        while True:
            await self._try(await self._waiting.get())

    async def _try(self, ref: ArtworkRef) -> None:
        """Finish an artwork; one that fails keeps its small widths, and another attempt comes if that may help."""
        try:
            await self._finish(ref)
        except NotFound:
            pass
        except (Unavailable, OSError, StoreTimeoutError, UnwritableStoreError) as error:
            log.warning("crops_unfinished", title=ref.title, artwork=ref.artwork, reason=str(error))
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self.look_at, ref)
        except Refusal as error:
            log.error("crops_unfinished", title=ref.title, artwork=ref.artwork, reason=str(error))  # noqa: TRY400
        except Exception as error:  # one artwork must not keep the others from being finished
            log.exception("crops_unfinished", title=ref.title, artwork=ref.artwork, reason=repr(error))

    async def _finish(self, ref: ArtworkRef) -> None:
        before = (await self._editor.title(ref.title)).artwork(ref.artwork)
        if before is None or not before.unfinished:
            return
        self._recropping.demand_original(before)
        picture = await self._recropping.rendered(before, before, quick=False)

        def with_crops(current: Title) -> Title:
            found = current.artwork(before.id)
            if found is None or not _is_still(found, before):
                return current  # another edit came first; a correction has its own turn
            return passed_on(current, made(found, picture))

        await self._editor.change(Doing(None, "finish", ref.title, ref.artwork), with_crops)


def _is_still(found: Artwork, before: Artwork) -> bool:
    return crop_by(found) == crop_by(before) and found.kept_original == before.original
