"""The current catalogue in the memory of a process."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import structlog

from app.catalogue.image import IMAGES
from app.catalogue.image_index import ArtworkRef, ImageIndex, Showing
from app.catalogue.setting import SETTING
from app.clock import now_ms
from app.refusals import Unavailable
from app.store.protocol import Log
from assets.artwork import NOBODY, Artwork
from assets.catalogue import CatalogueError, Title
from assets.provenance import Made
from assets.revisions import Catalogue, DamagedRevision, Revisions, UnknownRevision
from bandit.types import Action

log = structlog.get_logger()

RETRY_SECONDS = 5
SHORTEST_WAIT_MS, LONGEST_WAIT_MS = 1000, 60_000
NOTHING_READ = (
    "The service cannot read the catalogue, so it knows no title; its log says why. Import the catalogue again."
)


class Candidates(NamedTuple):
    """Artworks of a title of which one is to be chosen, with their ids, and as a policy sees them."""

    artworks: Sequence[Artwork]
    ids: tuple[str, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LiveTitle:
    """A title with its artworks as a policy sees them.

    Its actions are made once for each revision, so that a learner can keep prepared features by the action. The
    barred kinds among its artworks are in `barred`. The address of its pictures is `images`.
    """

    title: Title
    revision: str
    barred: frozenset[Made]
    actions: Mapping[str, Action] = field(repr=False)
    artworks: Mapping[str, Artwork] = field(repr=False)
    images: str = IMAGES
    _latest: list["Candidates"] = field(default_factory=list, repr=False)
    """The candidates that `candidates` returned last, if any: those without limits are the same every time."""

    @classmethod
    def of(cls, title: Title, barred: Collection[Made] = NOBODY, images: str = IMAGES) -> "LiveTitle":
        actions = {artwork.id: _action(title, artwork) for artwork in title.artworks}
        artworks = {artwork.id: artwork for artwork in title.artworks}
        return cls(title, title.revision, _barred_of(title, barred), actions, artworks, images)

    def candidates(self, artworks: Sequence[Artwork]) -> "Candidates":
        """Return some of its artworks as candidates."""
        if self._latest and self._latest[0].artworks is artworks:
            return self._latest[0]
        ids = tuple([artwork.id for artwork in artworks])
        found = Candidates(artworks, ids, tuple([self.actions[id_] for id_ in ids]))
        self._latest[:] = [found]
        return found

    def under(self, barred: Collection[Made]) -> "LiveTitle":
        """Return the same title in a catalogue that bars these kinds of pictures."""
        concerned = _barred_of(self.title, barred)
        return self if concerned == self.barred else replace(self, barred=concerned)

    def eligible(
        self, *, now: float, locale: str | None, placement: str | None, maturity: int | None
    ) -> tuple[Artwork, ...]:
        """Return the artworks of `Title.eligible` that the catalogue does not bar."""
        return self.title.eligible(
            now=now, locale=locale, placement=placement, maturity=maturity, barred=self.barred
        )

    def forbidden(self, now: float) -> bool:
        """Whether no request may see any of its artworks."""
        return not any(each.allowed(now=now, barred=self.barred) for each in self.title.artworks)


@dataclass(frozen=True, slots=True)
class _LoadedCatalogue:
    """A catalogue as it was read; each unreadable title has its last good version."""

    catalogue: Catalogue = field(default_factory=Catalogue)
    titles: Mapping[str, LiveTitle] = field(default_factory=dict)
    pictures: ImageIndex = field(default_factory=ImageIndex)

    def followed(self, catalogue: Catalogue, titles: Mapping[str, LiveTitle], now: float) -> "_LoadedCatalogue":
        before = {id_: live_title.title for id_, live_title in self.titles.items()}
        after = {id_: live_title.title for id_, live_title in titles.items()}
        return _LoadedCatalogue(catalogue, titles, self.pictures.followed(before, after, now))

    def showing(self, image: str, now: float) -> Sequence[Showing]:
        return self.pictures.showing(image, self._find, now=now, barred=self.catalogue.barred)

    def _find(self, ref: ArtworkRef) -> Artwork | None:
        live_title = self.titles.get(ref.title)
        return live_title.artworks.get(ref.artwork) if live_title else None


class _Patience:
    """The time of the next attempt after a failure: a second later, and twice as long after each further one."""

    def __init__(self) -> None:
        self._wait = self._since = 0

    def over(self, now: int) -> bool:
        """Whether it is time; a clock that was set back ends the wait as well."""
        return self._wait > 0 and not self._since <= now < self._since + self._wait

    def begin(self, now: int) -> None:
        self._wait, self._since = SHORTEST_WAIT_MS, now

    def go_on(self, now: int) -> None:
        self._wait, self._since = min(2 * self._wait, LONGEST_WAIT_MS), now

    def end(self) -> None:
        self._wait = 0


def _barred_of(title: Title, barred: Collection[Made]) -> frozenset[Made]:
    return frozenset(barred) & {artwork.provenance.made for artwork in title.artworks} if barred else _NONE


def _action(title: Title, artwork: Artwork) -> Action:
    return Action(f"{title.id}/{artwork.id}", title.id, artwork.tags, artwork.features)


class LiveCatalogue:
    """Holds the current catalogue in memory, and earlier revisions of its titles for the fold."""

    def __init__(self, log: Log, revisions: Revisions, clock: Callable[[], int] = now_ms, images: str = IMAGES):
        self._log, self._revisions, self._clock, self.images = log, revisions, clock, images
        self.name: str | None = None
        self._loaded = _LoadedCatalogue()
        self._earlier: dict[str, LiveTitle] = {}
        self._unreadable = 0
        self._tried: str | None = None
        self._patience = _Patience()
        self._refreshing = asyncio.Lock()

    async def refresh(self) -> bool:
        """Load the catalogue that the store names as current; only titles that changed are read.

        An unreadable title keeps its last good version. It is logged once for each catalogue, and retried at
        growing intervals, because it may be repaired under the same name.
        """
        async with self._refreshing:
            name = await self._current()
            if name is None or (name == self._tried and not self._patience.over(self._clock())):
                return False
            try:
                catalogue = await self._catalogue(name)
            except UNREADABLE as error:
                self._wait_for_catalogue(name, error)
                return False
            return await self._take_up(name, catalogue)

    def demand_catalogue(self) -> None:
        """Raise `Unavailable` if the store has a catalogue, but no catalogue was readable yet."""
        if self.name is None and self._tried is not None:
            raise Unavailable(NOTHING_READ, RETRY_SECONDS)

    def get(self, title: str) -> LiveTitle | None:
        return self._loaded.titles.get(title)

    def __iter__(self) -> Iterator[LiveTitle]:
        return iter(self._loaded.titles.values())

    def __len__(self) -> int:
        return len(self._loaded.titles)

    def at(self, title: str, revision: str) -> LiveTitle:
        """Return a title at a revision. Raises the errors of `Revisions.title` if it is not kept."""
        current = self.get(title)
        if current and current.revision == revision:
            return current
        found = self._earlier.get(revision)
        if found is None:
            if len(self._earlier) >= EARLIER:
                self._earlier.clear()
            found = self._earlier[revision] = LiveTitle.of(self._revisions.title(revision))
        return found

    async def showing(self, image: str, now: float) -> Sequence[Showing]:
        """Return the artworks with a rendition of this file name that anybody may see at that Unix time.

        Another worker may have sent the name a moment ago, from a catalogue that is not loaded here yet.
        """
        found = self._loaded.showing(image, now)
        if not found and await self._current() != self._tried:  # this call does not look for repairs
            await self.refresh()
            found = self._loaded.showing(image, now)
        return found

    async def _current(self) -> str | None:
        setting = await self._log.setting(SETTING)
        return setting.decode() if setting else None

    async def _catalogue(self, name: str) -> Catalogue:
        if name == self.name:
            return self._loaded.catalogue
        return await asyncio.to_thread(self._revisions.catalogue, name)

    def _wait_for_catalogue(self, name: str, error: Exception) -> None:
        """Try again in a second after every failure, because reading one document costs little."""
        if name != self._tried:
            _complain(name, {"": str(error)})
        self._tried = name
        self._patience.begin(self._clock())

    async def _take_up(self, name: str, catalogue: Catalogue) -> bool:
        """Load a catalogue; if it is loaded already, only its titles that were not readable."""
        titles, unreadable = await asyncio.to_thread(self._read, catalogue)
        changed = name != self.name or len(unreadable) < self._unreadable
        if changed:
            now = self._clock() / 1000
            self._loaded = await asyncio.to_thread(self._loaded.followed, catalogue, titles, now)
        if name != self._tried:
            _complain(name, unreadable)
        self._be_patient(anew=changed or name != self._tried, needed=bool(unreadable))
        self._unreadable, self._tried, self.name = len(unreadable), name, name
        return changed

    def _be_patient(self, *, anew: bool, needed: bool) -> None:
        if not needed:
            self._patience.end()
        elif anew:
            self._patience.begin(self._clock())
        else:
            self._patience.go_on(self._clock())

    def _read(self, catalogue: Catalogue) -> tuple[dict[str, LiveTitle], dict[str, str]]:
        """Return the titles of a catalogue, last good versions too, and the reason for each unreadable one."""
        titles: dict[str, LiveTitle] = {}
        unreadable: dict[str, str] = {}
        for title, revision in sorted(catalogue.titles.items()):
            try:
                titles[title] = self._take(title, revision, catalogue.barred)
            except UNREADABLE as error:
                unreadable[title] = str(error)
                if last := self.get(title):
                    titles[title] = last.under(catalogue.barred)
        return titles, unreadable

    def _take(self, title: str, revision: str, barred: Collection[Made]) -> LiveTitle:
        current = self.get(title)
        if current and current.revision == revision:
            return current.under(barred)
        return LiveTitle.of(self._revisions.title(revision), barred, self.images)


def _complain(catalogue: str, unreadable: Mapping[str, str]) -> None:
    if not unreadable:
        return
    first, reason = next(iter(unreadable.items()))
    of = f"title {first!r}" if first else "the catalogue"
    others = f" and of {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
    sentence = f"The service keeps the last good version of {of}{others}, if there was one: {reason.rstrip('.')}."
    log.error("catalogue_damaged", catalogue=catalogue, reason=sentence)


_NONE: frozenset[Made] = frozenset()
UNREADABLE = (DamagedRevision, UnknownRevision, CatalogueError, OSError)
EARLIER = 4096
"""Revisions kept in memory: a fold over an old log meets them one after the other."""
