"""The catalogue as the service has it at hand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.picture import Image, image_of
from app.store.protocol import Log
from assets.catalogue import Artwork, Title
from assets.revisions import Revisions
from bandit.types import Action

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

    async def refresh(self) -> bool:
        """Take up the catalogue that the store calls current; only titles that changed are read."""
        name = await self._log.setting(SETTING)
        if name is None or name.decode() == self.name:
            return False
        wanted = self._revisions.catalogue(name.decode())
        self._titles = {title: self._take(title, revision) for title, revision in sorted(wanted.items())}
        self.name = name.decode()
        return True

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

    def _take(self, title: str, revision: str) -> Shelved:
        current = self._titles.get(title)
        if current and current.revision == revision:
            return current
        return Shelved.of(self._revisions.title(revision))


EARLIER = 4096
"""Revisions kept at hand: a fold over an old log meets them one after the other."""
