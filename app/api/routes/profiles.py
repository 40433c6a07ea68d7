"""`/profiles`: the attributes and taste of a viewer. The id is a parameter, because it may be any text."""

from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response
from starlette.responses import StreamingResponse

from app.api.bodies import JsonRoute
from app.api.profile_body import ProfileBody
from app.api.services import CLIENT, NEVER_CACHED, Service
from app.fields import ProfileId
from app.viewers.own_records import Own
from app.viewers.profiles import Known

router = APIRouter(tags=["profiles"], route_class=JsonRoute, dependencies=[CLIENT])
LINES = "application/jsonl"
RECORDS = {
    "description": "One JSON object in each line. The last one is of the kind `end`; without it some are missing.",
    "content": {LINES: {"schema": {"type": "string"}}},
}
Profile = Annotated[ProfileId, Query(description="Any text. A profile that was never seen is a new viewer.")]


@router.get("/profiles")
async def get_profile(profile: Profile, services: Service) -> Known:
    """Show a profile's attributes, audit attributes, group and learned taste."""
    return await services.profiles.get(profile)


@router.get("/profiles/records", response_class=StreamingResponse, responses={200: RECORDS})
async def get_profile_records(profile: Profile, services: Service) -> Response:
    """Show all records of a profile in the log: its decisions, and the feedback on them, in the log's order.

    A person may demand them. Each line is a record: `kind` is `decision`, `shown again`, `impression`, `click`,
    `play`, `not shown` or `imported`, which is an exposure in another system. The call
    reads the whole log, about a million records in two seconds.
    """
    lines = _lines(services.own_records.of(profile))
    return StreamingResponse(lines, media_type=LINES, headers={"Cache-Control": NEVER_CACHED})


async def _lines(pages: AsyncIterator[list[Own]]) -> AsyncIterator[bytes]:
    async for page in pages:
        yield _encode(page)


@router.put("/profiles")
async def put_profile(profile: Profile, body: ProfileBody, services: Service) -> Known:
    """Change the attributes and settings of a profile that the body names.

    An attribute that the body does not name stays as it is. The same holds for `audit` and `personalize`. Null
    removes an attribute. `PUT` and `PATCH` do the same.
    """
    return await services.profiles.change(profile, body.change())


@router.patch("/profiles")
async def patch_profile(profile: Profile, body: ProfileBody, services: Service) -> Known:
    """Change the attributes and settings of a profile that the body names. `PATCH` and `PUT` do the same."""
    return await services.profiles.change(profile, body.change())


@router.delete("/profiles", status_code=204, response_class=Response)
async def delete_profile(profile: Profile, services: Service) -> None:
    """Delete a profile: its attributes, holds and taste, and its pseudonym in the log."""
    await services.profiles.forget(profile)


_encode = msgspec.json.Encoder().encode_lines
