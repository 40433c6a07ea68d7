"""Errors as RFC 9457 problems: whole sentences with the value and the remedy."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from app.fields import LONGEST_QUOTE, PATTERNS, printable
from app.refusals import Conflict, Gone, Invalid, NotFound, Outdated, Refusal, Unavailable

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""The phrases of RFC 9110, which RFC 9457 demands if the type is `about:blank`."""
STATUSES = {NotFound: 404, Conflict: 409, Gone: 410, Outdated: 412, Invalid: 422, Unavailable: 503}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""All methods except HEAD, which each path with GET has."""
MOST_ERRORS = 20
NO_OBJECT = {"model_type", "model_attributes_type", "dict_type"}
"""Faults of a value that should be an object, which pydantic describes in the words of Python."""


class Problem(HTTPException, Refusal):
    """A refusal in the words of HTTP. `more` has the members of the document that RFC 9457 does not define.

    It is an HTTPException, because FastAPI turns any other exception into a 400 while it reads a body.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
    ):
        HTTPException.__init__(self, status, detail)
        Refusal.__init__(self, detail, more)
        self.status, self.extra_headers = status, headers or {}

    def response(self) -> Response:
        return Response(
            problem_body(self.status, self.sentence, self.members),
            self.status,
            {**self.extra_headers, "Cache-Control": "no-store"},
            MEDIA_TYPE,
        )


def problem_from(refusal: Refusal) -> Problem:
    """Return a refusal as a problem, with the status of its kind."""
    if isinstance(refusal, Problem):
        return refusal
    status = next(STATUSES[kind] for kind in type(refusal).__mro__ if kind in STATUSES)
    seconds = refusal.retry_seconds if isinstance(refusal, Unavailable) else None
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    return Problem(status, refusal.sentence, headers=headers, more=refusal.members)


def problem_of(request: Request, error: HTTPException) -> Problem:
    """Return the framework's refusal of a request as a problem."""
    if isinstance(error, Problem):
        return error
    path = request.scope["path"]
    if error.status_code == 404:  # noqa: PLR2004  HTTP's own word
        return Problem(404, f"There is nothing at {path!r}; {_elsewhere(request, path)}.")
    if error.status_code == 405:  # noqa: PLR2004
        allowed = ", ".join(_methods(request))
        return Problem(
            405, f"{path!r} does not allow {request.method}; use {allowed}.", headers={"Allow": allowed}
        )
    return Problem(error.status_code, f"{error.detail}.", headers=dict(error.headers or {}))


def _elsewhere(request: Request, path: str) -> str:
    """Name the right path. A redirect would have the wrong address behind TLS, and would lose a POST's body."""
    without = path.rstrip("/")
    there = without != path and any(
        route.matches({**request.scope, "path": without})[0] is not Match.NONE
        for route in request.app.router.routes
    )
    return f"use {without!r}, without the slash" if there else "/docs lists the calls"


def _methods(request: Request) -> list[str]:
    """Return all methods of a path. The router names only those of the first route that it finds."""
    routes = request.app.router.routes
    scopes = [(method, {**request.scope, "method": method}) for method in METHODS]
    found = [m for m, scope in scopes if any(route.matches(scope)[0] is Match.FULL for route in routes)]
    return [each for method in found for each in ((method, "HEAD") if method == "GET" else (method,))]


def problem_body(status: int, detail: str, more: Mapping[str, object]) -> bytes:
    return msgspec.json.encode(
        {
            "type": "about:blank",
            "title": TITLES.get(status, "Error"),
            "status": status,
            "detail": detail,
            **more,
        }
    )


def invalid(errors: Sequence[Mapping[str, Any]]) -> Invalid:
    """Return the refusal of a request whose fields are at fault; its sentence names the first."""
    problems = error_sentences(errors)
    first = problems[0]
    value = f" (was {first['value']})" if "value" in first else ""
    return Invalid(f"{first['field']}: {first['reason']}{value}.", {"errors": problems})


def error_sentences(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Name each field at fault with the reason and its value. If there are many, give the first and the number."""
    sentences = [{"field": _field(error), **_fault(error)} for error in errors[:MOST_ERRORS]]
    if len(errors) > MOST_ERRORS:
        sentences.append({"field": "body", "reason": f"{len(errors) - MOST_ERRORS} more errors are not listed"})
    return sentences


def _field(error: Mapping[str, Any]) -> str:
    """Return the path of a field, without the part of the request, which FastAPI adds and pydantic does not."""
    location = [str(part) for part in error["loc"]]
    if location and location[0] in {"query", "body", "path", "header"}:
        del location[0]
    return printable(".".join(location)) or "body"


def _fault(error: Mapping[str, Any]) -> dict[str, str]:
    if error["type"] == "missing":  # what was given is everything else
        return {"reason": "It is required"}
    reason = error["msg"].removeprefix("Value error, ")
    if error["type"] in NO_OBJECT:
        reason = "It should be an object"
    if error["type"] == "string_pattern_mismatch":
        reason = PATTERNS.get(error["ctx"]["pattern"], reason)
    return {"reason": printable(reason), "value": repr(error.get("input"))[:LONGEST_QUOTE]}
