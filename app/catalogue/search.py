"""The search for titles by the words of their ids and names."""

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from app.catalogue.live import LiveTitle


class Found(NamedTuple):
    """One page of the titles that match, and the number of all that do."""

    page: list[LiveTitle]
    total: int


def search(titles: Iterable[LiveTitle], text: str, *, offset: int, limit: int | None) -> Found:
    """Return the titles whose id and names contain every word of the text, in any case."""
    words = text.casefold().split()
    found = [each for each in titles if all(word in _text(each) for word in words)] if words else list(titles)
    return Found(list(islice(found, offset, None if limit is None else offset + limit)), len(found))


def _text(live_title: LiveTitle) -> str:
    title = live_title.title
    return "\n".join((title.id, title.name, *title.names.values())).casefold()
