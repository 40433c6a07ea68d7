"""A page of this service in a browser, which must complain of nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page

from tests.chromium import opened

WIDTH, HEIGHT = 1280, 800
AWAY = "Failed to load resource: net::ERR_"
REFUSED = "Failed to load resource: the server responded with a status of 4"


@asynccontextmanager
async def browsing(
    address: str, *, width: int = WIDTH, height: int = HEIGHT, refused: bool = False, away: bool = False
) -> AsyncIterator[Page]:
    """Yield an empty page with `address` as its base; at the end no script, policy or load may have failed.

    With `refused` the page may get refusals of the API: Chromium complains of each of them.
    With `away` it may find that nobody answers.
    """
    complaints: list[str] = []
    async with opened(base_url=address, viewport={"width": width, "height": height}) as page:
        page.on(
            "console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
    expected = (*((REFUSED,) if refused else ()), *((AWAY,) if away else ()))
    assert [each for each in complaints if not each.startswith(expected)] == []
