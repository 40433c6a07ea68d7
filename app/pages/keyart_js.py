"""`/keyart.js`: the browser client. Pages of any origin may load it."""

import gzip
from functools import cache
from hashlib import sha256
from typing import Final, NamedTuple

from fastapi import APIRouter, Request, Response

from app.pages.files import HERE

router = APIRouter(include_in_schema=False)
SCRIPT: Final = HERE / "client" / "keyart.js"
HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
"""Any page may load the script, because it tells no secret. `KEYART_CORS_ORIGINS` limits its calls."""


class Encoded(NamedTuple):
    """The script as it is sent."""

    body: bytes
    headers: dict[str, str]


@router.get("/keyart.js")
async def keyart_js(request: Request) -> Response:
    encoded = _script(compressed="gzip" in request.headers.get("accept-encoding", ""))
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if encoded.headers["ETag"] in known:
        return Response(status_code=304, headers=encoded.headers)
    return Response(encoded.body, media_type="text/javascript", headers=encoded.headers)


@cache
def _script(*, compressed: bool) -> Encoded:
    """Read the script once. It does not change while the service runs."""
    body = SCRIPT.read_bytes()
    etag = sha256(body).hexdigest()[:32]
    if not compressed:
        return Encoded(body, {**HEADERS, "ETag": f'"{etag}"'})
    return Encoded(
        gzip.compress(body, 9, mtime=0), {**HEADERS, "Content-Encoding": "gzip", "ETag": f'"{etag}-gzip"'}
    )
