"""`/session`: a cookie that replaces a key on pages, and links that sign a browser in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from app.api.access import COOKIE, Caller, through_tls
from app.api.bodies import JsonRoute
from app.api.openapi import refusals
from app.api.parameters import refuse_unclear
from app.api.roles import Role
from app.api.services import ADMIN, HOLDER, NEVER_CACHED, SESSION, Service, Services
from app.api.tickets import SESSION_MS
from app.public_url import cookie_path
from app.settings.checks import LONGEST_KEY

router = APIRouter(tags=["operations"], route_class=JsonRoute)
LANDING = "../../dashboard#signed-in"
"""The target of a sign-in link: the dashboard, relative to the link, so that it is right below a proxy's path.

The fragment tells the sign-in form, which may be shown instead, that a cookie was just set. A browser that came
from another site does not send it yet.
"""
Token = Annotated[str, Path(max_length=512, description="The token that `POST /session/links` answered with.")]
NO_LINK = {401: "The link was not made by this service.", 410: "The link was used already, or is too old."}


class SessionBody(BaseModel):
    """A request for a session."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    key: Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)]
    """The admin key, the editors' key or the client key."""


class Who(TypedDict):
    """The caller: `name` is the session's or `key`; `until` is the end of the session in Unix seconds."""

    role: Role
    name: str
    until: float | None


class Link(TypedDict):
    """A link that signs a browser in once: a path of this service, and its end in Unix seconds."""

    path: str
    until: float


@router.post(
    "/session",
    status_code=204,
    response_class=Response,
    responses=refusals(
        {401: ("The key is not one of this service's."), 403: "The request comes from a page of another site."}
    ),
)
async def open_session(body: SessionBody, request: Request, services: Service) -> Response:
    """Exchange a key for a cookie. The cookie replaces the key on this service's pages."""
    refuse_unclear(request)
    cookie = services.access.open_session(request, body.key)
    return _with_cookie(Response(status_code=204), cookie, request, services)


@router.get("/session")
async def get_session(caller: Annotated[Caller, HOLDER]) -> Who:
    """Say who calls."""
    return {"role": caller.role, "name": caller.name, "until": caller.until and caller.until / 1000}


@router.delete(
    "/session",
    status_code=204,
    response_class=Response,
    responses=refusals({401: "There is no session, or the request comes from a page of another site."}),
    dependencies=[Depends(SESSION)],
)
async def end_session(request: Request, services: Service) -> Response:
    """Sign out. The session ends immediately. No copy of its cookie works any more."""
    refuse_unclear(request)
    await services.access.end_session(request)
    response = Response(status_code=204)
    path = _path(request, services)
    response.delete_cookie(COOKIE, path=path, httponly=True, secure=through_tls(request), samesite="strict")
    return response


@router.post("/session/links", status_code=201, dependencies=[ADMIN])
async def make_link(services: Service) -> Link:
    """Make a link that signs in one browser as an admin: the first that follows it within 5 minutes."""
    token, ticket = services.access.make_link()
    return {"path": f"/session/links/{token}", "until": ticket.until / 1000}


@router.get(
    "/session/links/{token}",
    status_code=303,
    response_class=Response,
    responses={
        303: {"description": ("The browser is signed in. The redirect leads to `/dashboard`.")},
        **refusals(NO_LINK),
    },
)
async def follow_link(token: Token, request: Request, services: Service) -> Response:
    """Sign this browser in by a link, which works once. A browser that only prefetches it does not use it up."""
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
