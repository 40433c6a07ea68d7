"""The pages as routes of an application."""

from fastapi import FastAPI

from app.pages import browse, desk, docs, keyart_js
from app.pages.files import STATIC, VENDOR, Files


def add_pages(api: FastAPI, *, browsable: bool) -> None:
    """Add the pages. `browsable` adds the browse page, which makes decisions like a site's own page."""
    api.mount("/static", Files(STATIC))
    api.mount("/vendor", Files(VENDOR))
    api.include_router(docs.router)
    api.include_router(desk.router)
    api.include_router(keyart_js.router)
    if browsable:
        api.include_router(browse.router)
