"""`/artwork`: the picture of a title, or of each title of a page."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.bodies import read_json, unreadable
from app.api.hints import V, queried, understood
from app.api.openapi import parameters, refusals
from app.api.problems import invalid, problem_from
from app.api.queries import ArtworkQuery, PageQuery
from app.api.roles import ANYONE
from app.api.services import Service, Services
from app.catalogue.image import Accepted, Frame, accepted
from app.catalogue.live import LiveTitle
from app.fields import LONGEST_QUOTE, as_text, quoted
from app.refusals import NotFound, Refusal
from app.serving.choice import Choice, Page
from app.viewers.viewer import SOMEBODY, Sender

router = APIRouter(tags=["artwork"])
PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Accept"}
IGNORED = "X-Ignored"
"""The header that names parameters which are not valid and were not used."""
LONGEST_ACCEPT = 1000
"""Characters of an Accept header that are read: the results are remembered."""
PURPOSES = frozenset({b"sec-purpose", b"purpose", b"x-purpose", b"x-moz"})
"""Headers by which browsers and apps say that nobody looks at the answer yet."""
AHEAD = re.compile(rb"prefetch|prerender|preview", re.IGNORECASE)
DEFERRED = {"deferred": True}
BACKEND, PROGRAM = Sender(vouched=True), Sender(bot=True)
_encode = msgspec.json.Encoder().encode


@router.get(
    "/artwork",
    response_model=Choice,
    responses={
        302: {
            "description": "A redirect to the picture itself: an `<img>` tag or `as=image` asks for it. "
            "`X-Decision-Id` has the id."
        },
        **refusals(
            {
                404: "The title is not known, or this viewer may see no artwork of it.",
                410: "No artwork of the title may be shown to anybody any more.",
                422: "The request names no title; `errors` says so.",
                503: "The service cannot read the catalogue. In every other case a known title gets a picture.",
            }
        ),
    },
    openapi_extra={"parameters": parameters(ArtworkQuery)},
)
async def choose_artwork(request: Request, services: Service) -> Response:
    """Choose the picture of one title for one viewer.

    The log has the decision before the service answers. The decision counts as shown unless it is `deferred`. The
    service does not use a parameter that is not valid, and names it in `X-Ignored`; the viewer still gets a
    picture.
    """
    return await _answer(services, request.scope)


PAGE_BODY = {"content": {"application/json": {"schema": PageQuery.model_json_schema()}}, "required": True}


@router.post(
    "/artwork",
    response_model=Page,
    responses=refusals({422: "The body is not an object with a list of 1 to 200 titles; `errors` says why."}),
    openapi_extra={"requestBody": PAGE_BODY},
)
async def choose_artworks(request: Request, services: Service) -> Response:
    """Choose the pictures of a page.

    The answer names titles that are not known, and titles of which this viewer may see no artwork. All other
    titles get a picture. The service does not use fields that are not valid, and names them in `ignored`.
    """
    query, ignored = _placed(services, *await _page(request))
    said = _said(services, request.scope)
    if said.deferred:
        query = query.model_copy(update=DEFERRED)
    services.live_catalogue.demand_catalogue()
    frame = Frame(query.canvas, query.width, said.accept.encoding)
    titles = list(dict.fromkeys(map(as_text, query.titles)))
    known = [found for title in titles if (found := services.live_catalogue.get(title))]
    choices = await services.personalizer.choose(query, known, frame, said.sender)
    if not (_tells_groups(services, said) or await _is_signed_in(services, request.scope, said)):
        for choice in choices:
            choice["group"] = None
    body: Page = {
        "choices": choices,
        "unknown": [quoted(title) for title in titles if services.live_catalogue.get(title) is None],
        "unavailable": _without(choices, known),
        "ignored": list(ignored),
    }
    return Response(_encode(body), headers=PRIVATE, media_type="application/json")


async def _page(request: Request) -> tuple[PageQuery, tuple[str, ...]]:
    content = await read_json(request)
    if not isinstance(content, dict):
        raise unreadable("It should be an object with `titles`")
    try:
        return understood(PageQuery, content)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False)) from error


def _placed(services: Services, query: V, ignored: tuple[str, ...]) -> tuple[V, tuple[str, ...]]:
    """Replace a placement that is not on the list with the usual one, and name the hint."""
    placed = services.settings.placed(query.placement)
    if placed == query.placement:
        return query, ignored
    return query.model_copy(update={"placement": placed}), tuple(sorted({*ignored, "placement"}))


def _without(choices: Sequence[Choice], known: Sequence[LiveTitle]) -> list[str]:
    chosen = {choice["title"] for choice in choices}
    return [live_title.title.id for live_title in known if live_title.title.id not in chosen]


class ArtworkLane:
    """Answers `GET /artwork` in front of FastAPI's routing, which would cost more than the decision itself.

    The route above is there for the API's document, and gives the same answers: a test sends the same random
    requests to both.
    """

    def __init__(self, app: ASGIApp, services: Callable[[], Services]):
        self.app, self._services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/artwork" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        scope["route"] = _ROUTE
        try:
            response = await _answer(self._services(), scope)
        except Refusal as refusal:
            response = problem_from(refusal).response()
        await response(scope, receive, send)


class _ROUTE:
    path = "/artwork"


class JsonAnswer(Response):
    """A 200 with headers that are encoded in advance: encoding them each time costs as much as the draw."""

    def __init__(self, choice: Choice):
        self.status_code, self.background = 200, None
        self.body = body = _encode(choice)
        self.raw_headers = [*_JSON_HEADERS, (b"content-length", b"%d" % len(body))]
        if choice["decision_id"]:
            self.raw_headers.append((b"x-decision-id", choice["decision_id"].encode()))

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


_JSON_HEADERS = [(name.lower().encode(), value.encode()) for name, value in PRIVATE.items()] + [
    (b"content-type", b"application/json")
]


class Said(NamedTuple):
    """The content of the headers: accepted formats, the sender, whether to defer, whether there is a cookie."""

    accept: Accepted
    deferred: bool
    sender: Sender
    cookie: bool


def _said(services: Services, scope: Scope) -> Said:
    """Read the headers. A bot's decision is deferred like a prefetch: it counts as shown after an impression.

    A request with a key never counts as a bot's: a backend sends it for its viewer.
    """
    accept, ahead, agent, key, cookie = "", False, b"", b"", False
    for name, value in scope["headers"]:
        if name == b"accept":  # several lines are one list
            accept = f"{accept},{value.decode('latin-1')}" if accept else value.decode("latin-1")
        elif name == b"user-agent":
            agent = value
        elif name == b"authorization":
            key = value
        elif name == b"cookie":
            cookie = True
        elif name in PURPOSES:
            ahead = ahead or AHEAD.search(value) is not None
    sender = SOMEBODY
    if key and services.access.vouches(key.decode("latin-1")):
        sender = BACKEND
    elif services.bots.declared(agent):
        sender = PROGRAM
    return Said(accepted(accept[:LONGEST_ACCEPT]), ahead or sender.bot, sender, cookie)


async def _answer(services: Services, scope: Scope) -> Response:
    try:
        query, ignored = queried(scope["query_string"])
    except ValidationError as error:
        raise invalid(error.errors(include_url=False)) from error
    query, ignored = _placed(services, query, ignored)
    if not ignored:
        return await _chosen(services, query, scope)
    named = {IGNORED: ", ".join(ignored)}
    try:
        response = await _chosen(services, query, scope)
    except Refusal as refusal:
        response = problem_from(refusal).response()
    response.headers.update(named)
    return response


async def _chosen(services: Services, query: ArtworkQuery, scope: Scope) -> Response:
    said = _said(services, scope)
    if said.deferred:
        query = query.model_copy(update=DEFERRED)
    live_title = services.live_catalogue.get(query.title)
    if live_title is None:
        services.live_catalogue.demand_catalogue()
        raise NotFound(f"There is no title {query.title[:LONGEST_QUOTE]!r}; GET /titles lists them.")
    frame = Frame(query.canvas, query.width, said.accept.encoding)
    choice = await services.personalizer.choose_one(query, live_title, frame, said.sender)
    if query.as_ == "image" or (query.as_ is None and said.accept.picture):
        return _redirect(choice)
    told = not choice["group"] or _tells_groups(services, said)
    if not told and not await _is_signed_in(services, scope, said):
        choice["group"] = None
    return JsonAnswer(choice)


def _tells_groups(services: Services, said: Said) -> bool:
    """Whether the answer names the group. Other callers do not get it, because they could falsify the lift."""
    return said.sender.vouched or services.settings.tells_groups


async def _is_signed_in(services: Services, scope: Scope, said: Said) -> bool:
    """Whether the caller has a session, so that the answer names the group."""
    return said.cookie and await services.access.is_one_of(Request(scope), ANYONE)


def _redirect(choice: Choice) -> Response:
    image = choice["image"]
    headers = {**PRIVATE, "Cache-Control": "no-store", "Location": image["url"], "X-Artwork-Made": image["made"]}
    if choice["decision_id"]:
        headers["X-Decision-Id"] = choice["decision_id"]
    return Response(status_code=302, headers=headers)
