"""`/catalogue`: what holds for all titles."""

from fastapi import APIRouter
from typing_extensions import TypedDict

from app.api.bodies import JsonRoute
from app.api.edit_bodies import CatalogueBody
from app.api.services import EDITOR, By, Service
from app.catalogue.editor import Current
from assets.provenance import Made

router = APIRouter(tags=["catalogue"], route_class=JsonRoute)


class Whole(TypedDict):
    """The catalogue: its revision (null before the first import) and the barred ways of making pictures."""

    revision: str | None
    titles: int
    barred: tuple[Made, ...]


@router.get("/catalogue", dependencies=[EDITOR])
async def get_catalogue(services: Service) -> Whole:
    """Show the catalogue's revision and settings."""
    return _shown(await services.editor.current())


@router.patch("/catalogue", dependencies=[EDITOR])
async def patch_catalogue(body: CatalogueBody, by: By, services: Service) -> Whole:
    """Set the barred ways of making pictures. `undeclared` bars all that do not say how they were made."""
    if body.barred is None:
        return _shown(await services.editor.current())
    return _shown(await services.editor.bar(by, body.barred))


def _shown(current: Current) -> Whole:
    name, found = current
    return {"revision": name or None, "titles": len(found.titles), "barred": found.barred}
