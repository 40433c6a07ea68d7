"""axe-core's judgement of an open page: what keeps people with a disability from using it."""

from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

GRAVE = {"serious", "critical"}
"""The impacts that no page may have; axe-core knows `minor` and `moderate`, too."""


WIDTHS = 390, 1280
"""A phone's and a computer's, in pixels."""


async def barriers(page: Page) -> list[str]:
    """Return a line for each element with a serious fault, in the page as it is now, at each width."""
    return [line for width in WIDTHS for line in await _at(page, width)]


async def _at(page: Page, width: int) -> list[str]:
    await page.set_viewport_size({"width": width, "height": 800})
    result = await Axe().run(page, options={"resultTypes": ["violations"]})
    found = [each for each in result.response["violations"] if each["impact"] in GRAVE]
    return [_line(width, each, node) for each in found for node in each["nodes"]]


def _line(width: int, violation: dict[str, Any], node: dict[str, Any]) -> str:
    places = " ".join(str(target) for target in node["target"])
    return f"{violation['id']} at {places}, {width} pixels wide: {node['failureSummary']}"
