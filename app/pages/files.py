"""The files of the pages: style sheets, scripts and pictures, those of others among them."""

import asyncio
import gzip
from pathlib import Path
from typing import Final, NamedTuple

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

HERE: Final = Path(__file__).parent
STATIC, VENDOR, TEMPLATES = HERE / "static", HERE / "vendor", HERE / "templates"


HEADERS: Final = [(b"cache-control", b"no-cache"), (b"x-content-type-options", b"nosniff")]
COMPRESSED: Final = frozenset({".css", ".js", ".json", ".svg"})
FEWEST: Final = 500
"""Smaller files become no smaller."""


class Kept(NamedTuple):
    """A compressed file, and the tag of the file that it was made from."""

    etag: str
    body: bytes


class Files(StaticFiles):
    """Serves a folder of the package. Browsers ask each time whether a file has changed.

    A file is compressed when somebody asks for it first, beside the event loop, and then kept: the folders have a
    few files, which make some 600 kB.
    """

    def __init__(self, folder: Path):
        super().__init__(directory=folder)
        self._kept: dict[str, Kept] = {}
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *HEADERS]}
            await send(message)

        await super().__call__(scope, receive, send_hardened)

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        if Path(path).suffix not in COMPRESSED:
            return answer
        answer.headers.add_vary_header("Accept-Encoding")
        asked = Headers(scope=scope)
        wanted = "gzip" in asked.get("accept-encoding", "") and "range" not in asked
        if wanted and isinstance(answer, FileResponse) and int(answer.headers["content-length"]) >= FEWEST:
            return await self._compressed(answer)
        return answer

    async def _compressed(self, answer: FileResponse) -> Response:
        name, etag = str(answer.path), answer.headers["etag"]
        async with self._turn:
            kept = self._kept.get(name)
            if kept is None or kept.etag != etag:
                kept = self._kept[name] = Kept(etag, await asyncio.to_thread(_compress, name))
        headers = {**answer.headers, "Content-Encoding": "gzip", "ETag": f"W/{etag}"}
        del headers["content-length"], headers["etag"]
        return Response(kept.body, headers=headers)


def _compress(name: str) -> bytes:
    return gzip.compress(Path(name).read_bytes(), 9, mtime=0)
