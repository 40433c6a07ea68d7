#!/usr/bin/env bash
# Starlette's files answer HEAD with a part, and refuse a range in a unit that they do not know.
#
# A good engineer would have guessed: both are as RFC 9110, section 14.2, says, because it leaves no choice. Range is
# defined for GET alone, and a server MUST ignore it with other methods: HEAD is answered 200 with the whole length.
# A server MUST ignore a unit that it does not understand: the whole file comes, with 200.
#
# What it does: HEAD with `Range: bytes=0-9` is answered 206, and Content-Length says 10, not 1000. GET with
# `Range: lines=0-9` is answered 400 in plain text, and there is no file. `FileResponse` does so, and `StaticFiles`,
# which is made of it, so FastAPI as well.
#
# Whom it hurts: whoever asks by HEAD for the size of a file, with headers that are set for all requests: a player or
# a downloader that takes 10 bytes for the file's length, or a check that knows only 200. Clients that ask in another
# unit get an error, although the RFC promises them the file. Keyart reads the Range header itself.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check starlette==1.10.0 httpx2==2.16.2
cd "$work"
mkdir public
"$work/venv/bin/python" - <<'PYTHON'
import asyncio
import sys
from importlib.metadata import version
from pathlib import Path

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

for package in ("starlette", "httpx2"):
    print(package, version(package))

FILE = Path("public/film.bin")
FILE.write_bytes(bytes(1000))


async def film(request: Request) -> FileResponse:
    return FileResponse(FILE)


app = Starlette(routes=[Route("/film", film), Mount("/public", StaticFiles(directory="public"))])
SEEN = {
    ("GET", "bytes=0-9"): (206, "10"),
    ("HEAD", None): (200, "1000"),
    ("HEAD", "bytes=0-9"): (206, "10"),
    ("GET", "lines=0-9"): (400, "24"),
}


async def main() -> bool:
    changed = False
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
        for path in ("/film", "/public/film.bin"):
            for (method, asked), seen in SEEN.items():
                answer = await client.request(method, path, headers={"Range": asked} if asked else {})
                length = answer.headers["content-length"]
                print(method, path, f"Range: {asked}", "->", answer.status_code, f"Content-Length: {length}", end=" ")
                print(repr(answer.text) if answer.is_error else "")
                changed |= (answer.status_code, length) != seen
    return changed


changed = asyncio.run(main())
print("It behaves otherwise now." if changed else "As it was seen: HEAD gets a part, and an unknown unit an error.")
sys.exit(changed)
PYTHON
