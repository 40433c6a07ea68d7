"""`/session`: a cookie in the place of a key, for pages; and links that sign a browser in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from app.api.access import COOKIE, SESSION_MS, Caller, through_tls
from app.api.bodies import JsonRoute
from app.api.openapi import refusals
from app.api.parameters import refuse_unclear
from app.api.roles import Role
from app.api.services import ADMIN, HOLDER, NEVER_CACHED, SESSION, Service, Services
from app.public_url import cookie_path
from app.settings import LONGEST_KEY

router = APIRouter(tags=["operations"], route_class=JsonRoute)
LANDING = "../../session"
"""Where a sign-in link leads, as seen from the link: so it is right below any path that a proxy has.

It says who one is, and runs nothing: `/docs` runs scripts of a CDN, which could do there what an admin can.
"""
Token = Annotated[str, Path(max_length=512, description="As it was answered to `POST /session/links`.")]
NO_LINK = {401: "The link was not made here.", 410: "It was used already, or is too old."}


class SessionBody(BaseModel):
    """Who asks for a session."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    key: Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)]
    """The admin key, the editors' key or the client key."""


class Who(TypedDict):
    """Who calls: `name` is the session's or `key`; `until` is when the session ends, in Unix seconds."""

    role: Role
    name: str
    until: float | None


class Link(TypedDict):
    """A link that signs a browser in, once: a path of this service, and until when, in Unix seconds."""

    path: str
    until: float


@router.post(
    "/session",
    status_code=204,
    response_class=Response,
    responses=refusals({401: "It is none of the keys.", 403: "Another site's page asks."}),
)
async def open_session(body: SessionBody, request: Request, services: Service) -> Response:
    """Exchange a key for a cookie that stands in for it on this service's pages."""
    refuse_unclear(request)
    cookie = services.access.open_session(request, body.key)
    return _with_cookie(Response(status_code=204), cookie, request, services)


@router.get("/session")
async def session(caller: Annotated[Caller, HOLDER]) -> Who:
    """Say who calls."""
    return {"role": caller.role, "name": caller.name, "until": caller.until and caller.until / 1000}


@router.delete(
    "/session",
    status_code=204,
    response_class=Response,
    responses=refusals({401: "There is no session, or another site's page asks."}),
    dependencies=[Depends(SESSION)],
)
async def end_session(request: Request, services: Service) -> Response:
    """Sign out: the session ends at once, wherever its cookie is."""
    refuse_unclear(request)
    await services.access.end_session(request)
    response = Response(status_code=204)
    path = _path(request, services)
    response.delete_cookie(COOKIE, path=path, httponly=True, secure=through_tls(request), samesite="strict")
    return response


@router.post("/session/links", status_code=201, dependencies=[ADMIN])
async def make_link(services: Service) -> Link:
    """Make a link that signs the first browser which follows it in as an admin, within five minutes."""
    token, ticket = services.access.make_link()
    return {"path": f"/session/links/{token}", "until": ticket.until / 1000}


@router.get(
    "/session/links/{token}",
    status_code=303,
    response_class=Response,
    responses={303: {"description": "Signed in: to `GET /session`, which says who one is."}, **refusals(NO_LINK)},
)
async def follow_link(token: Token, request: Request, services: Service) -> Response:
    """Sign this browser in by a link, which is used up by that. One that only looks ahead uses nothing up."""
    if "prefetch" in ", ".join(request.headers.getlist("sec-purpose")).lower():
        return Response(status_code=204, headers={"Cache-Control": NEVER_CACHED})
    cookie = await services.access.follow_link(token)
    headers = {"Location": LANDING, "Cache-Control": NEVER_CACHED, "Referrer-Policy": "no-referrer"}
    return _with_cookie(Response(status_code=303, headers=headers), cookie, request, services)


def _path(request: Request, services: Services) -> str:
    said = request.headers
    return cookie_path(services.settings.public_url, said.get("host", ""), said.get("origin", ""))


def _with_cookie(response: Response, value: str, request: Request, services: Services) -> Response:
    response.set_cookie(
        COOKIE,
        value,
        max_age=SESSION_MS // 1000,
        path=_path(request, services),
        httponly=True,
        secure=through_tls(request),
        samesite="strict",
    )
    return response
