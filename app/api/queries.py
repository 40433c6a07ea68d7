"""The queries of `/artwork`, checked."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, WithJsonSchema

from app.fields import MOST_TITLES, SLUG, AnyTitle, at_most
from app.viewers.viewing import Viewing


class ArtworkQuery(Viewing):
    """One title's picture."""

    NEEDED = frozenset({"title"})
    title: Annotated[str, StringConstraints(min_length=1), WithJsonSchema({"type": "string", "pattern": SLUG})]
    """The id of the title."""
    as_: Annotated[Literal["json", "image"] | None, Field(alias="as")] = None
    """`image` answers with a redirect to the picture. An `<img>` tag gets the redirect without this parameter."""


class PageQuery(Viewing):
    """A page of pictures."""

    NEEDED = frozenset({"titles"})
    titles: Annotated[list[AnyTitle], Field(min_length=1, max_length=MOST_TITLES), at_most(MOST_TITLES)]
    """The ids of the titles. A title that is named twice gets one picture."""
    deferred: bool = True
    """True by default, because most of a page is below the fold."""
