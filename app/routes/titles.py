"""`/titles`: the catalogue, and editing it."""

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.asked import Country, Slug
from app.listing import Listed, Listing, listed_json, shelved_json
from app.services import ADMIN, Service
from assets.catalogue import Pin, Title
from assets.rules import STRICTEST_MATURITY

router = APIRouter(tags=["catalogue"])
Id = Annotated[Slug, Path()]
LIFTABLE = {"valid_from", "valid_until"}
"""Fields for which null is a value."""
Moment = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Change(BaseModel):
    """Fields to be changed; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in sorted(self.model_fields_set - LIFTABLE):
            if getattr(self, name) is None:
                raise ValueError(f"{name} can't be null; leave it out to keep it as it is")
        return self


class TitleBody(Change):
    """What can be said of a title apart from its artworks; what is left out stays as it is."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    genres: Annotated[tuple[Slug, ...], Field(max_length=32)] | None = None
    maturity: Annotated[int, Field(ge=0, le=STRICTEST_MATURITY)] | None = None
    default: Slug | None = None


class ArtworkBody(Change):
    """What can be changed of an artwork; what is left out stays as it is."""

    status: Literal["active", "paused", "withdrawn"] | None = None
    tags: Annotated[tuple[Slug, ...], Field(max_length=64)] | None = None
    alt: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    locales: Annotated[tuple[str, ...], Field(max_length=64)] | None = None
    placements: Annotated[tuple[Slug, ...], Field(max_length=64)] | None = None
    maturity: Annotated[int, Field(ge=0, le=STRICTEST_MATURITY)] | None = None
    valid_from: Moment | None = None
    """Unix seconds; null lifts the limit."""
    valid_until: Moment | None = None


class PinBody(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    artwork: Slug
    placement: Slug | None = None
    country: Country | None = None
    until: Moment | None = None
    """Unix seconds; without it the pin stays until it is taken away."""


@router.get("/titles", response_model=Listing)
async def titles(services: Service) -> Response:
    """List the titles with their artworks."""
    content = b",".join([shelved_json(shelved) for shelved in services.shelf])
    return Response(b'{"titles":[' + content + b"]}", media_type="application/json")


@router.put("/titles/{title}", response_model=Listed, dependencies=[ADMIN])
async def put_title(title: Id, body: TitleBody, services: Service) -> Response:
    """Change a title's name, genres, maturity or default artwork.

    A title comes into being with its first artworks, by `keyart import`: without any there is nothing to show.
    """
    return _shown(await services.editor.change(title, _given(body)))


@router.delete("/titles/{title}", status_code=204, response_class=Response, dependencies=[ADMIN])
async def delete_title(title: Id, services: Service) -> None:
    """Take a title out of the catalogue."""
    await services.editor.delete(title)


@router.patch("/titles/{title}/artworks/{artwork}", response_model=Listed, dependencies=[ADMIN])
async def patch_artwork(title: Id, artwork: Id, body: ArtworkBody, services: Service) -> Response:
    """Pause, withdraw or activate an artwork, or change what it says of itself."""
    return _shown(await services.editor.patch(title, artwork, _given(body)))


@router.put("/titles/{title}/pin", response_model=Listed, dependencies=[ADMIN])
async def put_pin(title: Id, body: PinBody, services: Service) -> Response:
    """Pin an artwork: it overrides holds and draws, and is never learned from."""
    return _shown(await services.editor.pin(title, Pin(body.artwork, body.placement, body.country, body.until)))


@router.delete("/titles/{title}/pin", response_model=Listed, dependencies=[ADMIN])
async def delete_pin(title: Id, services: Service) -> Response:
    """Take away all pins of a title."""
    return _shown(await services.editor.unpin(title))


def _given(body: Change) -> dict[str, Any]:
    return {name: getattr(body, name) for name in body.model_fields_set}


def _shown(title: Title) -> Response:
    return Response(listed_json(title), media_type="application/json")
