"""The titles of the browse page: one large, the others in rows by genre, each title once."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from assets.catalogue import Title

MOST_TITLES: Final = 120
"""How many titles a page has at most: one request asks for all pictures of a page."""
MOST_IN_ROW: Final = 20
LEAST_IN_ROW: Final = 2
OTHERS: Final = "More titles"


class Row(NamedTuple):
    name: str
    titles: list[Title]


class Layout(NamedTuple):
    """A page: the hero is the title with most artworks, because it shows most of what there is to choose."""

    hero: Title | None
    rows: list[Row]


def laid_out(catalogue: Iterable[Title]) -> Layout:
    """Lay the titles out. The first titles of a large catalogue get a place."""
    titles = [title for title in catalogue if title.artworks][:MOST_TITLES]
    hero = max(titles, key=lambda title: len(title.artworks), default=None)
    return Layout(hero, _rows([title for title in titles if title is not hero]))


def _rows(titles: list[Title]) -> list[Row]:
    """Give the genre with most titles a row, then the one with most of the others, until no two share a genre."""
    rows = []
    while titles:
        genre, found = _largest(titles)
        if len(found) < LEAST_IN_ROW:
            break
        rows.append(Row(genre.replace("-", " ").capitalize(), found[:MOST_IN_ROW]))
        titles = [title for title in titles if title not in rows[-1].titles]
    chunks = [titles[start : start + MOST_IN_ROW] for start in range(0, len(titles), MOST_IN_ROW)]
    return [*rows, *(Row(OTHERS, chunk) for chunk in chunks)]


def _largest(titles: Collection[Title]) -> tuple[str, list[Title]]:
    """Return the genre of most titles; of equal ones the one with more artworks to choose from."""
    genres = defaultdict[str, list[Title]](list)
    for title in titles:
        for genre in title.genres:
            genres[genre].append(title)
    return max(
        genres.items(),
        key=lambda item: (len(item[1]), sum(len(title.artworks) for title in item[1])),
        default=("", []),
    )
