"""Deletion of pictures, originals and revisions without a reference, and of unfinished uploads."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import NamedTuple

import structlog

from app.catalogue.setting import SETTING
from app.clock import now_ms
from app.store.protocol import Log
from assets.catalogue import Title
from assets.files import remove_older
from assets.importing.sweep import sweep, unnamed, unnamed_originals, withdrawn_originals
from assets.revisions import DamagedRevision, Revisions, UnknownRevision

log = structlog.get_logger()

UNNAMED_SECONDS = 24 * 3600
"""Seconds for which a file without a title stays: longer than an import takes until it names the file."""
WITHDRAWN_SECONDS = 60
"""Seconds after which an original without its consent is deleted here, if the edit itself could not delete it."""
ABANDONED_SECONDS = 3600.0
"""Seconds after which an upload's file is abandoned, because no upload takes as long."""
EVERY_SECONDS = 3600


def clear(uploads: Path) -> int:
    """Delete the files of killed processes; return their number."""
    oldest = now_ms() / 1000 - ABANDONED_SECONDS
    return sum(remove_older(path, oldest) for path in uploads.glob("*"))


class Tidier:
    def __init__(
        self,
        store_log: Log,
        revisions: Revisions,
        *,
        images: Path,
        originals: Path,
        uploads: Path,
        retention_days: float,
        clock: Callable[[], Awaitable[int]],
    ):
        """Take the folders, and a clock in milliseconds that deletions follow."""
        self._clock = clock
        self._log, self._revisions = store_log, revisions
        self._images, self._originals, self._uploads = images, originals, uploads
        self._retention = retention_days * 24 * 3600

    async def run(self) -> None:
        """Clean up every hour; a failure is logged, and the work is repeated in the next hour."""
        while True:
            try:
                await asyncio.to_thread(clear, self._uploads)
                await self.tidy(await self.now())
            except Exception:
                log.exception("tidying_failed")
            await asyncio.sleep(EVERY_SECONDS)

    async def now(self) -> float:
        """Return a time that is past by both clock and log, in Unix seconds.

        One record with a wrong stamp would make every file an old one.
        """
        return min((await self._log.head()).stamp, await self._clock()) / 1000

    async def tidy(self, now: float) -> None:
        """Delete files that no title has named for a day, and revisions that the log no longer refers to.

        Nothing is deleted while a catalogue of that day or one of its titles is not readable, because the pictures
        that it names are not known.
        """
        try:
            found = await self._unnamed(now - UNNAMED_SECONDS)
            if found is None:
                return
            swept = await asyncio.to_thread(sweep, found.pictures, now - UNNAMED_SECONDS)
            originals = await asyncio.to_thread(sweep, found.originals, now - UNNAMED_SECONDS)
            originals += await asyncio.to_thread(sweep, found.withdrawn, now - WITHDRAWN_SECONDS)
            pruned = await asyncio.to_thread(self._revisions.prune, {found.current}, now - self._retention)
        except (DamagedRevision, UnknownRevision) as error:
            log.warning("nothing_tidied", reason=str(error))
            return
        if swept or originals or pruned:
            log.info("tidied", renditions=swept, originals=originals, revisions=pruned)

    async def _unnamed(self, older_than: float) -> "_Unnamed | None":
        """Return the current catalogue, and the files that neither it nor any other since that time names."""
        current = await self._log.setting(SETTING)
        while current is not None:
            found = await asyncio.to_thread(self._found, current.decode(), older_than)
            before, current = current, await self._log.setting(SETTING)
            if current == before:
                return found
        return None

    def _found(self, current: str, older_than: float) -> "_Unnamed":
        titles = self._titles({current, *self._revisions.since(older_than)})
        return _Unnamed(
            current,
            unnamed(self._images, titles, older_than),
            unnamed_originals(self._originals, titles, older_than),
            withdrawn_originals(self._originals, self._titles({current})),
        )

    def _titles(self, catalogues: Collection[str]) -> list[Title]:
        titles = {name for each in catalogues for name in self._revisions.catalogue(each).titles.values()}
        return [self._revisions.title(name) for name in titles]


class _Unnamed(NamedTuple):
    """The current catalogue, and the files to delete."""

    current: str
    pictures: list[Path]
    originals: list[Path]
    withdrawn: list[Path]
