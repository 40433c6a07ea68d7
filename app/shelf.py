"""The catalogue as the service has it at hand."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from app.picture import shows
from app.store.protocol import Log
from assets.artwork import NOBODY, Artwork
from assets.catalogue import CatalogueError, Title
from assets.provenance import Made
from assets.revisions import DamagedRevision, Revisions, UnknownRevision
from bandit.types import Action

log = structlog.get_logger()

SETTING = "catalogue"
"""The store's setting that names the current catalogue."""


@dataclass(frozen=True, slots=True, eq=False)
class Shelved:
    """A title with its artworks as a policy sees them.

    Its actions are made once for each revision, so that a learner can keep prepared features by the action
    itself. `barred` are those of the catalogue's barred kinds that any artwork here is of.
    """

    title: Title
    revision: str
    barred: frozenset[Made]
    actions: Mapping[str, Action] = field(repr=False)
    artworks: Mapping[str, Artwork] = field(repr=False)

    @classmethod
    def of(cls, title: Title, barred: Collection[Made] = NOBODY) -> "Shelved":
        actions = {artwork.id: _action(title, artwork) for artwork in title.artworks}
        artworks = {artwork.id: artwork for artwork in title.artworks}
        return cls(title, title.revision, _barred_of(title, barred), actions, artworks)

    def under(self, barred: Collection[Made]) -> "Shelved":
        """Return the same title in a catalogue that bars these kinds of pictures."""
        concerned = _barred_of(self.title, barred)
        return self if concerned == self.barred else replace(self, barred=concerned)

    def eligible(
        self, *, now: float, locale: str | None, placement: str | None, maturity: int | None
    ) -> tuple[Artwork, ...]:
        """Return what `Title.eligible` does, under the catalogue's bars."""
        return self.title.eligible(
            now=now, locale=locale, placement=placement, maturity=maturity, barred=self.barred
        )

    def forbidden(self, now: float) -> bool:
        """Whether nobody may see any of its artworks, whatever is asked."""
        return not any(each.allowed(now=now, barred=self.barred) for each in self.title.artworks)


@dataclass(frozen=True, slots=True)
class _Stock:
    """A catalogue as it was read. `pictures` are the artworks by the digests of their crops."""

    titles: Mapping[str, Shelved]
    barred: Collection[Made]
    pictures: Mapping[str, tuple[Artwork, ...]]

    @classmethod
    def of(cls, titles: Mapping[str, Shelved], barred: Collection[Made]) -> "_Stock":
        return cls(titles, barred, _by_digest(titles.values()))


def _barred_of(title: Title, barred: Collection[Made]) -> frozenset[Made]:
    return frozenset(barred) & {artwork.provenance.made for artwork in title.artworks} if barred else _NONE


def _by_digest(shelf: Iterable[Shelved]) -> dict[str, tuple[Artwork, ...]]:
    found: dict[str, tuple[Artwork, ...]] = {}
    for shelved in shelf:
        for artwork in shelved.title.artworks:
            alone = (artwork,)  # one for all of its crops: there are tens of thousands
            for crop in artwork.crops:
                found[crop.digest] = found[crop.digest] + alone if crop.digest in found else alone
    return found


def _action(title: Title, artwork: Artwork) -> Action:
    return Action(f"{title.id}/{artwork.id}", title.id, artwork.tags, artwork.features)


class Shelf:
    """Holds the current catalogue in memory, and earlier revisions of its titles for the fold."""

    def __init__(self, log: Log, revisions: Revisions):
        self._log = log
        self._revisions = revisions
        self.name: str | None = None
        self._stock = _Stock({}, (), {})
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
            stock, unreadable = await asyncio.to_thread(self._read, name)
            if name != self._tried:
                _complain(name, unreadable)
                self._tried = name
            if stock is None:
                return False
            changed = name != self.name or unreadable != self._unreadable
            self._stock, self._unreadable, self.name = stock, unreadable, name
            return changed

    def get(self, title: str) -> Shelved | None:
        return self._stock.titles.get(title)

    def __iter__(self) -> Iterator[Shelved]:
        return iter(self._stock.titles.values())

    def __len__(self) -> int:
        return len(self._stock.titles)

    def at(self, title: str, revision: str) -> Shelved:
        """Return a title as it was at a revision. Raises what `Revisions.title` raises if that is not kept."""
        current = self.get(title)
        if current and current.revision == revision:
            return current
        found = self._earlier.get(revision)
        if found is None:
            if len(self._earlier) >= EARLIER:
                self._earlier.clear()
            found = self._earlier[revision] = Shelved.of(self._revisions.title(revision))
        return found

    async def showing(self, image: str, now: float) -> Sequence[Artwork]:
        """Return the artworks with a rendition of this file name that anybody may see at that Unix time.

        Another worker may have handed the name out a moment ago, from a catalogue that was not taken up here yet.
        """
        found = self._showing(image, now)
        if not found:
            await self._catch_up()
            found = self._showing(image, now)
        return found

    def _showing(self, image: str, now: float) -> Sequence[Artwork]:
        stock = self._stock
        named = stock.pictures.get(image.partition("-")[0], ())
        return [each for each in named if each.allowed(now=now, barred=stock.barred) and shows(each, image)]

    async def _catch_up(self) -> None:
        """Refresh if another catalogue is current than was last tried: repairs are not this call's to look for."""
        setting = await self._log.setting(SETTING)
        if setting is not None and setting.decode() != self._tried:
            await self.refresh()

    def _read(self, name: str) -> tuple[_Stock | None, dict[str, str]]:
        """Return a catalogue, None if there is no reading it, and why what is unreadable is so."""
        titles: dict[str, Shelved] = {}
        unreadable: dict[str, str] = {}
        try:
            catalogue = self._revisions.catalogue(name)
        except UNREADABLE as error:
            return None, {"": str(error)}
        for title, revision in sorted(catalogue.titles.items()):
            try:
                titles[title] = self._take(title, revision, catalogue.barred)
            except UNREADABLE as error:
                unreadable[title] = str(error)
                if last := self.get(title):
                    titles[title] = last.under(catalogue.barred)
        return _Stock.of(titles, catalogue.barred), unreadable

    def _take(self, title: str, revision: str, barred: Collection[Made]) -> Shelved:
        current = self.get(title)
        if current and current.revision == revision:
            return current.under(barred)
        return Shelved.of(self._revisions.title(revision), barred)


def _complain(catalogue: str, unreadable: Mapping[str, str]) -> None:
    if not unreadable:
        return
    first, reason = next(iter(unreadable.items()))
    of = f"title {first!r}" if first else "the catalogue"
    others = f" and of {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
    sentence = f"Of {of}{others} the last good version stays, if there was one: {reason.rstrip('.')}."
    log.error("catalogue_damaged", catalogue=catalogue, reason=sentence)


_NONE: frozenset[Made] = frozenset()
UNREADABLE = (DamagedRevision, UnknownRevision, CatalogueError, OSError)
EARLIER = 4096
"""Revisions kept at hand: a fold over an old log meets them one after the other."""
