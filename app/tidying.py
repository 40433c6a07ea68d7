"""Clearing away pictures and revisions that nothing refers to any more."""

import asyncio
from pathlib import Path

import structlog

from app.shelf import SETTING
from app.store.protocol import Log
from assets.catalogue import Title
from assets.importing.sweep import sweep
from assets.revisions import DamagedRevision, Revisions, UnknownRevision

log = structlog.get_logger()

UNNAMED_SECONDS = 24 * 3600
"""How long a rendition stays that no title names: longer than any import takes until it names what it made."""
EVERY_SECONDS = 3600


class Tidier:
    def __init__(self, store_log: Log, revisions: Revisions, images: Path, *, retention_days: float):
        self._log, self._revisions, self._images = store_log, revisions, images
        self._retention = retention_days * 24 * 3600

    async def run(self) -> None:
        """Tidy up every hour; what fails is logged, and tried again in the next."""
        while True:
            try:
                await self.tidy((await self._log.head()).stamp / 1000)
            except Exception:
                log.exception("tidying_failed")
            await asyncio.sleep(EVERY_SECONDS)

    async def tidy(self, now: float) -> None:
        """Delete renditions that no title has named for a day, and revisions that the log no longer refers to.

        Nothing is deleted while the catalogue or one of its titles can't be read: what it names is not known.
        """
        setting = await self._log.setting(SETTING)
        if setting is None:
            return
        try:
            titles = await asyncio.to_thread(self._titles, setting.decode())
            swept = await asyncio.to_thread(sweep, self._images, titles, now - UNNAMED_SECONDS)
            pruned = await asyncio.to_thread(self._revisions.prune, {setting.decode()}, now - self._retention)
        except (DamagedRevision, UnknownRevision) as error:
            log.warning("nothing_tidied", reason=str(error))
            return
        if swept or pruned:
            log.info("tidied", renditions=swept, revisions=pruned)

    def _titles(self, catalogue: str) -> list[Title]:
        return [self._revisions.title(name) for name in self._revisions.catalogue(catalogue).titles.values()]
