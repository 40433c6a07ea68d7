"""`/impressions`, `/clicks`, `/plays`: the feedback of viewers."""

from fastapi import APIRouter, Request

from app.api.bodies import read_json
from app.api.feedback_schemas import body_of
from app.api.openapi import refusals
from app.api.roles import CLIENTS
from app.api.services import Service, Services
from app.records import Kind
from app.serving.feedback import Recorded

router = APIRouter(tags=["feedback"])
REFUSED = refusals({422: "The service accepts none of the items; `rejected` gives the reason for each."})


@router.post(
    "/impressions", status_code=202, responses=REFUSED, openapi_extra=body_of("Feedback", "FeedbackByTitle")
)
async def record_impressions(request: Request, services: Service) -> Recorded:
    """Say that pictures were seen.

    The impression of a deferred decision opens its exposure. The impression of another decision is only counted.
    """
    return await _record(Kind.IMPRESSION, request, services)


@router.post("/clicks", status_code=202, responses=REFUSED, openapi_extra=body_of("Feedback", "FeedbackByTitle"))
async def record_clicks(request: Request, services: Service) -> Recorded:
    """Say that titles were opened.

    A click implies an impression. A repeat within an exposure counts once.
    """
    return await _record(Kind.CLICK, request, services)


@router.post("/plays", status_code=202, responses=REFUSED, openapi_extra=body_of("Play", "PlayByTitle"))
async def record_plays(request: Request, services: Service) -> Recorded:
    """Say for how many `seconds` titles were watched.

    It may be sent again while the viewer watches. A play implies a click.
    """
    return await _record(Kind.PLAY, request, services)


async def _record(kind: Kind, request: Request, services: Services) -> Recorded:
    # Read by hand: a declared body would be looked through item by item before the first is refused.
    content = await read_json(request)
    trusted = await services.access.is_one_of(request, CLIENTS)
    return await services.recorder.record(kind, content, trusted=trusted)
