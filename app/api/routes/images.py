"""`/images`: the pictures themselves, immutable under their names."""

import re
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from app.api.openapi import refusals
from app.api.ranges import requested
from app.api.services import Service, Services
from app.catalogue.image_index import Showing
from app.refusals import Gone, NotFound

router = APIRouter(tags=["images"])
Name = Annotated[str, Path(description="The name that `GET /artwork` answers with.")]
NAME = re.compile(r"[0-9a-f]{32}-[1-9][0-9]{0,4}\.(?:webp|jpg|avif)")
TYPES = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
"""The media types. They are listed here because the machine's table of types may lack AVIF."""
A_YEAR = 31_536_000
"""Seconds that mean “for ever”: caches do not have to understand a longer time."""
SHARED = 3600
"""Seconds for which a proxy or CDN may serve a picture: it stops serving withdrawn ones within the hour."""
FILE = {"type": "string", "format": "binary"}
HEADERS = {"Cross-Origin-Resource-Policy": "cross-origin", "X-Content-Type-Options": "nosniff"}


@router.get(
    "/images/{name}",
    response_class=Response,
    responses={
        200: {"description": "The picture.", "content": {kind: {"schema": FILE} for kind in TYPES.values()}},
        206: {"description": "The part of the picture that `Range` asked for."},
        304: {"description": "The client has the picture already."},
        **refusals(
            {
                404: "There is no such image.",
                410: (
                    "Nobody may see the image any more: it was replaced or withdrawn, its consent ended, or its "
                    "kind is barred."
                ),
                416: (
                    "`Range` asks for bytes beyond the end of the picture; `Content-Range` says how many bytes "
                    "it has."
                ),
            }
        ),
    },
)
async def get_image(
    name: Name,
    services: Service,
    request: Request,
    if_none_match: Annotated[str, Header()] = "",
    _: Annotated[str | None, Header(alias="Range")] = None,
) -> Response:
    """Serve one rendition as long as anybody may see it.

    The image's name and ETag are made from its content. `Range` may ask for one part of it.
    """
    path = services.images / name
    if not NAME.fullmatch(name) or not path.is_file():
        raise NotFound(f"There is no image {name!r}; GET /artwork answers with existing names.")
    now = services.clock() / 1000
    headers = _headers(name, await _showing(services, name, now), now)
    if _knows(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    content = await _content(path)
    part = requested(_range(request, headers["ETag"]), len(content))
    return _answer(content, part, headers, TYPES[path.suffix[1:]])


def _range(request: Request, etag: str) -> str:
    """Return the part that the request asks for; none if `If-Range` names another picture (RFC 9110, 13.1.5)."""
    named, condition = request.headers.getlist("range"), request.headers.get("if-range", etag)
    return named[0] if len(named) == 1 and condition == etag else ""


def _answer(content: bytes, part: range | None, headers: dict[str, str], kind: str) -> Response:
    headers["Accept-Ranges"] = "bytes"
    if part is None:
        return Response(content, media_type=kind, headers=headers)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(content)}"
    return Response(content[part.start : part.stop], 206, media_type=kind, headers=headers)


async def _content(path: FilePath) -> bytes:
    """Read a whole picture in one call of a thread: it is small, and each call costs more than the reading."""
    try:
        return await run_in_threadpool(path.read_bytes)
    except FileNotFoundError:  # cleared away since it was seen
        raise NotFound(f"There is no image {path.name!r} any more; GET /artwork names a current one.") from None


async def _showing(services: Services, name: str, now: float) -> Sequence[Showing]:
    showing = await services.live_catalogue.showing(name, now)
    if not showing:
        services.live_catalogue.demand_catalogue()
        raise Gone(
            f"The image {name!r} is no longer shown: it was replaced or withdrawn, its "
            "consent ended, or its kind is barred; GET /artwork names a current one."
        )
    return showing


def _headers(name: str, showing: Sequence[Showing], now: float) -> dict[str, str]:
    return {
        **HEADERS,
        "Cache-Control": _lasting(showing, now),
        "ETag": f'"{name}"',
        "X-Artwork-Made": showing[0].artwork.provenance.made,
    }


def _lasting(showing: Sequence[Showing], now: float) -> str:
    """Limit the time in which caches keep a picture to the end of the last consent to it."""
    ends = [each.until for each in showing if each.until is not None]
    if len(ends) < len(showing):
        return f"public, max-age={A_YEAR}, s-maxage={SHARED}, immutable"
    left = int(max(ends) - now)
    return f"public, max-age={min(left, A_YEAR)}, s-maxage={min(left, SHARED)}"


def _knows(if_none_match: str, etag: str) -> bool:
    return not {etag, "*"}.isdisjoint(tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
