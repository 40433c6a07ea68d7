"""Errors as RFC 9457 problems: whole sentences with the value and the remedy."""

from typing import Any

import msgspec
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "Bad request",
    401: "Not authorized",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Gone",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not acceptable",
    500: "Internal error",
    503: "Not ready",
}


class Problem(Exception):
    """What a request is refused with."""

    def __init__(self, status: int, detail: str, *, headers: dict[str, str] | None = None, **more: Any):
        super().__init__(detail)
        self.status, self.detail, self.headers, self.more = status, detail, headers or {}, more

    def response(self) -> Response:
        return Response(
            problem_body(self.status, self.detail, **self.more),
            self.status,
            {**self.headers, "Cache-Control": "no-store"},
            MEDIA_TYPE,
        )


class NotFound(Problem):
    def __init__(self, detail: str):
        super().__init__(404, detail)


class Gone(Problem):
    def __init__(self, detail: str):
        super().__init__(410, detail)


class Unacceptable(Problem):
    def __init__(self, detail: str, **more: Any):
        super().__init__(422, detail, **more)


def problem_body(status: int, detail: str, **more: Any) -> bytes:
    return msgspec.json.encode(
        {
            "type": "about:blank",
            "title": TITLES.get(status, "Error"),
            "status": status,
            "detail": detail,
            **more,
        }
    )
