"""`/`: a streaming home page for a chosen viewer, in which the service chooses every picture."""

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from app.api.queries import PageQuery
from app.api.roles import ADMINS
from app.api.services import Service, Services
from app.catalogue.image import Frame, accepted
from app.data_folder import DataFolder
from app.pages.history import read
from app.pages.page import page
from app.pages.rows import laid_out
from app.pages.viewers import sample_viewers
from app.serving.choice import Choice
from app.viewers.viewer import SOMEBODY, Sender
from assets.catalogue import Title

router = APIRouter(include_in_schema=False)
HERO = "hero"
"""The placement of the large picture."""
WIDTH = 1280
LONGEST_ACCEPT = 1000


@router.get("/")
async def browse(request: Request, services: Service, viewer: str = "") -> Response:
    """Return the page. Its large picture is chosen here already, so that it appears before any script runs."""
    services.live_catalogue.demand_catalogue()
    viewers = _viewers(services)
    first = next((each for each in viewers if each["id"] == viewer), viewers[0])
    layout = laid_out(live_title.title for live_title in services.live_catalogue)
    choice = await _hero_choice(request, services, first, layout.hero) if layout.hero else None
    return page(
        "browse.html",
        layout=layout,
        history=read(DataFolder(services.settings.data).sample_history),
        choice=choice,
        first={"viewer": first["id"], "choice": choice, "viewers": viewers},
        demo=services.settings.preset == "demo",
        signed_in=await services.access.is_one_of(request, ADMINS),
        viewers=viewers,
        viewer=first,
    )


@router.get("/browse/history")
async def history(services: Service) -> dict[str, Any]:
    """Tell the counts of the sample viewers' visits. The page waits until they are learned."""
    found = read(DataFolder(services.settings.data).sample_history)
    return {"viewers": 0, "learned": True} if found is None else msgspec.to_builtins(found)


def _viewers(services: Services) -> list[dict[str, str]]:
    """Return what the page may know of the sample viewers: no taste, which the service learns and nobody tells."""
    told = ("id", "name", "about", "country", "language", "device")
    return [
        {**{name: getattr(each, name) for name in told}, "profile": each.shown(services.profiles.is_personalized)}
        for each in sample_viewers()
    ]


async def _hero_choice(
    request: Request, services: Services, viewer: dict[str, str], title: Title
) -> Choice | None:
    hints = {name: viewer[name] for name in ("profile", "country", "language", "device")}
    placement = services.settings.placed(HERO)
    asked: dict[str, Any] = {"titles": [title.id], "placement": placement, "width": WIDTH, **hints}
    bot = services.bots.declared(request.headers.get("user-agent", "").encode("latin-1"))
    frame = Frame("16:9", WIDTH, accepted(request.headers.get("accept", "")[:LONGEST_ACCEPT]).encoding)
    live_title = services.live_catalogue.get(title.id)
    found = await services.personalizer.choose(
        PageQuery.model_validate(asked),
        [live_title] if live_title else [],
        frame,
        Sender(bot=True) if bot else SOMEBODY,
    )
    for choice in found:
        choice["group"] = choice["group"] if services.settings.tells_groups else None
        return choice
    return None
