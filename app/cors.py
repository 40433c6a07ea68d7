"""Letting pages of other origins in."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from app.problem import Problem

EXPOSED = ("X-Artwork-Made", "X-Decision-Id", "X-Request-Id")


class Cors(CORSMiddleware):
    """Starlette's, but for a refusal in the form that all errors have here. It stands before the lane, too."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]):
        super().__init__(
            app, allow_origins=origins, allow_methods=["*"], allow_headers=["*"], expose_headers=EXPOSED
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:  # noqa: PLR2004  HTTP's own border
            return answer
        origin = request_headers["origin"]
        return Problem(
            403,
            f"Pages of the origin {origin!r} may not call so; KEYART_CORS_ORIGINS names those that may.",
        ).response()
