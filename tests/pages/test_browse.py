"""`/`, the browse page, for its visitors and in a browser."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page, Response, expect

from app.pages.files import STATIC
from app.records import Kind, decode_decision, decode_feedback
from assets.catalogue import Pin
from tests.api.service import Catalogue, Service, listening, serving
from tests.chromium import IN_CHROMIUM
from tests.pages.browser import browsing

LARGEST = 150_000
"""Bytes of the first view without pictures, before compression."""
PATIENCE = 60
HOSTILE = "<img src=x onerror=document.title='run'>"
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => list.getEntries().forEach((each) => { window.shifted += each.value; }))
  .observe({type: "layout-shift", buffered: true});
"""


@asynccontextmanager
async def opened(folder: Path, catalogue: Catalogue) -> AsyncIterator[tuple[Service, Page]]:
    """Yield a service whose hero is pinned to one picture in Germany and to another in Japan, and its page."""
    async with serving(folder, catalogue, browse=True) as service:
        title = replace(
            service.title(), pins=(Pin("cupola", country="DE"), Pin("ignition", country="JP")), genres=("science",)
        )
        await service.change(title)
        await service.refresh()
        async with listening(service.app) as address, browsing(address) as page:
            await page.add_init_script(SHIFTS)
            await page.goto("/")
            await ready(page)
            yield service, page


async def ready(page: Page, screens: int = 1) -> None:
    """Wait until every picture of so many screens is there."""
    await expect(page.locator(".card .picture.shown")).to_have_count(2 * screens)
    await expect(page.locator(".screen[aria-busy]")).to_have_count(0)


def hero(page: Page, alt: str) -> str:
    return f".hero .picture.shown[alt='{alt}']"


async def told(service: Service, kind: Kind) -> list[str | None]:
    """Return the viewers, as pseudonyms, of the decisions that such feedback names."""
    records = {record.position: record for record in await service.store.log.read(0, 100_000)}
    named = [decode_feedback(each.body) for each in records.values() if each.kind == kind]
    return [decode_decision(records[each.decision].body).profile for each in named]


async def both_told(service: Service) -> None:
    """Wait until the service knows that each of two viewers saw a picture."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if len(set(await told(service, Kind.IMPRESSION))) > 1:
                return
            await asyncio.sleep(0.05)


class TestWithoutABrowser:
    async def test_it_is_off_unless_it_is_asked_for(self, tmp_path: Path, catalogue: Catalogue) -> None:
        async with serving(tmp_path, catalogue) as service:
            answer = await service.http.get("/")
            assert answer.status_code == 404
            assert "'/'" in answer.json()["detail"]

    async def test_the_demo_preset_turns_it_on(self, tmp_path: Path, catalogue: Catalogue) -> None:
        async with serving(tmp_path, catalogue, preset="demo") as service:
            answer = await service.http.get("/")
            assert answer.status_code == 200
            assert "unsafe" not in answer.headers["content-security-policy"]

    async def test_its_first_view_is_small(self, tmp_path: Path, catalogue: Catalogue) -> None:
        async with serving(tmp_path, catalogue, browse=True) as service:
            page = (await service.http.get("/")).content
        files = [STATIC / "keyart.css", STATIC / "browse.css", *(STATIC / "browse").iterdir()]
        assert len(page) + sum(file.stat().st_size for file in files) < LARGEST

    async def test_a_hostile_name_is_text(self, tmp_path: Path, catalogue: Catalogue) -> None:
        async with serving(tmp_path, catalogue, browse=True) as service:
            title = replace(service.title(), name=HOSTILE, synopsis="</script><script>run()</script>")
            await service.change(title)
            await service.refresh()
            page = (await service.http.get("/")).text
        assert "onerror=" in page
        assert "<img src=x" not in page
        assert "<script>run" not in page

    async def test_an_unknown_viewer_of_the_address_is_the_first_one(
        self, tmp_path: Path, catalogue: Catalogue
    ) -> None:
        async with serving(tmp_path, catalogue, browse=True) as service:
            page = (await service.http.get("/", params={"viewer": HOSTILE})).text
        assert 'value="ada" checked' in page
        assert HOSTILE not in page

    async def test_groups_are_told_under_the_demo_preset_alone(self, tmp_path: Path, catalogue: Catalogue) -> None:
        async with serving(tmp_path, catalogue, browse=True) as service:
            assert '"group": null' in (await service.http.get("/")).text

    async def test_a_catalogue_without_titles_says_so(self, tmp_path: Path) -> None:
        async with serving(tmp_path, Catalogue({}, tmp_path), browse=True) as service:
            assert "keyart import FOLDER" in (await service.http.get("/")).text


class TestInABrowser:
    pytestmark = IN_CHROMIUM

    @pytest.mark.parametrize("width", [390, 1280])
    async def test_nothing_moves_while_it_loads_and_little_is_loaded(
        self, tmp_path: Path, catalogue: Catalogue, width: int
    ) -> None:
        async with (
            serving(tmp_path, catalogue, preset="demo") as service,
            listening(service.app) as address,
            browsing(address, width=width) as page,
        ):
            answers: list[Response] = []
            page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108  playwright marks what it calls
            await page.add_init_script(SHIFTS)
            await page.goto("/")
            await ready(page)
            loaded = [each for each in answers if each.request.resource_type != "image"]
            sizes = [(await each.request.sizes())["responseBodySize"] for each in loaded]
            assert 0 < sum(sizes) < LARGEST
            assert {each.request.resource_type for each in loaded} >= {"document", "script", "stylesheet", "fetch"}
            assert await page.evaluate("window.shifted") == 0

    async def test_another_viewer_sees_another_picture_and_nothing_moves(
        self, tmp_path: Path, catalogue: Catalogue
    ) -> None:
        async with opened(tmp_path, catalogue) as (service, page):
            await page.locator(hero(page, service.artwork("cupola").alt)).wait_for()
            assert await page.evaluate("window.shifted") == 0
            await page.get_by_role("radio", name="Kenji").check()
            await page.locator(hero(page, service.artwork("ignition").alt)).wait_for()
            await expect(page).to_have_url(re.compile(r"\?viewer=kenji$"))
            await page.reload()
            await expect(page.get_by_role("radio", name="Kenji")).to_be_checked()

    async def test_the_keyboard_alone_switches_opens_and_closes(
        self, tmp_path: Path, catalogue: Catalogue
    ) -> None:
        async with opened(tmp_path, catalogue) as (service, page):
            await page.get_by_role("radio", name="Ada").focus()
            await page.keyboard.press("ArrowRight")
            await page.locator(hero(page, service.artwork("ignition").alt)).wait_for()
            await page.locator(".hero .open").focus()
            await page.keyboard.press("Enter")
            await expect(page.locator("#player")).to_be_visible()
            await page.keyboard.press("Escape")
            await expect(page.locator("#player")).to_be_hidden()
            await expect(page.locator(".hero .open")).to_be_focused()

    async def test_what_is_seen_and_opened_counts_for_the_viewer_of_its_screen(
        self, tmp_path: Path, catalogue: Catalogue
    ) -> None:
        async with opened(tmp_path, catalogue) as (service, page):
            await page.get_by_role("button", name="Two viewers side by side").click()
            await ready(page, screens=2)
            right = page.locator(".screen").nth(1)
            await expect(right.get_by_role("radio", name="Kenji")).to_be_checked()
            async with page.expect_response("**/clicks"):
                await right.locator(".card .open").first.click()
            await page.get_by_text("Watched: 1 min").wait_for()
            async with page.expect_response("**/plays"):
                await page.get_by_role("button", name="Stop watching").click()
            kenji = service.services.profiles._identity.pseudonym("sample-kenji-1")  # noqa: SLF001
            assert await told(service, Kind.CLICK) == [kenji]
            assert await told(service, Kind.PLAY) == [kenji]
            await page.locator(".screen").nth(0).locator(".card").last.scroll_into_view_if_needed()
            await both_told(service)

    async def test_it_says_why(self, tmp_path: Path, catalogue: Catalogue) -> None:
        async with opened(tmp_path, catalogue) as (_, page):
            await page.locator(".hero .why").click()
            await page.get_by_text("An editor pinned this artwork").wait_for()
            await page.get_by_role("button", name="Close").click()
            await expect(page.locator("#why")).to_be_hidden()

    async def test_a_viewer_of_any_name_can_be_made_and_is_remembered(
        self, tmp_path: Path, catalogue: Catalogue
    ) -> None:
        async with opened(tmp_path, catalogue) as (service, page):
            await page.get_by_role("button", name="Make a viewer").click()
            await page.get_by_label("Name").fill(HOSTILE)
            await page.get_by_label("Country").fill("jp")
            await page.get_by_role("button", name="Make", exact=True).click()
            await page.locator(hero(page, service.artwork("ignition").alt)).wait_for()
            await expect(page.get_by_role("radio", name=HOSTILE)).to_be_checked()
            await page.locator(".hero .why").click()
            await expect(page.locator("#why-name")).to_contain_text(HOSTILE)
            await page.reload()
            await page.get_by_role("radio", name=HOSTILE).check()
            await page.locator(hero(page, service.artwork("ignition").alt)).wait_for()
            assert await page.title() != "run"

    async def test_a_service_that_is_gone_is_said_in_a_sentence(
        self, tmp_path: Path, catalogue: Catalogue
    ) -> None:
        async with opened(tmp_path, catalogue) as (_, page):
            await page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError()); }")
            await page.get_by_role("button", name="Ask again").click()
            await expect(page.get_by_role("alert")).to_contain_text("The service does not answer.")
