"""`/docs`: the API's document, to read and to try out. It needs no network."""

from fastapi import APIRouter, Response

from app.pages.page import page

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs() -> Response:
    return page("docs.html")
