"""Edits of the catalogue: every change is a new revision, and becomes current in one step."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace

import structlog

from app.catalogue import pinning
from app.catalogue.edit_entries import At, Doing, entries
from app.catalogue.live import LiveCatalogue
from app.catalogue.originals import KeptOriginals
from app.catalogue.setting import SETTING
from app.refusals import Conflict, Invalid, NotFound, Outdated
from app.store.protocol import Author, EditDraft, Store
from assets.catalogue import Artwork, CatalogueError, Pin, PinScope, Title
from assets.importing.merging import merged
from assets.importing.withdrawal import passed_on
from assets.provenance import MADE, Made
from assets.rendering.originals import withdrawn
from assets.revisions import Catalogue, DamagedRevision, Revisions, UnknownRevision

log = structlog.get_logger()

ATTEMPTS = 10
"""How many times a change is repeated because another one came first."""
COMMAND_LINE = Author("command line", "keyart import")
Current = tuple[str, Catalogue]
"""A catalogue and the name of its revision; the name is empty if there was never a catalogue."""


class _Unreadable(Conflict):
    """The current catalogue, of this name, is not readable."""

    def __init__(self, name: str, error: Exception):
        reason = str(error).partition(";")[0]
        super().__init__(f"The service cannot read or change the catalogue: {reason}; import the catalogue again.")
        self.name = name


class Editor:
    """Reads and writes documents in threads, because they are many, and each write waits for the disk.

    Every change of a person is recorded in the transaction in which it becomes current. A change with `at`
    raises `Outdated` unless the title is at one of these revisions; `*` means any.
    """

    def __init__(
        self, store: Store, revisions: Revisions, live_catalogue: LiveCatalogue, originals: KeptOriginals
    ):
        self._log, self._edits, self._originals = store.log, store.edits, originals
        self._revisions, self._live_catalogue = revisions, live_catalogue
        self._turn = asyncio.Lock()

    async def current(self) -> Current:
        setting = await self._log.setting(SETTING)
        if setting is None:
            return "", Catalogue()
        name = setting.decode()
        try:
            return name, await asyncio.to_thread(self._revisions.catalogue, name)
        except (DamagedRevision, UnknownRevision) as error:
            raise _Unreadable(name, error) from error

    async def title(self, title: str) -> Title:
        _, catalogue = await self.current()
        return _there(title, await asyncio.to_thread(self._editable, title, catalogue))

    async def titles(self) -> dict[str, Title]:
        """Return the titles of the current catalogue, read from the store, without unreadable ones."""
        _, catalogue = await self._current_or_empty()
        return await asyncio.to_thread(self._readable, catalogue.titles)

    async def barred(self) -> tuple[Made, ...]:
        """Return which ways of making pictures the current catalogue does not serve."""
        _, catalogue = await self._current_or_empty()
        return catalogue.barred

    async def merge(
        self,
        by: Author,
        imported: Mapping[str, Title],
        before: Mapping[str, Title],
        barred: Collection[Made] = (),
    ) -> None:
        """Merge an import, which began with the titles `before`, into the current titles.

        The ways in `barred` are barred in addition. If the catalogue is not readable, a new one replaces it.
        """

        def with_imported(catalogue: Catalogue) -> Catalogue:
            known = imported.keys() & catalogue.titles
            current = self._readable({id_: catalogue.titles[id_] for id_ in known})
            kept = [
                merged(title, before=before.get(id_), current=current.get(id_)) for id_, title in imported.items()
            ]
            changed = {title.id: self._revisions.put_title(title) for title in kept if title}
            return replace(_with(catalogue, changed), barred=_ordered({*catalogue.barred, *barred}))

        await self._change(Doing(by, "import"), with_imported, self._current_or_empty)

    async def bar(self, by: Author, ways: Collection[Made]) -> Current:
        return await self._change(Doing(by, "bar"), lambda catalogue: replace(catalogue, barred=_ordered(ways)))

    async def delete(self, by: Author, title: str, at: At = None) -> None:
        def without(catalogue: Catalogue) -> Catalogue:
            if title not in catalogue.titles:
                raise _unknown(title)
            titles = {id_: revision for id_, revision in catalogue.titles.items() if id_ != title}
            return replace(catalogue, titles=titles)

        await self._change(Doing(by, "delete title", title, at=at), without)

    async def change(self, doing: Doing, change: Callable[[Title], Title]) -> Title:
        """Change a title. The function runs in a thread, and again each time that another change came first."""
        title = doing.title or ""
        edited, _ = await self._change_or_make(doing, lambda current: change(_there(title, current)))
        return edited

    async def put(
        self, by: Author, title: str, change: Callable[[Title | None], Title], at: At = None
    ) -> tuple[Title, bool]:
        """Change a title, or make it from None; return it, and whether it is new."""
        return await self._change_or_make(Doing(by, "put title", title, at=at), change)

    async def _change_or_make(self, doing: Doing, change: Callable[[Title | None], Title]) -> tuple[Title, bool]:
        title = doing.title or ""
        made: list[tuple[Title, bool]] = []

        def apply(catalogue: Catalogue) -> Catalogue:
            current = self._editable(title, catalogue)
            made[:] = [(change(current), current is None)]
            return _with(catalogue, {title: self._revisions.put_title(made[0][0])})

        await self._change(doing, apply)
        return made[0]

    async def change_artwork(
        self, by: Author, title: str, artwork: str, change: Callable[[Artwork], Artwork], at: At = None
    ) -> Title:
        """Change an artwork; a consent that is withdrawn or given again applies to all artworks of its file."""
        return await self.change(
            Doing(by, "change artwork", title, artwork, at),
            lambda current: passed_on(current, change(_artwork(current, artwork))),
        )

    async def delete_artwork(self, by: Author, title: str, artwork: str, at: At = None) -> None:
        """Delete an artwork and its pins. The default can only be deleted as the last one."""

        def without(current: Title) -> Title:
            _artwork(current, artwork)
            others = tuple(each for each in current.artworks if each.id != artwork)
            if others and current.default == artwork:
                raise Conflict(_still_default(current, others))
            pins = tuple(pin for pin in current.pins if pin.artwork != artwork)
            return replace(current, artworks=others, pins=pins, default=current.default if others else None)

        await self.change(Doing(by, "delete artwork", title, artwork, at), without)

    async def pin(self, by: Author, title: str, pin: Pin, now: float, at: At = None) -> Title:
        """Pin an artwork; it replaces a pin for the same placement and country.

        A pin that no viewer would see is refused. `now` is in Unix seconds.
        """
        barred = await self.barred()

        def pinned(current: Title) -> Title:
            if hindrance := pinning.hindrance(pin, _artwork(current, pin.artwork), now, barred):
                raise Conflict(hindrance)
            others = [each for each in current.pins if each.pin_scope != pin.pin_scope]
            return replace(current, pins=(*others, pin))

        return await self.change(Doing(by, "pin", title, pin.artwork, at), pinned)

    async def unpin(self, by: Author, title: str, pin_scope: PinScope | None = None, at: At = None) -> Title:
        def unpinned(current: Title) -> Title:
            if pin_scope is not None and pin_scope not in {pin.pin_scope for pin in current.pins}:
                raise NotFound(pinning.missing(current, pin_scope))
            return replace(
                current, pins=tuple(pin for pin in current.pins if pin_scope not in {None, pin.pin_scope})
            )

        return await self.change(Doing(by, "unpin", title, at=at), unpinned)

    async def _current_or_empty(self) -> Current:
        """Return the current catalogue, or an empty one if it is not readable, which the next put replaces."""
        try:
            return await self.current()
        except _Unreadable as error:
            log.warning("catalogue_unreadable", catalogue=error.name, reason=str(error))
            return error.name, Catalogue()

    async def _change(
        self,
        doing: Doing,
        change: Callable[[Catalogue], Catalogue],
        read: Callable[[], Awaitable[Current]] | None = None,
    ) -> Current:
        """Apply a change to the current catalogue, and again if another one became current meanwhile."""
        async with self._turn:  # edits of one process do not have to race each other
            for _ in range(ATTEMPTS):
                before, catalogue = await (read or self.current)()
                _demand_revision(doing, catalogue)
                try:
                    after, name, edits = await asyncio.to_thread(self._put, doing, change, catalogue)
                except CatalogueError as error:
                    raise Invalid(str(error)) from error
                if name == before or await self._swap(before, name, edits):
                    await self._live_catalogue.refresh()
                    await self._forget_withdrawn(doing, catalogue, after)
                    return name, after
        raise Conflict(f"The catalogue changed {ATTEMPTS} times during this edit; try again.")

    async def _forget_withdrawn(self, doing: Doing, before: Catalogue, after: Catalogue) -> None:
        """Delete the originals of the changed titles that lost their consent, unless another artwork has them."""
        changed = {id_ for id_, revision in after.titles.items() if before.titles.get(id_) != revision}
        there = map(self._live_catalogue.get, {*changed, doing.title or ""})
        gone = withdrawn(artwork for each in there if each for artwork in each.title.artworks)
        if gone:
            titles = [each.title for each in self._live_catalogue]
            await asyncio.to_thread(self._originals.forget, gone, titles)

    async def _swap(self, before: str, after: str, edits: Sequence[EditDraft]) -> bool:
        return await self._edits.swap_setting(SETTING, before.encode() or None, after.encode(), edits)

    def _put(
        self, doing: Doing, change: Callable[[Catalogue], Catalogue], catalogue: Catalogue
    ) -> tuple[Catalogue, str, list[EditDraft]]:
        after = change(catalogue)
        name = self._revisions.put_catalogue(after, since=catalogue)
        return after, name, entries(doing, catalogue, after, self._revisions)

    def _editable(self, title: str, catalogue: Catalogue) -> Title | None:
        """Return a title, or None if it does not exist.

        An unreadable title is only replaceable, and raises `Conflict`.
        """
        revision = catalogue.titles.get(title)
        try:
            return None if revision is None else self._revisions.title(revision)
        except (DamagedRevision, UnknownRevision) as error:
            reason = str(error).partition(";")[0]
            raise Conflict(
                f"The service cannot change {title!r}: {reason}; delete it and import it again."
            ) from error

    def _readable(self, revisions: Mapping[str, str]) -> dict[str, Title]:
        found: dict[str, Title] = {}
        for id_, revision in revisions.items():
            try:
                found[id_] = self._revisions.title(revision)
            except (DamagedRevision, UnknownRevision) as error:
                log.warning("title_unreadable", title=id_, reason=str(error))
        return found


def _demand_revision(doing: Doing, catalogue: Catalogue) -> None:
    revision = catalogue.titles.get(doing.title or "")
    if doing.at is None or revision in doing.at or (revision and "*" in doing.at):
        return
    now = f"is at revision {revision}" if revision else "does not exist"
    raise Outdated(
        f"Title {doing.title!r} {now}, and If-Match names another revision: somebody changed the title since it "
        f"was read. Read it again with GET /titles/{doing.title}, and send the change again if it is still right."
    )


def _with(catalogue: Catalogue, changed: Mapping[str, str]) -> Catalogue:
    return replace(catalogue, titles={**catalogue.titles, **changed})


def _ordered(ways: Collection[Made]) -> tuple[Made, ...]:
    return tuple(made for made in MADE if made in ways)


def _there(title: str, current: Title | None) -> Title:
    if current is None:
        raise _unknown(title)
    return current


def _unknown(title: str) -> NotFound:
    return NotFound(f"There is no title {title!r}; GET /titles lists them.")


def _artwork(title: Title, artwork: str) -> Artwork:
    found = title.artwork(artwork)
    if found is None:
        raise NotFound(f"Title {title.id!r} has no artwork {artwork!r}; GET /titles lists them.")
    return found


def _still_default(title: Title, others: Collection[Artwork]) -> str:
    names = ", ".join(each.id for each in others)
    return (
        f"{title.default!r} is the default of {title.id!r}; make another one of its artworks the default first: "
        f"PUT /titles/{title.id} with one of {names}."
    )
