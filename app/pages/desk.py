"""`/desk`: the editors' desk. It lists the titles, or shows the one that its query names."""

from fastapi import APIRouter, Request, Response

from app.api.roles import EDITORS
from app.api.services import Service
from app.pages.page import page
from assets.crop import CANVASES
from assets.picture import LARGEST_FILE
from assets.provenance import MADE

router = APIRouter(include_in_schema=False)
KEYS = "the editors' key or the admin key"


@router.get("/desk")
async def desk(request: Request, services: Service, title: str = "") -> Response:
    """Return a page without data: its script asks the API for them, and reads the title's id from the address."""
    return page(
        "desk_title.html" if title else "desk.html",
        signed_in=await services.access.is_one_of(request, EDITORS),
        roles=EDITORS,
        keys=KEYS,
        largest=LARGEST_FILE,
        made=MADE,
        canvases=CANVASES,
        keeps_originals=services.settings.originals == "keep",
    )
