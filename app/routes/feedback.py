"""`/impressions`, `/clicks`, `/plays`: what viewers did."""

from fastapi import APIRouter, Request

from app.feedback import Recorded
from app.records import Kind
from app.services import Service, Services

router = APIRouter(tags=["feedback"])
SHAPE = {
    "requestBody": {
        "required": True,
        "description": "One object or an array of up to 1,000, as JSON or, from a beacon, as text/plain.",
        "content": {
            kind: {
                "schema": {
                    "type": "object",
                    "properties": {"decision_id": {"type": "string"}, "seconds": {"type": "number"}},
                    "example": {"decision_id": "…"},
                }
            }
            for kind in ("application/json", "text/plain")
        },
    }
}


@router.post("/impressions", status_code=202, openapi_extra=SHAPE)
async def impressions(request: Request, services: Service) -> Recorded:
    """Say that pictures were seen."""
    return await _record(Kind.IMPRESSION, request, services)


@router.post("/clicks", status_code=202, openapi_extra=SHAPE)
async def clicks(request: Request, services: Service) -> Recorded:
    """Say that titles were opened."""
    return await _record(Kind.CLICK, request, services)


@router.post("/plays", status_code=202, openapi_extra=SHAPE)
async def plays(request: Request, services: Service) -> Recorded:
    """Say for how many `seconds` titles were watched."""
    return await _record(Kind.PLAY, request, services)


async def _record(kind: Kind, request: Request, services: Services) -> Recorded:
    # Read by hand: a beacon's text/plain does not reach a declared body.
    return await services.recorder.record(kind, await request.body(), trusted=services.access.is_client(request))
