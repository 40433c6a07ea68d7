"""The titles of the report in pages: found by a part of a name, and counted only for the page in question."""

from dataclasses import dataclass
from typing import Final

from typing_extensions import TypedDict

from app.catalogue.live import LiveCatalogue
from app.catalogue.search import search as titles_with
from app.evaluation.report import TitleRates, title_rates
from app.store.protocol import State
from assets.catalogue import Title
from bandit.tally import Tally

PAGE: Final = 25


class FoundTitle(TitleRates):
    """A title with the rates of its artworks. `names` has each artwork's name."""

    id: str
    name: str
    names: dict[str, str]


class TitlePage(TypedDict):
    """One page of titles in the order of their names. `found` is the number of all that match."""

    search: str
    page: int
    pages: int
    found: int
    titles: list[FoundTitle]


@dataclass(frozen=True, slots=True)
class TitleSearch:
    catalogue: LiveCatalogue
    state: State

    async def page(self, search: str, number: int) -> TitlePage:
        """Return a page of the titles that match every word. Beyond the last page, it is the last one."""
        matching = titles_with(self.catalogue, search, offset=0, limit=None).page
        found = sorted((live_title.title for live_title in matching), key=_order)
        pages = max(1, -(-len(found) // PAGE))
        number = min(number, pages)
        shown = found[PAGE * (number - 1) : PAGE * number]
        return {
            "search": search,
            "page": number,
            "pages": pages,
            "found": len(found),
            "titles": [await self._found(title) for title in shown],
        }

    async def _found(self, title: Title) -> FoundTitle:
        artworks: dict[str, dict[str, Tally]] = {artwork.id: {} for artwork in title.artworks}
        for (_, artwork, group), tally in sorted((await self.state.tallies(title.id)).items()):
            artworks.setdefault(artwork, {})[group] = tally
        return {
            **title_rates(artworks),
            "id": title.id,
            "name": title.name,
            "names": {artwork.id: artwork.name for artwork in title.artworks},
        }


def _order(title: Title) -> tuple[str, str]:
    return title.name.casefold(), title.id
