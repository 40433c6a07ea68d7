"""`/profiles`: the attributes and taste of a viewer. The id is a parameter, because it may be any text."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.bodies import JsonRoute
from app.api.profile_body import ProfileBody
from app.api.services import CLIENT, Service
from app.fields import ProfileId
from app.viewers.profiles import Known

router = APIRouter(tags=["profiles"], route_class=JsonRoute, dependencies=[CLIENT])
Profile = Annotated[ProfileId, Query(description="Any text. A profile that was never seen is a new viewer.")]


@router.get("/profiles")
async def get_profile(profile: Profile, services: Service) -> Known:
    """Show a profile's attributes, audit attributes, group and learned taste."""
    return await services.profiles.get(profile)


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
