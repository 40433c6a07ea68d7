"""`/artwork`: the picture of a title, or of each title of a page."""

from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from app.answers import Choice, Page
from app.asked import ArtworkQuery, PageQuery, error_sentences
from app.picture import url_for
from app.problem import NotFound, Problem, Unacceptable
from app.services import Service, Services

router = APIRouter(tags=["artwork"])
PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Accept"}
_encode = msgspec.json.Encoder().encode


@router.get(
    "/artwork",
    response_model=Choice,
    responses={302: {"description": "The picture itself, for an `<img>` tag or `as=image`."}},
)
async def artwork(request: Request, query: Annotated[ArtworkQuery, Query()], services: Service) -> Response:
    """Choose the picture of one title for one viewer."""
    return await _answer(services, query, request.headers.get("accept", ""))


@router.post("/artwork")
async def page(query: PageQuery, services: Service) -> Response:
    """Choose the pictures of a page."""
    known = [found for title in query.titles if (found := services.shelf.get(title))]
    unknown = [title for title in query.titles if services.shelf.get(title) is None]
    choices = await services.personalizer.choose(query, known)
    body: Page = {"choices": choices, "unknown": unknown}
    return Response(_encode(body), headers={"Cache-Control": "private, no-store"}, media_type="application/json")


class ArtworkLane:
    """Answers `GET /artwork` in front of FastAPI's routing, which would cost more than the decision itself.

    The route above stays for the API's document, and answers the same to the same: a test sends both the same fuzz.
    """

    def __init__(self, app: ASGIApp, services: Any):
        self.app, self._services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/artwork" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        scope["route"] = _ROUTE
        try:
            query = _parse(scope["query_string"])
            response = await _answer(self._services(), query, _accept(scope))
        except ValidationError as error:
            response = invalid(error.errors(include_url=False)).response()
        except Problem as problem:
            response = problem.response()
        await response(scope, receive, send)


class _ROUTE:
    path = "/artwork"


def _parse(query: bytes) -> ArtworkQuery:
    pairs = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    return ArtworkQuery.model_validate(pairs)


def _accept(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"), "")


async def _answer(services: Services, query: ArtworkQuery, accept: str) -> Response:
    shelved = services.shelf.get(query.title)
    if shelved is None:
        raise NotFound(f"There is no title {query.title!r}; GET /titles lists them.")
    choice = await services.personalizer.choose_one(query, shelved)
    if query.as_ == "image" or (query.as_ is None and accept.startswith("image/")):
        artwork = shelved.title.artwork(choice["artwork"])
        assert artwork  # chosen among the title's own
        return _redirect(choice, url_for(artwork, accept))
    return Response(_encode(choice), headers=PRIVATE, media_type="application/json")


def _redirect(choice: Choice, url: str) -> Response:
    headers = {**PRIVATE, "Cache-Control": "no-store", "Location": url}
    if choice["decision_id"]:
        headers["X-Decision-Id"] = choice["decision_id"]
    return Response(status_code=302, headers=headers)


def invalid(errors: list[Any]) -> Unacceptable:
    problems = error_sentences(errors)
    first = problems[0]
    return Unacceptable(f"{first['field']}: {first['reason']} (was {first['value']}).", errors=problems)
