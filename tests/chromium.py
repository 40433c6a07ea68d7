"""Chromium, which all tests of a process share: to start it takes longer than most of them do."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.async_api import Browser, Page, async_playwright

PROGRAM = Path("/usr/bin/chromium")
NEEDS_CHROMIUM = pytest.mark.skipif(
    not PROGRAM.exists() and os.environ.get("CI") != "true", reason=f"{PROGRAM} is not installed."
)
IN_CHROMIUM = [
    pytest.mark.browser,
    NEEDS_CHROMIUM,
    pytest.mark.usefixtures("chromium"),
    pytest.mark.asyncio(loop_scope="session"),
]
"""The marks of tests that open pages. They run in the event loop that Chromium was started in."""
KEPT_PAGES = "--disable-back-forward-cache"
"""Playwright's argument against the cache of pages that are left, which real browsers have."""

Test = TypeVar("Test", bound=Callable[..., object])

_running: list[Browser] = []


def in_chromium(test: Test) -> Test:
    """Mark one test that opens pages."""
    for mark in IN_CHROMIUM:
        test = mark(test)
    return test


@asynccontextmanager
async def running() -> AsyncIterator[None]:
    """Let `opened` use one browser for a while."""
    async with async_playwright() as playwright:
        _running.append(
            await playwright.chromium.launch(
                executable_path=PROGRAM, headless=True, ignore_default_args=[KEPT_PAGES]
            )
        )
        try:
            yield
        finally:
            await _running.pop().close()


@asynccontextmanager
async def opened(**options: Any) -> AsyncIterator[Page]:
    """Yield an empty page with these `options` of its context, which shares no cookies, cache or storage."""
    [browser] = _running
    context = await browser.new_context(**options)
    try:
        yield await context.new_page()
    finally:
        await context.close()
