"""The titles of a service as its own listing tells them: their artworks and tags."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

MOST_TITLES = 40
"""The first titles with a choice take part: more of a large catalogue would get too few exposures each."""


class Artwork(NamedTuple):
    id: str
    tags: tuple[str, ...] = ()


class Title(NamedTuple):
    id: str
    artworks: tuple[Artwork, ...]


def titles_in(listing: Sequence[dict[str, Any]]) -> list[Title]:
    """Return the titles of `GET /titles` that have two artworks or more to choose from for every viewer."""
    titles = [Title(each["id"], tuple(_artworks(each))) for each in listing if not each["pins"]]
    return [title for title in titles if len(title.artworks) > 1][:MOST_TITLES]


def _artworks(title: dict[str, Any]) -> Iterator[Artwork]:
    return (Artwork(each["id"], tuple(each["tags"])) for each in title["artworks"] if _always_shown(each))


def _always_shown(artwork: dict[str, Any]) -> bool:
    """Whether it is a candidate for viewers without a language, and stays one during a run."""
    return (
        artwork["status"] == "active"
        and artwork["image"] is not None
        and not artwork["locales"]
        and artwork["valid_from"] is None
        and artwork["valid_until"] is None
        and (not artwork["placements"] or "row" in artwork["placements"])
    )
