"""The operator's and the editors' pages with 10,000 titles, beside a real service."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from tests.bench.world import stocked
from tests.chromium import IN_CHROMIUM
from tests.e2e.service import Service
from tests.pages.browser import browsing

pytestmark = [pytest.mark.soak, *IN_CHROMIUM]

TITLES, PICTURES = 10_000, 3
SHOWN = range(0, TITLES, 50)
"""The numbers of the titles that somebody looked at."""


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with stocked(TITLES, PICTURES) as data:
        running = Service(data)
        try:
            running.start()
            for number in SHOWN:
                status, _ = running.get(f"/artwork?title=title-{number}&profile=viewer-{number}")
                assert status == 200
            yield running
        finally:
            running.clean_up()


async def sign_in(page: Page, service: Service, path: str) -> None:
    await page.goto(path)
    await page.get_by_label("Key").fill(service.key)
    await page.get_by_role("button", name="Sign in").click()


async def test_the_dashboard_finds_a_title(service: Service) -> None:
    async with browsing(f"http://127.0.0.1:{service.port}", refused=True) as page:
        await sign_in(page, service, "/dashboard")
        await expect(page.locator("#found")).to_contain_text(f"{TITLES:,} titles")
        await expect(page.locator("#titles tbody tr").first).to_be_visible()
        await page.get_by_label("Find a title").fill("title-9950")
        await expect(page.locator("#titles tbody tr")).to_have_count(1)
        await expect(page.locator("#titles tbody tr")).to_contain_text("title-9950")


async def test_the_desk_finds_a_title_and_opens_it(service: Service) -> None:
    async with browsing(f"http://127.0.0.1:{service.port}", refused=True) as page:
        await sign_in(page, service, "/desk")
        await expect(page.locator("#count")).to_contain_text("of 10,000")
        await page.get_by_label("Search").fill("title-9950")
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="title-9950").first.click()
        await expect(page.locator("h1#name")).to_have_text("title-9950")
