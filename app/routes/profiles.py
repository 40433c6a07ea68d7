"""`/profiles`: what is known of a viewer. The id is any text, hence a parameter and no part of the path."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app.asked import ProfileBody, ProfileId
from app.services import CLIENT, Service

router = APIRouter(tags=["profiles"], dependencies=[CLIENT])
Profile = Annotated[ProfileId, Query()]


@router.get("/profiles")
async def get(profile: Profile, services: Service) -> dict[str, Any]:
    """Show attributes, group and learned taste."""
    return await services.profiles.get(profile)


@router.put("/profiles")
async def put(profile: Profile, body: ProfileBody, services: Service) -> dict[str, Any]:
    """Replace the attributes, and say whether choices may be personal."""
    return await services.profiles.put(profile, body)


@router.delete("/profiles", status_code=204, response_class=Response)
async def delete(profile: Profile, services: Service) -> None:
    """Forget the profile: attributes, holds, taste, and its trace in the log."""
    await services.profiles.forget(profile)
