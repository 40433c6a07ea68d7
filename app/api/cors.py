"""Letting pages of other origins in."""

from collections.abc import Awaitable

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import Problem

EXPOSED = ("X-Artwork-Made", "X-Decision-Id", "X-Ignored", "X-Request-Id")
BEACONS = {"/impressions", "/clicks", "/plays"}
"""Where `navigator.sendBeacon` sends to, which always sends credentials along where it may."""
ANY = "*"


class Cors:
    """Answers preflights, and lets pages of allowed origins read. It stands before the lane, too.

    Credentials are allowed on the paths of `BEACONS` alone. A cookie opens nothing there: it counts on writes from
    this service's own pages only, and the answer tells no more than how many items were taken. Everywhere else
    they stay forbidden, so that no page of another origin reads what an operator's session opens. The cookie's
    `SameSite=Strict` alone would not do: it admits other origins of the same site.
    """

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]):
        self.app = app
        self._plain = _Middleware(app, origins)
        self._beacons = _Middleware(app, origins, credentials=True)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return (self._beacons if scope.get("path") in BEACONS else self._plain)(scope, receive, send)


class _Middleware(CORSMiddleware):
    """Starlette's, but for a refusal in the form that all errors have here."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...], *, credentials: bool = False):
        named = credentials and ANY in origins  # a browser takes no `*` together with credentials
        super().__init__(
            app,
            allow_origins=() if named else origins,
            allow_origin_regex=".*" if named else None,
            allow_methods=["*"],
            allow_headers=["*"],
            allow_credentials=credentials,
            allow_private_network=True,
            expose_headers=EXPOSED,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:  # noqa: PLR2004  HTTP's own border
            return answer
        origin = request_headers["origin"]
        return Problem(
            403,
            f"Pages of the origin {origin!r} may not make this call; KEYART_CORS_ORIGINS lists those that may.",
        ).response()
