"""The queries of `/artwork`, checked."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from app.fields import MOST_COLUMNS, MOST_TITLES, SLUG, AnyTitle, Name, at_most
from app.records import Spot
from app.viewers.viewing import Viewing


class ArtworkQuery(Viewing):
    """One title's picture."""

    NEEDED = frozenset({"title"})
    title: Annotated[str, StringConstraints(min_length=1), WithJsonSchema({"type": "string", "pattern": SLUG})]
    """The id of the title."""
    as_: Annotated[Literal["json", "image"] | None, Field(alias="as")] = None
    """`image` answers with a redirect to the picture. An `<img>` tag gets the redirect without this parameter."""


class PageSpot(BaseModel):
    """The spot of one title."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    row: Name | None = None
    """The name of the row, such as `new`."""
    column: Annotated[int, Field(ge=0, le=MOST_COLUMNS)] | None = None
    """The number of titles before it in the row."""


OnPage = Annotated[PageSpot, WithJsonSchema(PageSpot.model_json_schema())]
NOWHERE, UNKNOWN = PageSpot(), Spot()


class PageQuery(Viewing):
    """A page of pictures."""

    NEEDED = frozenset({"titles"})
    titles: Annotated[list[AnyTitle], Field(min_length=1, max_length=MOST_TITLES), at_most(MOST_TITLES)]
    """The ids of the titles. A title that is named twice gets one picture."""
    deferred: bool = True
    """True by default, because most of a page is below the fold."""
    release: Name | None = None
    """The release of the client, such as `tv-4.2.0`. It is recorded, and does not influence anything."""
    page: Name | None = None
    """The name of the page, such as `home`. It is recorded, and does not influence anything."""
    spots: Annotated[dict[str, OnPage], Field(max_length=MOST_TITLES), at_most(MOST_TITLES)] | None = None
    """The spots of titles on the page: for each id an object with `row` and `column`. They are recorded, too."""

    def spot_of(self, title: str) -> Spot | None:
        found = self.spots.get(title, NOWHERE) if self.spots else NOWHERE
        spot = Spot(self.release, self.page, found.row, found.column)
        return None if spot == UNKNOWN else spot
