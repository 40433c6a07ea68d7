"""Changing the catalogue: every change is a new revision, and becomes current in one step."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.problem import NotFound, Problem, Unacceptable
from app.shelf import SETTING, Shelf
from app.store.protocol import Log
from assets.catalogue import Artwork, CatalogueError, Pin, Title
from assets.revisions import Revisions

ATTEMPTS = 10
"""How often a change is tried again because another one came first."""
Titles = dict[str, str]


class Editor:
    def __init__(self, store_log: Log, revisions: Revisions, shelf: Shelf):
        self._log, self._revisions, self._shelf = store_log, revisions, shelf

    async def titles(self) -> dict[str, Title]:
        """Return the current catalogue, read anew."""
        return {id_: self._revisions.title(revision) for id_, revision in (await self._current())[1].items()}

    async def put(self, title: Title) -> Title:
        await self._change(lambda titles: {**titles, title.id: self._revisions.put_title(title)})
        return title

    async def put_all(self, changed: dict[str, Title]) -> None:
        revisions = {id_: self._revisions.put_title(title) for id_, title in changed.items()}
        await self._change(lambda titles: {**titles, **revisions})

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
        for _ in range(ATTEMPTS):
            before, titles = await self._current()
            try:
                after = self._revisions.put_catalogue(change(titles)).encode()
            except CatalogueError as error:
                raise Unacceptable(str(error)) from error
            if after == before or await self._log.swap_setting(SETTING, before, after):
                await self._shelf.refresh()
                return
        raise Problem(409, f"The catalogue changed {ATTEMPTS} times while this was tried; try again.")

    async def _current(self) -> tuple[bytes | None, Titles]:
        name = await self._log.setting(SETTING)
        return name, self._revisions.catalogue(name.decode()) if name else {}


def _known(title: str, titles: Titles) -> str:
    if title not in titles:
        raise NotFound(f"There is no title {title!r}; GET /titles lists them.")
    return titles[title]


def _artwork(title: Title, artwork: str) -> Artwork:
    found = title.artwork(artwork)
    if found is None:
        raise NotFound(f"Title {title.id!r} has no artwork {artwork!r}; GET /titles lists them.")
    return found
