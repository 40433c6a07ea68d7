"""`/dashboard`: whether the service is up, whether it learns, and whether it pays. For admins alone."""

from collections.abc import AsyncIterator
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from app.api.problems import Problem
from app.api.roles import ADMINS
from app.api.services import ADMIN, NEVER_CACHED, Service, Services
from app.pages.board import news, overview
from app.pages.page import page

router = APIRouter(include_in_schema=False)
HEADERS: Final = {
    "Cache-Control": f"{NEVER_CACHED}, no-transform",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
}
"""A proxy that collected or compressed the stream would hold it back; nginx is asked by its own header."""


@router.get("/dashboard")
async def dashboard(request: Request, services: Service) -> Response:
    """Show the dashboard to a session of an admin, and to everybody else the form that opens one."""
    if await services.access.is_one_of(request, ADMINS):
        return page("dashboard.html")
    return page("sign_in.html", roles=ADMINS, keys="the admin key")


@router.get("/dashboard/events", dependencies=[ADMIN])
async def events(request: Request, services: Service) -> Response:
    """Stream what the dashboard shows, until the page is closed or its session ends."""
    return StreamingResponse(_events(request, services), media_type="text/event-stream", headers=HEADERS)


async def _events(request: Request, services: Services) -> AsyncIterator[bytes]:
    watch = services.watch
    look = watch.latest or await watch.look()
    yield await overview(services, look)
    while (newer := await watch.next()) is not None:
        try:
            await services.access.demand(request, ADMINS)
        except Problem:
            yield b"event: ended\ndata: {}\n\n"
            return
        yield await news(services, newer)
