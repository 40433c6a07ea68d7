"""The switch that lets an audience use the service: who may press it, and that it stops."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from app.data_folder import DataFolder
from app.file_lock import taken
from app.records import Kind
from tests.api.service import ADMIN, EDITOR, Catalogue, Service, listening, serving
from tests.chromium import IN_CHROMIUM
from tests.pages.browser import browsing

PATIENCE = 90
KEY = "the-admin-key-of-tests"


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    """A demo service with a control group, whose settings its child processes have, too."""
    for name, value in {"DATA": str(tmp_path), "ADMIN_KEY": KEY, "PRESET": "demo"}.items():
        monkeypatch.setenv(f"KEYART_{name}", value)
    async with serving(tmp_path, catalogue, preset="demo", best_single_share=0.2) as service:
        yield service


async def came(service: Service) -> None:
    """Wait until the audience has seen a picture."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if any(kind == Kind.IMPRESSION for kind, _ in await service.records()):
                return
            await asyncio.sleep(0.1)


async def test_only_an_admin_of_a_demo_may_press_it(
    service: Service, tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue
) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert (await service.http.request(method, "/browse/audience")).status_code == 401
        assert (await service.http.request(method, "/browse/audience", headers=EDITOR)).status_code == 403
    async with serving(tmp_path_factory.mktemp("real"), catalogue, preset="", browse=True) as real:
        assert (await real.http.post("/browse/audience", headers=ADMIN)).status_code == 404
        assert 'id="loose"' not in (await real.http.get("/")).text


async def test_a_second_audience_is_refused_while_one_runs_anywhere(service: Service) -> None:
    file = DataFolder(service.settings.data).audience
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = taken(file)
    assert handle is not None
    answer = await service.http.post("/browse/audience", headers=ADMIN)
    assert answer.status_code == 409
    assert "wait until it ends, or stop it" in answer.json()["detail"]
    assert (await service.http.get("/browse/audience", headers=ADMIN)).json() == {"running": True, "said": ""}
    os.close(handle)
    assert (await service.http.get("/browse/audience", headers=ADMIN)).json() == {"running": False, "said": ""}


class TestInABrowser:
    pytestmark = IN_CHROMIUM

    async def test_without_a_session_the_switch_says_how_to_get_one(self, service: Service) -> None:
        async with listening(service.app) as address, browsing(address) as page:
            await page.goto("/")
            await page.get_by_role("button", name="Let an audience loose").click()
            await expect(page.locator("#audience")).to_contain_text("keyart open")

    async def test_chances_and_rates_are_shown_until_the_audience_is_stopped(self, service: Service) -> None:
        async with listening(service.app) as address, browsing(address) as page:
            await page.request.post("/session", data={"key": KEY})
            await page.goto("/")
            await page.get_by_role("button", name="Let an audience loose").click()
            await page.locator(".hero .chance").get_by_text("Probability").wait_for()
            await expect(page.locator("#audience .rates")).to_contain_text("personalized:")
            await came(service)
            await page.get_by_role("button", name="Stop the audience").click()
            await page.get_by_text("The audience has stopped.").wait_for()
            await expect(page.locator("#audience pre")).to_contain_text("The run was stopped.")
            await expect(page.get_by_role("button", name="Let an audience loose")).to_be_visible()
