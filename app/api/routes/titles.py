"""`/titles`: the catalogue's titles, and editing them."""

from functools import partial
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from typing_extensions import TypedDict

from app.api.bodies import JsonRoute
from app.api.edit_bodies import ArtworkBody, PinBody, TitleBody
from app.api.listing import (
    Listed,
    ListedArtwork,
    Listing,
    Reader,
    admin,
    listed_artwork,
    listed_json,
    listing_json,
)
from app.api.openapi import refusals
from app.api.roles import EDITORS
from app.api.services import EDITOR, NEVER_CACHED, By, Service, Services
from app.api.upload_form import request_body, sent_in
from app.catalogue.uploads import Outcome
from app.fields import PinnedCountry, Slug
from assets.catalogue import Title, pin_scope

router = APIRouter(tags=["catalogue"], route_class=JsonRoute)
Id = Annotated[Slug, Path(description="1 to 64 of a-z, 0-9 and hyphens, the first no hyphen.")]
PinPlacement = Annotated[Slug | Literal[""] | None, Query(description="The pin's placement; empty: it has none.")]
PinCountry = Annotated[PinnedCountry | None, Query(description="The pin's country; empty: it has none.")]
NO_TITLE = {404: "There is no such title."}
NO_ARTWORK = {404: "There is no such title, or it has no such artwork."}
CHANGED = {409: "The catalogue changed too often while this was tried; try again."}
_encode = msgspec.json.Encoder().encode


class UploadAnswer(TypedDict):
    """What became of an upload; a warning is a sentence about something that should be looked at again."""

    artwork: ListedArtwork
    outcome: Outcome
    warnings: tuple[str, ...]


@router.get("/titles", response_model=Listing, responses=refusals({503: "The catalogue can't be read."}))
async def titles(request: Request, services: Service) -> Response:
    """List the titles with their artworks.

    Only admins and editors are told who consents to a picture, and have an image of what is not shown to anybody.
    """
    services.live_catalogue.demand_catalogue()
    editing = await services.access.is_one_of(request, EDITORS)
    reader = Reader(editing, services.clock() / 1000, services.live_catalogue.images)
    headers = {"Cache-Control": NEVER_CACHED if reader.admin else "no-cache", "Vary": "Authorization, Cookie"}
    return Response(
        await listing_json(services.live_catalogue, reader), headers=headers, media_type="application/json"
    )


@router.put(
    "/titles/{title}",
    response_model=Listed,
    responses={201: {"model": Listed, "description": "A new title."}, **refusals(CHANGED)},
    dependencies=[EDITOR],
)
async def put_title(title: Id, body: TitleBody, by: By, services: Service) -> Response:
    """Make a title, or change one's name, names, synopsis, genres, maturity or default artwork.

    A new one has nothing to show until its first artwork is uploaded.
    """
    found, new = await services.editor.put(by, title, lambda current: body.applied(title, current))
    return _shown(services, found, 201 if new else 200)


@router.delete(
    "/titles/{title}",
    status_code=204,
    response_class=Response,
    responses=refusals(NO_TITLE | CHANGED),
    dependencies=[EDITOR],
)
async def delete_title(title: Id, by: By, services: Service) -> None:
    """Take a title out of the catalogue."""
    await services.editor.delete(by, title)


@router.post(
    "/titles/{title}/artworks",
    response_model=UploadAnswer,
    status_code=201,
    responses={
        200: {"model": UploadAnswer, "description": "In the place of the artwork's picture."},
        **refusals(
            {
                400: "The form can't be read.",
                **NO_TITLE,
                408: "The body comes in too slowly.",
                **CHANGED,
                413: "The file has more than 64 MiB.",
                415: "The body is no form.",
                503: "As many pictures as can be are in the making; `Retry-After` says when to send it again.",
            }
        ),
    },
    dependencies=[EDITOR],
    openapi_extra=request_body(),
)
async def post_artwork(title: Id, request: Request, by: By, services: Service) -> Response:
    """Take a picture in as a new artwork, or in the place of an artwork's picture, whose edits stay."""
    uploaded = await services.uploads.take(by, title, partial(sent_in, request))
    answer: UploadAnswer = {
        "artwork": listed_artwork(uploaded.artwork, admin(services.live_catalogue.images)),
        "outcome": uploaded.outcome,
        "warnings": uploaded.warnings,
    }
    return _json(_encode(answer), 201 if uploaded.outcome == "new" else 200)


@router.patch(
    "/titles/{title}/artworks/{artwork}",
    response_model=Listed,
    responses=refusals(NO_ARTWORK | CHANGED),
    dependencies=[EDITOR],
)
async def patch_artwork(title: Id, artwork: Id, body: ArtworkBody, by: By, services: Service) -> Response:
    """Pause, withdraw or activate an artwork, or change what it says of itself and where it comes from.

    Of a consent, too, only what is named changes.
    """
    return _shown(services, await services.editor.change_artwork(by, title, artwork, body.applied))


@router.delete(
    "/titles/{title}/artworks/{artwork}",
    status_code=204,
    response_class=Response,
    responses=refusals(NO_ARTWORK | {409: "It is the title's default and not its last artwork."}),
    dependencies=[EDITOR],
)
async def delete_artwork(title: Id, artwork: Id, by: By, services: Service) -> None:
    """Take an artwork out of its title, with its pins. The default can go only as the last one."""
    await services.editor.delete_artwork(by, title, artwork)


@router.put(
    "/titles/{title}/pin",
    response_model=Listed,
    responses=refusals(
        NO_ARTWORK | {409: "Nobody would see the artwork pinned; or the catalogue changed too often."}
    ),
    dependencies=[EDITOR],
)
async def put_pin(title: Id, body: PinBody, by: By, services: Service) -> Response:
    """Pin an artwork: it overrides holds and draws, and is never learned from."""
    now = services.clock() / 1000
    return _shown(services, await services.editor.pin(by, title, body.pin(now), now))


@router.delete(
    "/titles/{title}/pin", response_model=Listed, responses=refusals(NO_TITLE | CHANGED), dependencies=[EDITOR]
)
async def delete_pin(
    title: Id, by: By, services: Service, placement: PinPlacement = None, country: PinCountry = None
) -> Response:
    """Take away one pin of a title, by its placement and country, or all of them if neither is named.

    A pin without one of the two is named without it; the pin for all places is `?placement=&country=`.
    """
    one = None if placement is None and country is None else pin_scope(placement or None, country or None)
    return _shown(services, await services.editor.unpin(by, title, one))


def _shown(services: Services, title: Title, status: int = 200) -> Response:
    return _json(listed_json(title, services.live_catalogue.images), status)


def _json(content: bytes, status: int) -> Response:
    return Response(content, status, media_type="application/json")
