"""`/titles`: the catalogue's titles, and editing them."""

from functools import partial
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from typing_extensions import TypedDict

from app.api.bodies import JsonRoute
from app.api.edit_bodies import ArtworkBody, PinBody, TitleBody
from app.api.listing import (
    Detailed,
    Listed,
    ListedArtwork,
    Listing,
    Reader,
    detailed,
    listed_artwork,
    listed_json,
    listing_json,
)
from app.api.openapi import refusals
from app.api.roles import EDITORS
from app.api.services import EDITOR, NEVER_CACHED, By, Service, Services
from app.api.upload_form import request_body, sent_in
from app.catalogue.search import search as searched
from app.catalogue.uploads import Outcome
from app.evaluation.title_probabilities import TitleProbabilities
from app.fields import PinnedCountry, Slug
from assets.catalogue import Title, pin_scope

router = APIRouter(tags=["catalogue"], route_class=JsonRoute)
Id = Annotated[Slug, Path(description="1 to 64 of a-z, 0-9 and hyphens. The first is not a hyphen.")]
PinPlacement = Annotated[Slug | Literal[""] | None, Query(description="The pin's placement. Empty means none.")]
PinCountry = Annotated[PinnedCountry | None, Query(description="The pin's country. Empty means none.")]
MOST_SEARCHED = 200
Search = Annotated[
    str,
    Query(max_length=MOST_SEARCHED, description="List only titles whose id and names contain all these words."),
]
Limit = Annotated[int | None, Query(ge=1, le=1000, description="The most titles to list. Without it: all.")]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="The number of titles to leave out first.")]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description=(
            'The `revision` of the title, in quotation marks (`"4f0c…"`): the edit is refused if the title has '
            "changed since."
        ),
    ),
]
NO_TITLE = {404: "There is no such title."}
NO_ARTWORK = {404: "There is no such title, or it has no such artwork."}
OUTDATED = {412: "The title is not at a revision that `If-Match` names."}
CHANGED = {409: "The catalogue changed too often during this edit; try again.", **OUTDATED}


async def _expected(if_match: IfMatch = None) -> frozenset[str] | None:
    """Return the revisions that the caller expects. A proxy may have marked them as weak."""
    if if_match is None:
        return None
    return frozenset(tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(","))


At = Annotated[frozenset[str] | None, Depends(_expected)]
NOT_CORRECTED = {
    409: (
        "The service has no original of the artwork, so it cannot crop the picture again; or another edit changed "
        "the picture meanwhile, or the catalogue too often."
    ),
    503: "The service is rendering as many pictures as it can; `Retry-After` says when to try again.",
    **OUTDATED,
}
FILE = {"schema": {"type": "string", "format": "binary"}}
WHOLE_HEADERS = {"Cache-Control": NEVER_CACHED, "X-Content-Type-Options": "nosniff"}
_encode = msgspec.json.Encoder().encode


class UploadAnswer(TypedDict):
    """The outcome of an upload. A warning is a sentence about something that an editor should check."""

    artwork: ListedArtwork
    outcome: Outcome
    warnings: tuple[str, ...]


@router.get("/titles", response_model=Listing, responses=refusals({503: "The service cannot read the catalogue."}))
async def list_titles(
    request: Request, services: Service, search: Search = "", limit: Limit = None, offset: Offset = 0
) -> Response:
    """List the titles with their artworks, all of them or one page.

    Only admins and editors see who consents to a picture, and get an image of an artwork that nobody is shown.
    """
    services.live_catalogue.demand_catalogue()
    editing = await services.access.is_one_of(request, EDITORS)
    reader = Reader(editing, services.clock() / 1000, services.live_catalogue.images)
    headers = {"Cache-Control": NEVER_CACHED if reader.admin else "no-cache", "Vary": "Authorization, Cookie"}
    found = searched(services.live_catalogue, search, offset=offset, limit=limit)
    return Response(
        await listing_json(found.page, found.total, reader), headers=headers, media_type="application/json"
    )


@router.get("/titles/{title}", responses=refusals(NO_TITLE), dependencies=[EDITOR])
async def get_title(title: Id, services: Service) -> Detailed:
    """Show a title with its artworks on all canvases, as it is stored.

    It includes an edit that another worker made a moment ago.
    """
    found, barred = await services.editor.title(title), await services.editor.barred()
    reader = Reader(admin=True, now=services.clock() / 1000, images=services.live_catalogue.images)
    return detailed(found, reader, barred)


@router.get("/titles/{title}/probabilities", responses=refusals(NO_TITLE), dependencies=[EDITOR])
async def get_probabilities(title: Id, services: Service) -> TitleProbabilities:
    """Show with which probability the policy shows each artwork, by the viewers' taste, country and device.

    The numbers are means over up to 500 profiles: those who asked last for a picture of any title. They are at
    most ten seconds old.
    """
    return await services.probability_reporter.of(title)


@router.put(
    "/titles/{title}",
    response_model=Listed,
    responses={201: {"model": Listed, "description": "A new title."}, **refusals(CHANGED)},
    dependencies=[EDITOR],
)
async def put_title(title: Id, body: TitleBody, by: By, at: At, services: Service) -> Response:
    """Make a title, or change its name, names, synopsis, genres, maturity or default artwork.

    A new title has no picture until its first artwork is uploaded.
    """
    found, new = await services.editor.put(by, title, lambda current: body.applied(title, current), at)
    return _shown(services, found, 201 if new else 200)


@router.delete(
    "/titles/{title}",
    status_code=204,
    response_class=Response,
    responses=refusals(NO_TITLE | CHANGED),
    dependencies=[EDITOR],
)
async def delete_title(title: Id, by: By, at: At, services: Service) -> None:
    """Remove a title from the catalogue."""
    await services.editor.delete(by, title, at)


@router.post(
    "/titles/{title}/artworks",
    response_model=UploadAnswer,
    status_code=201,
    responses={
        200: {"model": UploadAnswer, "description": "The picture of the artwork was replaced."},
        **refusals(
            {
                400: "The form is not valid.",
                **NO_TITLE,
                408: "The body arrives too slowly.",
                **CHANGED,
                413: "The file has more than 64 MiB.",
                415: "The body is not a form.",
                503: (
                    "The service is rendering as many pictures as it can; `Retry-After` says when to send this "
                    "one again."
                ),
            }
        ),
    },
    dependencies=[EDITOR],
    openapi_extra=request_body(),
)
async def upload_artwork(title: Id, request: Request, by: By, services: Service) -> Response:
    """Add a picture as a new artwork, or replace the picture of an artwork, which keeps its edits."""
    uploaded = await services.uploads.take(by, title, partial(sent_in, request))
    reader = Reader(admin=True, now=0, images=services.live_catalogue.images)
    answer: UploadAnswer = {
        "artwork": listed_artwork(uploaded.artwork, reader),
        "outcome": uploaded.outcome,
        "warnings": uploaded.warnings,
    }
    return _json(_encode(answer), 201 if uploaded.outcome == "new" else 200)


@router.patch(
    "/titles/{title}/artworks/{artwork}",
    response_model=Listed,
    responses=refusals(NO_ARTWORK | NOT_CORRECTED),
    dependencies=[EDITOR],
)
async def patch_artwork(title: Id, artwork: Id, body: ArtworkBody, by: By, at: At, services: Service) -> Response:
    """Pause, withdraw or activate an artwork, or change its description or provenance.

    Only the fields that the body names change. The same holds for the fields of a consent. If focus, faces
    or crops change, the crops that move are made again from the kept original, and the answer names them.
    """
    edit = services.corrections if body.corrects else services.editor
    return _shown(services, await edit.change_artwork(by, title, artwork, body.applied, at))


@router.get(
    "/titles/{title}/artworks/{artwork}/whole",
    response_class=Response,
    responses={
        200: {"description": "The picture, at most 1024 pixels wide and high.", "content": {"image/webp": FILE}},
        **refusals({404: "There is no such artwork, or the service has no original of it."}),
    },
    dependencies=[EDITOR],
)
async def get_whole(title: Id, artwork: Id, services: Service) -> Response:
    """Show the whole picture as a small copy, on which an editor can see where focus, faces and crops are."""
    content = await services.corrections.whole(title, artwork)
    return Response(content, media_type="image/webp", headers=WHOLE_HEADERS)


@router.delete(
    "/titles/{title}/artworks/{artwork}",
    status_code=204,
    response_class=Response,
    responses=refusals(
        NO_ARTWORK | {409: "The artwork is the title's default, and the title has others."} | OUTDATED
    ),
    dependencies=[EDITOR],
)
async def delete_artwork(title: Id, artwork: Id, by: By, at: At, services: Service) -> None:
    """Remove an artwork and its pins from its title. The default artwork has to be the last one."""
    await services.editor.delete_artwork(by, title, artwork, at)


@router.put(
    "/titles/{title}/pin",
    response_model=Listed,
    responses=refusals(
        NO_ARTWORK
        | {409: "Nobody would see the pinned artwork, or the catalogue changed too often during this edit."}
        | OUTDATED
    ),
    dependencies=[EDITOR],
)
async def put_pin(title: Id, body: PinBody, by: By, at: At, services: Service) -> Response:
    """Pin an artwork. The pin overrides holds and draws, and the service never learns from it."""
    now = services.clock() / 1000
    return _shown(services, await services.editor.pin(by, title, body.pin(now), now, at))


@router.delete(
    "/titles/{title}/pin", response_model=Listed, responses=refusals(NO_TITLE | CHANGED), dependencies=[EDITOR]
)
async def delete_pin(
    title: Id, by: By, at: At, services: Service, placement: PinPlacement = None, country: PinCountry = None
) -> Response:
    """Remove one pin of a title, named by its placement and country, or all pins if neither is named.

    Leave out the parameter that the pin does not have. `?placement=&country=` names the pin for all placements and
    countries.
    """
    one = None if placement is None and country is None else pin_scope(placement or None, country or None)
    return _shown(services, await services.editor.unpin(by, title, one, at))


def _shown(services: Services, title: Title, status: int = 200) -> Response:
    return _json(listed_json(title, services.live_catalogue.images), status)


def _json(content: bytes, status: int) -> Response:
    return Response(content, status, media_type="application/json")
