"""The pages as routes of an application."""

from fastapi import FastAPI

from app.pages import audience, browse, desk, docs, keyart_js
from app.pages.files import STATIC, VENDOR, Files
from app.settings import Settings


def add_pages(api: FastAPI, settings: Settings) -> None:
    """Add the pages. The browse page makes decisions like a site's own page, so not every service has it."""
    api.mount("/static", Files(STATIC))
    api.mount("/vendor", Files(VENDOR))
    api.include_router(docs.router)
    api.include_router(desk.router)
    api.include_router(keyart_js.router)
    if settings.browse:
        api.include_router(browse.router)
    if settings.browse and settings.preset == "demo":
        api.include_router(audience.router)
