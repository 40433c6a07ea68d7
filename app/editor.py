"""Changing the catalogue: every change is a new revision, and becomes current in one step."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog

from app.problem import NotFound, Problem, Unacceptable
from app.shelf import SETTING, Shelf
from app.store.protocol import Log
from assets.catalogue import Artwork, CatalogueError, Pin, Title
from assets.ingest import merged
from assets.revisions import DamagedRevision, Revisions, UnknownRevision

log = structlog.get_logger()

ATTEMPTS = 10
"""How often a change is tried again because another one came first."""
Titles = dict[str, str]


class Editor:
    """Reads and writes documents in threads: they are many, and each that is written waits for the disk."""

    def __init__(self, store_log: Log, revisions: Revisions, shelf: Shelf):
        self._log, self._revisions, self._shelf = store_log, revisions, shelf
        self._turn = asyncio.Lock()

    async def titles(self) -> dict[str, Title]:
        """Return the current catalogue, read anew, without the titles that can't be read."""
        _, revisions = await self._current()
        return await asyncio.to_thread(self._readable, revisions)

    async def put(self, title: Title) -> Title:
        await self._change(lambda titles: {**titles, title.id: self._revisions.put_title(title)})
        return title

    async def put_all(self, changed: Mapping[str, Title]) -> None:
        await self._change(
            lambda titles: {
                **titles,
                **{id_: self._revisions.put_title(title) for id_, title in changed.items()},
            }
        )

    async def merge(self, imported: Mapping[str, Title], before: Mapping[str, Title]) -> None:
        """Merge what an import made of the titles `before` it into those that are current by now."""

        def with_imported(titles: Titles) -> Titles:
            current = self._readable({id_: titles[id_] for id_ in imported.keys() & titles})
            kept = [
                merged(title, before=before.get(id_), current=current.get(id_)) for id_, title in imported.items()
            ]
            return {**titles, **{title.id: self._revisions.put_title(title) for title in kept if title}}

        await self._change(with_imported)

    async def delete(self, title: str) -> None:
        def without(titles: Titles) -> Titles:
            _known(title, titles)
            return {id_: revision for id_, revision in titles.items() if id_ != title}

        await self._change(without)

    async def change(self, title: str, changes: dict[str, Any]) -> Title:
        """Change fields of a title apart from its artworks."""
        return await self._edit(title, lambda current: replace(current, **changes))

    async def patch(self, title: str, artwork: str, changes: dict[str, Any]) -> Title:
        """Change fields of one artwork."""

        def patched(current: Title) -> Title:
            _artwork(current, artwork)
            artworks = [replace(each, **changes) if each.id == artwork else each for each in current.artworks]
            return replace(current, artworks=tuple(artworks))

        return await self._edit(title, patched)

    async def pin(self, title: str, pin: Pin) -> Title:
        """Pin an artwork; a pin for the same placement and country is replaced."""

        def pinned(current: Title) -> Title:
            _artwork(current, pin.artwork)
            others = [p for p in current.pins if (p.placement, p.country) != (pin.placement, pin.country)]
            return replace(current, pins=(*others, pin))

        return await self._edit(title, pinned)

    async def unpin(self, title: str) -> Title:
        return await self._edit(title, lambda current: replace(current, pins=()))

    async def _edit(self, title: str, change: Callable[[Title], Title]) -> Title:
        edited: list[Title] = []

        def apply(titles: Titles) -> Titles:
            edited[:] = [change(self._revisions.title(_known(title, titles)))]
            return {**titles, title: self._revisions.put_title(edited[0])}

        await self._change(apply)
        return edited[0]

    async def _change(self, change: Callable[[Titles], Titles]) -> None:
        """Apply a change to whatever is current, and again if something else became current meanwhile."""
        async with self._turn:  # edits by this process need not outrun one another
            for _ in range(ATTEMPTS):
                before, titles = await self._current()
                try:
                    after = await asyncio.to_thread(self._put, change, titles)
                except CatalogueError as error:
                    raise Unacceptable(str(error)) from error
                if after == before or await self._log.swap_setting(SETTING, before, after):
                    await self._shelf.refresh()
                    return
        raise Problem(409, f"The catalogue changed {ATTEMPTS} times while this was tried; try again.")

    def _put(self, change: Callable[[Titles], Titles], titles: Titles) -> bytes:
        return self._revisions.put_catalogue(change(titles)).encode()

    async def _current(self) -> tuple[bytes | None, Titles]:
        name = await self._log.setting(SETTING)
        return name, await asyncio.to_thread(self._revisions.catalogue, name.decode()) if name else {}

    def _readable(self, revisions: Titles) -> dict[str, Title]:
        found: dict[str, Title] = {}
        for id_, revision in revisions.items():
            try:
                found[id_] = self._revisions.title(revision)
            except (DamagedRevision, UnknownRevision) as error:
                log.warning("title_unreadable", title=id_, reason=str(error))
        return found


def _known(title: str, titles: Titles) -> str:
    if title not in titles:
        raise NotFound(f"There is no title {title!r}; GET /titles lists them.")
    return titles[title]


def _artwork(title: Title, artwork: str) -> Artwork:
    found = title.artwork(artwork)
    if found is None:
        raise NotFound(f"Title {title.id!r} has no artwork {artwork!r}; GET /titles lists them.")
    return found
