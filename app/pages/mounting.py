"""The pages as routes of an application."""

from fastapi import FastAPI

from app.pages import docs
from app.pages.files import STATIC, VENDOR, Files


def add_pages(api: FastAPI) -> None:
    api.mount("/static", Files(STATIC))
    api.mount("/vendor", Files(VENDOR))
    api.include_router(docs.router)
