"""A website of another origin than the service, in a browser."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
from playwright.async_api import Page, Request

from app.records import Kind
from tests.api.service import Service
from tests.api.test_browser import Quiet
from tests.chromium import opened


@dataclass
class Site:
    """A website: the open page, what it asked the service for, and what the browser complained of."""

    address: str
    page: Page
    calls: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def asked(self) -> list[Any]:
        """Return the bodies of the calls for pictures."""
        return [msgspec.json.decode(call.post_data or "") for call in self.calls if call.url.endswith("/artwork")]

    def reported(self, what: str) -> list[Any]:
        """Return the bodies of all feedback of a kind."""
        calls = [call for call in self.calls if call.url.endswith(f"/{what}")]
        return [msgspec.json.decode(call.post_data or "") for call in calls]

    async def open(self, name: str = "index.html") -> None:
        await self.page.goto(f"{self.address}/{name}")

    async def shows(self, selector: str, state: str = "picture") -> None:
        """Wait until an element shows a picture that is loaded, or the page's own one.

        The wait is not the page's, because a test may have stopped its clock.
        """
        script = """([selector, state]) => {
            const root = document.querySelector(selector)?.shadowRoot;
            const image = root?.querySelector('img');
            const isIt = root?.querySelector('div').dataset.shows === state;
            return isIt && (state !== 'picture' || (image.complete && image.naturalWidth > 0));
        }"""
        async with asyncio.timeout(60):
            while not await self.page.evaluate(script, [selector, state]):  # noqa: ASYNC110  it is the browser that acts
                await asyncio.sleep(0.02)


@asynccontextmanager
async def a_site(
    folder: Path, files: Mapping[str, str | bytes], *, script: str = "", has_complaints: bool = False
) -> AsyncIterator[Site]:
    """Serve files, and yield an empty page of their site. `script` runs in each page before its own scripts."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    web = ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: Quiet(*args, directory=str(folder)))
    Thread(target=web.serve_forever, daemon=True).start()
    try:
        async with opened(viewport={"width": 1000, "height": 800}) as page:
            if script:
                await page.add_init_script(script)
            site = Site(f"http://localhost:{web.server_port}", page)
            page.on("request", lambda call: site.calls.append(call) if call.method == "POST" else None)
            page.on("pageerror", lambda error: site.complaints.append(str(error)))
            page.on("console", lambda said: site.complaints.append(said.text) if said.type == "error" else None)
            yield site
    finally:
        web.shutdown()
        web.server_close()
    assert has_complaints or not site.complaints, site.complaints


async def kinds(service: Service) -> list[Kind]:
    """Return the kinds of all records of the log that feedback makes."""
    return [Kind(kind) for kind, _ in await service.records() if kind in FEEDBACK]


FEEDBACK = (Kind.IMPRESSION, Kind.CLICK, Kind.PLAY)


async def recorded(service: Service, expected: Iterable[Kind]) -> None:
    """Wait until the log has this feedback, and has no other."""
    wanted = sorted(expected)
    async with asyncio.timeout(60):
        while sorted(await kinds(service)) != wanted:  # noqa: ASYNC110  it is the browser that acts
            await asyncio.sleep(0.05)
