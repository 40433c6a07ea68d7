"""`/images`: the pictures themselves, immutable under their names."""

import re
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import FileResponse

from app.problem import NotFound
from app.services import Service

router = APIRouter(tags=["images"])
NAME = r"^[0-9a-f]{16,64}-\d{1,5}\.(webp|jpg|jpeg|avif)$"
TYPES = {"webp": "image/webp", "jpg": "image/jpeg", "jpeg": "image/jpeg", "avif": "image/avif"}
HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/images/{name}", response_class=FileResponse)
async def image(name: Annotated[str, Path()], services: Service) -> FileResponse:
    """Serve one rendition."""
    path = services.images / name
    if not re.match(NAME, name) or not path.is_file():
        raise NotFound(f"There is no image {name!r}; GET /artwork answers with names that exist.")
    return FileResponse(path, media_type=TYPES[path.suffix[1:]], headers=HEADERS)
