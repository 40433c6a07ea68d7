"""The pages as routes of an application."""

from fastapi import FastAPI

from app.pages import audience, browse, dashboard, desk, docs, keyart_js
from app.pages.files import STATIC, VENDOR, Files
from app.pages.guide import page_of_docs
from app.settings import Settings


def add_pages(api: FastAPI, settings: Settings) -> None:
    """Add the pages. The browse page makes decisions like a site's own page, so not every service has it."""
    api.mount("/static", Files(STATIC))
    api.mount("/vendor", Files(VENDOR))
    for module in (docs, desk, keyart_js, dashboard, page_of_docs):
        api.include_router(module.router)
    if settings.browse:
        api.include_router(browse.router)
    if settings.browse and settings.preset == "demo":
        api.include_router(audience.router)
