"""`/impressions`, `/clicks`, `/plays`: the feedback of viewers."""

from typing import Any

from fastapi import APIRouter, Request

from app.api.bodies import read_json
from app.api.openapi import refusals
from app.api.roles import CLIENTS
from app.api.services import Service, Services
from app.records import Kind
from app.serving.feedback import LONGEST_SECONDS, MOST_ITEMS, Recorded

router = APIRouter(tags=["feedback"])
REFUSED = refusals({422: "The service accepts none of the items; `rejected` gives the reason for each."})


def _shape(*, plays: bool = False) -> dict[str, Any]:
    """Describe the body, which FastAPI does not read: one item or an array of items, as JSON or as text."""
    fields: dict[str, dict[str, Any]] = {
        "decision_id": {"type": "string", "description": "The id that came with the picture."},
        "profile": {
            "type": "string",
            "description": (
                "The profile. With `title` it names the latest decision instead of an id. It needs a key."
            ),
        },
        "title": {"type": "string", "description": "The title of that decision."},
        "placement": {"type": "string", "default": "row", "description": "The placement of that decision."},
    }
    if plays:
        described = "The total time that the viewer watched, in seconds. The greatest value that is sent counts."
        bounds = {"minimum": 0, "maximum": LONGEST_SECONDS}
        fields["seconds"] = {"type": "number", **bounds, "description": described}
    named = [{"required": ["decision_id"]}, {"required": ["profile", "title"]}]
    item = {"type": "object", "properties": fields, "required": ["seconds"] if plays else [], "anyOf": named}
    schema = {"anyOf": [item, {"type": "array", "items": item, "minItems": 1, "maxItems": MOST_ITEMS}]}
    content = {kind: {"schema": schema} for kind in ("application/json", "text/plain")}
    return {"requestBody": {"required": True, "content": content}}


@router.post("/impressions", status_code=202, responses=REFUSED, openapi_extra=_shape())
async def impressions(request: Request, services: Service) -> Recorded:
    """Say that pictures were seen.

    The impression of a deferred decision opens its exposure. The impression of another decision is only counted.
    """
    return await _record(Kind.IMPRESSION, request, services)


@router.post("/clicks", status_code=202, responses=REFUSED, openapi_extra=_shape())
async def clicks(request: Request, services: Service) -> Recorded:
    """Say that titles were opened.

    A click implies an impression. A repeat within an exposure counts once.
    """
    return await _record(Kind.CLICK, request, services)


@router.post("/plays", status_code=202, responses=REFUSED, openapi_extra=_shape(plays=True))
async def plays(request: Request, services: Service) -> Recorded:
    """Say for how many `seconds` titles were watched.

    It may be sent again while the viewer watches. A play implies a click.
    """
    return await _record(Kind.PLAY, request, services)


async def _record(kind: Kind, request: Request, services: Services) -> Recorded:
    # Read by hand: a declared body would be looked through item by item before the first is refused.
    content = await read_json(request)
    trusted = await services.access.is_one_of(request, CLIENTS)
    return await services.recorder.record(kind, content, trusted=trusted)
