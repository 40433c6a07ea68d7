"""`/images`: the pictures themselves, immutable under their names."""

import re
from typing import Annotated

from fastapi import APIRouter, Header, Path, Response
from starlette.responses import FileResponse

from app.problem import NotFound
from app.services import Service

router = APIRouter(tags=["images"])
NAME = re.compile(r"[0-9a-f]{4,64}-[1-9][0-9]{0,4}\.(?:webp|jpg|jpeg|avif)")
TYPES = {"webp": "image/webp", "jpg": "image/jpeg", "jpeg": "image/jpeg", "avif": "image/avif"}
HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}


@router.head("/images/{name}", include_in_schema=False)
@router.get("/images/{name}", response_class=FileResponse)
async def image(
    name: Annotated[str, Path()], services: Service, if_none_match: Annotated[str, Header()] = ""
) -> Response:
    """Serve one rendition. Its name is made from its content, and hence its ETag."""
    path = services.images / name
    if not NAME.fullmatch(name) or not path.is_file():
        raise NotFound(f"There is no image {name!r}; GET /artwork answers with names that exist.")
    headers = {**HEADERS, "ETag": f'"{name}"'}
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    if known & {headers["ETag"], "*"}:
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type=TYPES[path.suffix[1:]], headers=headers)
