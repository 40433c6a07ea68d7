"""Access for pages of other origins."""

from collections.abc import Awaitable

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import Problem

EXPOSED = ("X-Artwork-Made", "X-Decision-Id", "X-Ignored", "X-Request-Id")
BEACONS = {"/impressions", "/clicks", "/plays"}
"""The paths for `navigator.sendBeacon`, which always sends credentials if it may."""
ANY = "*"


class Cors:
    """Answers preflights, and lets pages of allowed origins read. It comes before the lane, too.

    Credentials are allowed only on the paths of `BEACONS`. A cookie gives no access there: it is valid only for
    writes from this service's own pages, and the answer gives only the number of items that were taken. All other
    paths forbid credentials, so that no page of another origin reads data through an operator's session. The
    cookie's `SameSite=Strict` is not enough, because it admits other origins of the same site.
    """

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]):
        self.app = app
        self._plain = _Middleware(app, origins)
        self._beacons = _Middleware(app, origins, credentials=True)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return (self._beacons if scope.get("path") in BEACONS else self._plain)(scope, receive, send)


class _Middleware(CORSMiddleware):
    """Starlette's middleware, with refusals in the form that all errors of this service have."""

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
