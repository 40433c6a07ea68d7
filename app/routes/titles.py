"""`/titles`: the catalogue, and editing it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from app.asked import Country, Slug
from app.services import ADMIN, Service
from assets.catalogue import Pin, Title, title_to_json

router = APIRouter(tags=["catalogue"])
Id = Annotated[Slug, Path()]
Moment = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class TitleBody(BaseModel):
    """What can be said of a title apart from its artworks; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    genres: Annotated[tuple[Slug, ...], Field(max_length=32)] | None = None
    maturity: Annotated[int, Field(ge=0, le=21)] | None = None
    default: Slug | None = None


class ArtworkBody(BaseModel):
    """What can be changed of an artwork; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    status: Literal["active", "paused", "withdrawn"] | None = None
    tags: Annotated[tuple[Slug, ...], Field(max_length=64)] | None = None
    alt: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    locales: Annotated[tuple[str, ...], Field(max_length=64)] | None = None
    placements: Annotated[tuple[Slug, ...], Field(max_length=64)] | None = None
    maturity: Annotated[int, Field(ge=0, le=21)] | None = None
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


LIFTABLE = {"valid_from", "valid_until"}
"""Fields for which null is a value."""


@router.get("/titles")
async def titles(services: Service) -> Response:
    """List the titles with their artworks."""
    content = b",".join(title_to_json(shelved.title) for shelved in services.shelf)
    return Response(b'{"titles":[' + content + b"]}", media_type="application/json")


@router.put("/titles/{title}", dependencies=[ADMIN])
async def put_title(title: Id, body: TitleBody, services: Service) -> Response:
    """Change a title's name, genres, maturity or default artwork."""
    return _shown(await services.editor.rename(title, **_given(body)))


@router.delete("/titles/{title}", status_code=204, response_class=Response, dependencies=[ADMIN])
async def delete_title(title: Id, services: Service) -> None:
    """Take a title out of the catalogue."""
    await services.editor.delete(title)


@router.patch("/titles/{title}/artworks/{artwork}", dependencies=[ADMIN])
async def patch_artwork(title: Id, artwork: Id, body: ArtworkBody, services: Service) -> Response:
    """Pause, withdraw or activate an artwork, or change what it says of itself."""
    return _shown(await services.editor.patch(title, artwork, _given(body)))


@router.put("/titles/{title}/pin", dependencies=[ADMIN])
async def put_pin(title: Id, body: PinBody, services: Service) -> Response:
    """Pin an artwork: it overrides holds and draws, and is never learned from."""
    return _shown(await services.editor.pin(title, Pin(body.artwork, body.placement, body.country, body.until)))


@router.delete("/titles/{title}/pin", dependencies=[ADMIN])
async def delete_pin(title: Id, services: Service) -> Response:
    """Take away all pins of a title."""
    return _shown(await services.editor.unpin(title))


def _given(body: BaseModel) -> dict[str, Any]:
    given = {name: getattr(body, name) for name in body.model_fields_set}
    return {name: value for name, value in given.items() if value is not None or name in LIFTABLE}


def _shown(title: Title) -> Response:
    return Response(title_to_json(title), media_type="application/json")
