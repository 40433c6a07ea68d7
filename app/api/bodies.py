"""The one reader of JSON bodies; all routes use it."""

from codecs import BOM_UTF8
from collections.abc import Callable, Coroutine, Iterable
from functools import cached_property
from typing import Any

import msgspec
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from app.api.problems import Problem, problem_from
from app.refusals import Invalid

JSON = "application/json"
LONGEST_TYPE = 100
"""Characters of a media type that a sentence names."""
TRUNCATED = "Input data was truncated"
MALFORMED = "JSON is malformed: "
DEEPEST = 64
"""Levels of lists and objects in a body: few enough for functions that recurse, such as `repr`."""
_TOO_DEEP = f"It is nested too deeply: send at most {DEEPEST} levels of lists and objects"
Holder = dict[str, Any] | list[Any]
_decode = msgspec.json.Decoder().decode


async def read_json(request: Request) -> object:
    """Return the body's content. Raises `Problem` if it is encoded, empty, not JSON or nested too deep."""
    check_coding(request)
    body = await request.body()
    if not body:
        raise unreadable("It is required: send JSON")
    content = _decoded(request, body)
    if body.count(b"[") + body.count(b"{") > DEEPEST and _deeper_than(DEEPEST, content):
        raise unreadable(_TOO_DEEP)
    return content


def _decoded(request: Request, body: bytes) -> object:
    try:
        return _decode(body.removeprefix(BOM_UTF8))
    except RecursionError as error:
        raise unreadable(_TOO_DEEP) from error
    except msgspec.ValidationError as error:  # well-formed, but nothing can hold it
        raise unreadable("It has a number that is out of range: send a smaller one") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise unreadable(f"It is not JSON: {_fault(error)}{_sent_as(request)}") from error


def _deeper_than(most: int, content: object) -> bool:
    """Whether there are more levels. The levels are checked in a loop, because recursion could go too deep."""
    level = _holders([content])
    for _ in range(most):
        level = [inner for outer in level for inner in _holders(_inside(outer))]
    return bool(level)


def _holders(values: Iterable[object]) -> list[Holder]:
    return [value for value in values if isinstance(value, dict | list)]


def _inside(holder: Holder) -> Iterable[object]:
    return holder.values() if isinstance(holder, dict) else holder


def check_coding(request: Request) -> None:
    """Refuse a compressed body: the limits hold for the bytes that are sent, not for the bytes they expand to."""
    codings = ", ".join(request.headers.getlist("content-encoding"))
    if codings.strip().lower() not in {"", "identity"}:
        detail = f"The body's Content-Encoding is {codings!r}; send the body as it is, without that header."
        raise Problem(415, detail, headers={"Accept-Encoding": "identity"})


class JsonRoute(APIRoute):
    """A route whose declared body is read by `read_json`, also if its media type is not JSON.

    Pages of other origins gain nothing by this. A cookie is valid only for writes from this service's own pages,
    and no browser sends a key automatically. Also, each write that has a declared body and needs a cookie or a key
    is a PUT or a PATCH.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def read_by_hand(request: Request) -> Response:
            return await handle(_JsonRequest(request.scope, request.receive))

        return read_by_hand


class _JsonRequest(Request):
    """A request that FastAPI takes for JSON, and whose body `read_json` reads."""

    @cached_property
    def _sent(self) -> Request:
        return Request(self.scope, self._receive)

    @cached_property
    def headers(self) -> Headers:
        others = [pair for pair in self.scope["headers"] if pair[0] != b"content-type"]
        return Headers(raw=[*others, (b"content-type", JSON.encode())])

    async def body(self) -> bytes:
        check_coding(self)
        return await self._sent.body()

    async def json(self) -> object:
        return await read_json(self._sent)


def unreadable(reason: str) -> Problem:
    return problem_from(Invalid.field("body", reason))


def _fault(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 ({error.reason} at byte {error.start} of a text)"
    fault = str(error).removeprefix(MALFORMED)
    if fault == TRUNCATED:  # the same is said of "\ud800"
        return "it ends too soon, or has half of a surrogate pair"
    return fault[:1].lower() + fault[1:]


def _sent_as(request: Request) -> str:
    """Name the media type if it is another one: it tells, for example, that a form was sent."""
    kind = request.headers.get("content-type", JSON)[:LONGEST_TYPE]
    return "" if kind.partition(";")[0].strip().lower() == JSON else f" (its Content-Type is {kind!r})"
