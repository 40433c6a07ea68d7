"""axe finds nothing serious in any page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.api.service import ADMIN, EDITOR, Catalogue, Service, listening, serving
from tests.assets.builders import a_picture, encoded
from tests.chromium import IN_CHROMIUM
from tests.pages.axe import barriers
from tests.pages.browser import browsing

pytestmark = IN_CHROMIUM
FAINT = "<!doctype html><title>t</title><p style='color:#ddd;background:#fff'>Faint</p><img src='data:,'>"

SUMMARY = " > .opblock-summary > .opblock-summary-control, "
"""swagger-ui 5.35 puts the button that copies a path into the button that opens the operation."""
NO_LABEL = "label at textarea"
"""swagger-ui 5.35 labels every field but that of a body."""


@asynccontextmanager
async def visiting(service: Service, path: str, *, by: str = "", refused: bool = False) -> AsyncIterator[Page]:
    """Yield a page of a service. `by` is the role of who is signed in."""
    headers = {"admin": ADMIN, "editor": EDITOR}
    async with listening(service.app) as address, browsing(address, refused=refused) as page:
        if by:
            key = headers[by]["Authorization"].removeprefix("Bearer ")
            answer = await page.request.post("/session", data={"key": key})
            assert answer.ok, await answer.text()
        await page.goto(path)
        yield page


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Service]:
    async with serving(tmp_path, catalogue, browse=True) as each:
        yield each


async def test_faults_are_found() -> None:
    async with browsing("about:blank") as page:
        await page.set_content(FAINT)
        found = await barriers(page)
    assert {line.partition(" ")[0] for line in found} == {"color-contrast", "html-has-lang", "image-alt"}


async def test_the_browse_page_and_its_windows(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, preset="demo") as service, visiting(service, "/") as page:
        await expect(page.locator(".card .picture.shown")).to_have_count(2)
        assert await barriers(page) == []
        await page.locator(".hero .why").click()
        await page.get_by_text("It shows:").wait_for()
        assert await barriers(page) == []
        await page.keyboard.press("Escape")
        await page.locator(".hero .open").click()
        await page.get_by_text("Watched: 0 min").wait_for()
        assert await barriers(page) == []
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Make a viewer").click()
        await page.get_by_label("Name").wait_for()
        assert await barriers(page) == []
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Two viewers side by side").click()
        await expect(page.locator(".card .picture.shown")).to_have_count(4)
        assert await barriers(page) == []


@pytest.mark.parametrize("path", ["/dashboard", "/desk", "/desk?title=countdown"])
async def test_a_form_to_sign_in_and_its_refusal(service: Service, path: str) -> None:
    async with visiting(service, path, refused=True) as page:
        assert await barriers(page) == []
        await page.locator("input[type=password]").fill("not-a-key")
        await page.keyboard.press("Enter")
        await page.get_by_text("is not one of this service's").wait_for()
        assert await barriers(page) == []


async def test_the_dashboard_without_data(service: Service) -> None:
    async with visiting(service, "/dashboard", by="admin") as page:
        await page.get_by_role("heading", name="What to do next").wait_for()
        await page.locator("#titles tbody tr").first.wait_for()
        assert await barriers(page) == []
        await page.get_by_label("Find a title").fill("nothing like this")
        await page.get_by_text("0 titles.").wait_for()
        assert await barriers(page) == []


async def test_the_dashboard_with_alarms(tmp_path: Path, catalogue: Catalogue) -> None:
    async with (
        serving(tmp_path, catalogue, trained=False) as service,
        visiting(service, "/dashboard", by="admin") as page,
    ):
        await page.locator(".alarm").first.wait_for()
        assert await barriers(page) == []


async def test_the_dashboard_with_data(service: Service) -> None:
    await _visited(service)
    async with visiting(service, "/dashboard", by="admin") as page:
        await page.get_by_role("row", name="personalized").wait_for()
        await page.get_by_role("button", name="Countdown").click()
        await page.locator("th.artwork").first.wait_for()
        await page.get_by_role("button", name="Compare").click()
        await page.get_by_text("are too few").or_(page.get_by_text("does not explain")).wait_for()
        assert await barriers(page) == []


async def _visited(service: Service) -> None:
    """Let viewers come, some of whom click, and let their windows pass."""
    for number in range(20):
        choice = await service.get(profile=f"viewer {number}")
        if number % 2:
            await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
    await service.close_windows()
    service.clock.now += 5000
    await service.services.watch.look()


async def test_the_desk_and_a_title(service: Service) -> None:
    await _visited(service)
    async with visiting(service, "/desk", by="editor", refused=True) as page:
        await page.get_by_role("link", name="Countdown").wait_for()
        assert await barriers(page) == []
        await page.get_by_role("link", name="Countdown").click()
        first = page.locator(".artwork").first
        await first.get_by_role("button", name="Pause").click()
        await page.locator("#history > li").first.wait_for()
        for each in await page.locator(".artwork summary").all():
            await each.click()
        await first.get_by_label("Tags", exact=True).fill("Deep Space")
        await first.get_by_role("button", name="Save").click()
        await page.get_by_text("It should be 1 to 64 of a-z").wait_for()
        await page.locator("#rates tbody tr").first.wait_for()
        assert await barriers(page) == []


async def test_the_form_of_focus_and_faces(service: Service) -> None:
    files = {"file": ("new.jpg", encoded(a_picture((640, 480))), "image/jpeg")}
    await service.http.post("/titles/countdown/artworks", files=files, headers=EDITOR)
    async with visiting(service, "/desk?title=countdown", by="editor", refused=True) as page:
        forms = page.locator("details.cropping")
        await expect(forms).to_have_count(5)
        for each in await forms.all():
            await each.locator("summary").click()
        form = forms.last
        await form.locator(".stage").wait_for()
        await form.get_by_role("button", name="Add a face").click()
        await form.get_by_label("Every crop keeps a point").check()
        assert await barriers(page) == []
        await form.get_by_role("group", name="Face 1").get_by_label("Left").fill("90")
        await form.get_by_role("button", name="Save and crop again").click()
        await form.get_by_text("This box is not inside the picture.").wait_for()
        assert await barriers(page) == []


async def test_the_api_page(service: Service) -> None:
    async with visiting(service, "/docs") as page:
        await page.get_by_text("Say that titles were opened").click()
        await page.get_by_role("button", name="Execute").wait_for()
        found = await barriers(page)
    assert {line.partition(",")[0] for line in found if not line.startswith("nested-interactive")} == {NO_LABEL}
    assert all(SUMMARY in line for line in found if line.startswith("nested-interactive"))


async def test_the_guide(service: Service) -> None:
    async with visiting(service, "/guide/operations.md") as page:
        assert await barriers(page) == []
