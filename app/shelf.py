"""The catalogue as the service has it at hand."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import structlog

from app.picture import Image, image_of
from app.store.protocol import Log
from assets.catalogue import Artwork, CatalogueError, Title
from assets.revisions import DamagedRevision, Revisions, UnknownRevision
from bandit.types import Action

log = structlog.get_logger()

SETTING = "catalogue"
"""The store's setting that names the current catalogue."""


@dataclass(frozen=True, slots=True, eq=False)
class Shelved:
    """A title with its artworks as a policy sees them.

    Made once for each revision, so that a learner can keep its prepared features by the action itself.
    """

    title: Title
    revision: str
    actions: Mapping[str, Action] = field(repr=False)
    images: Mapping[str, Image] = field(repr=False)

    @classmethod
    def of(cls, title: Title) -> "Shelved":
        actions = {artwork.id: _action(title, artwork) for artwork in title.artworks}
        return cls(title, title.revision, actions, {artwork.id: image_of(artwork) for artwork in title.artworks})


def _action(title: Title, artwork: Artwork) -> Action:
    return Action(f"{title.id}/{artwork.id}", title.id, artwork.tags, artwork.features)


class Shelf:
    """Holds the current catalogue in memory, and earlier revisions of its titles for the fold."""

    def __init__(self, log: Log, revisions: Revisions):
        self._log = log
        self._revisions = revisions
        self.name: str | None = None
        self._titles: dict[str, Shelved] = {}
        self._earlier: dict[str, Shelved] = {}
        self._unreadable: dict[str, str] = {}
        self._tried: str | None = None
        self._refreshing = asyncio.Lock()

    async def refresh(self) -> bool:
        """Take up the catalogue that the store calls current; only titles that changed are read.

        Of a title that can't be read the last good version stays. It is tried again each time, for it may be
        repaired under the same name, and complained of once for each catalogue.
        """
        async with self._refreshing:
            setting = await self._log.setting(SETTING)
            name = setting.decode() if setting else None
            if name is None or (name == self.name and not self._unreadable):
                return False
            titles, unreadable = await asyncio.to_thread(self._read, name)
            if name != self._tried:
                _complain(name, unreadable)
                self._tried = name
            if titles is None:
                return False
            changed = name != self.name or unreadable != self._unreadable
            self._titles, self._unreadable, self.name = titles, unreadable, name
            return changed

    def get(self, title: str) -> Shelved | None:
        return self._titles.get(title)

    def __iter__(self) -> Iterator[Shelved]:
        return iter(self._titles.values())

    def __len__(self) -> int:
        return len(self._titles)

    def at(self, title: str, revision: str) -> Shelved:
        """Return a title as it was at a revision. Raises what `Revisions.title` raises if that is not kept."""
        current = self._titles.get(title)
        if current and current.revision == revision:
            return current
        found = self._earlier.get(revision)
        if found is None:
            if len(self._earlier) >= EARLIER:
                self._earlier.clear()
            found = self._earlier[revision] = Shelved.of(self._revisions.title(revision))
        return found

    def _read(self, name: str) -> tuple[dict[str, Shelved] | None, dict[str, str]]:
        """Return the titles of a catalogue, None if there is no reading it, and why what is unreadable is so."""
        titles: dict[str, Shelved] = {}
        unreadable: dict[str, str] = {}
        try:
            wanted = self._revisions.catalogue(name)
        except UNREADABLE as error:
            return None, {"": str(error)}
        for title, revision in sorted(wanted.items()):
            try:
                titles[title] = self._take(title, revision)
            except UNREADABLE as error:
                unreadable[title] = str(error)
                if last := self._titles.get(title):
                    titles[title] = last
        return titles, unreadable

    def _take(self, title: str, revision: str) -> Shelved:
        current = self._titles.get(title)
        if current and current.revision == revision:
            return current
        return Shelved.of(self._revisions.title(revision))


def _complain(catalogue: str, unreadable: Mapping[str, str]) -> None:
    if not unreadable:
        return
    first, reason = next(iter(unreadable.items()))
    of = f"title {first!r}" if first else "the catalogue"
    others = f" and of {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
    sentence = f"Of {of}{others} the last good version stays, if there was one: {reason.rstrip('.')}."
    log.error("catalogue_damaged", catalogue=catalogue, reason=sentence)


UNREADABLE = (DamagedRevision, UnknownRevision, CatalogueError, OSError)
EARLIER = 4096
"""Revisions kept at hand: a fold over an old log meets them one after the other."""
