"""The routes of the application."""

from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter

from app.api import routes
from tests.api.service import Service, api_of


def routers() -> list[APIRouter]:
    """Return the router of each module of routes."""
    modules = [import_module(f"{routes.__name__}.{each.name}") for each in iter_modules(routes.__path__)]
    return [module.router for module in modules if hasattr(module, "router")]


async def test_each_route_is_built_once(service: Service) -> None:
    """The routes of a router that is included are built again, in the time of some fifty requests."""
    served = {id(route) for route in api_of(service.app).router.routes}
    made = {id(route) for router in routers() for route in router.routes}
    assert len(made) > 20
    assert made <= served
