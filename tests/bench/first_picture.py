"""The browse page in Chromium, on a slow device with a slow network."""

import asyncio
import subprocess
import sys

from playwright.async_api import Browser, ViewportSize, async_playwright

from assets import SAMPLES
from tests.bench import servers, world
from tests.bench.budget import Effort

CHROMIUM = "/usr/bin/chromium"
SLOWER = 4
"""How many times slower the page's processor is: DevTools' own measure of a cheap phone."""
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
"""Lighthouse's slow 4G: the milliseconds of a round trip, and bytes a second."""
PHONE: ViewportSize = {"width": 390, "height": 844}
PAINTED = """() => new Promise((found) => {
    const look = (list) => list.getEntries().forEach((each) => {
        if (each.element?.matches('.hero .picture')) found(each.startTime / 1000);
    });
    new PerformanceObserver(look).observe({type: 'largest-contentful-paint', buffered: true});
})"""


def seconds(effort: Effort) -> list[float]:
    """Return the seconds from the start of a visit until the first picture was painted, for each round."""
    with world.folder() as data:
        command = [sys.executable, "-m", "app", "import", str(SAMPLES)]
        environment = {**servers.surroundings(), "KEYART_DATA": str(data)}
        subprocess.run(command, env=environment, capture_output=True, check=True)
        with servers.keyart(data, KEYART_BROWSE="1") as url:
            return asyncio.run(_visits(url, effort.rounds))


async def _visits(url: str, rounds: int) -> list[float]:
    """Visit once more than is measured: the first visit makes the service compress its files."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True)
        seen = [await _visit(browser, url) for _ in range(rounds + 1)]
        await browser.close()
    return seen[1:]


async def _visit(browser: Browser, url: str) -> float:
    """Open the page with an empty cache."""
    context = await browser.new_context(viewport=PHONE, device_scale_factor=2)
    page = await context.new_page()
    tools = await context.new_cdp_session(page)
    await tools.send("Network.enable")
    await tools.send("Network.emulateNetworkConditions", NETWORK)
    await tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    await page.goto(url)
    painted: float = await page.evaluate(PAINTED)
    await context.close()
    return painted
