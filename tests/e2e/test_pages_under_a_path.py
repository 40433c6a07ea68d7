"""Every page of a service whose proxy gives it a path, and its script on a page of another origin."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.async_api import Page, expect

from tests.chromium import IN_CHROMIUM
from tests.e2e.nginx import NEEDS_NGINX, nginx
from tests.e2e.service import Service, free_port, keyart
from tests.pages.browser import browsing
from tests.pages.site import a_site

pytestmark = [*IN_CHROMIUM, NEEDS_NGINX]
LOCATIONS = """
location = /up {{ return 200; }}
location /keyart/ {{
    proxy_pass http://127.0.0.1:{service}/;
    proxy_set_header Host $http_host;
}}
"""
ADMIN_KEY = "the-admin-key-under-a-path"
SITE = """<!doctype html><html lang="en"><title>A site</title><link rel="icon" href="data:,">
<style>keyart-artwork {{ display: block; width: 300px }}</style>
<script type="module" src="{keyart}/keyart.js"></script>
<body><keyart-artwork for-title="{title}" profile="ada"></keyart-artwork>"""


class Proxied(NamedTuple):
    address: str
    """The public one, as KEYART_PUBLIC_URL has it."""
    service: Service


@pytest.fixture(scope="module")
def proxied(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    data = shutil.copytree(catalogue, tmp_path_factory.mktemp("proxied") / "data")
    port = free_port()
    address = f"http://localhost:{port}/keyart"
    settings = {"public_url": address, "browse": 1, "admin_key": ADMIN_KEY, "cors_origins": "*"}
    service = Service(data, decision_timeout_ms=10_000, **settings)
    locations = LOCATIONS.format(service=service.port)
    try:
        service.start()
        with nginx(tmp_path_factory.mktemp("nginx"), port, locations, "/up"):
            yield Proxied(address, service)
    finally:
        service.clean_up()


async def sign_in(page: Page) -> None:
    await page.locator("input[type=password]").fill(ADMIN_KEY)
    await page.get_by_role("button", name="Sign in").click()


async def test_the_browse_page_shows_its_pictures(proxied: Proxied) -> None:
    async with browsing(f"{proxied.address}/") as page:
        await page.goto("./")
        await expect(page.locator(".hero .picture.shown")).to_have_count(1)
        await expect(page.locator(".screen[aria-busy]")).to_have_count(0)
        await page.locator(".hero .why").click()
        await page.get_by_text("It shows:").wait_for()
        await page.keyboard.press("Escape")
        await page.get_by_role("link", name="Dashboard").click()
        await expect(page).to_have_url(f"{proxied.address}/dashboard")


async def test_a_session_is_for_the_path_alone_and_its_stream_is_live(proxied: Proxied) -> None:
    async with browsing(f"{proxied.address}/", refused=True) as page:
        await page.goto("dashboard")
        await sign_in(page)
        await page.get_by_text("Live, as of").wait_for()
        await expect(page.locator("#titles tbody tr").first).to_be_visible()
        [cookie] = await page.context.cookies()
        assert cookie["path"] == "/keyart"
        await page.get_by_role("link", name="Desk").click()
        await page.locator(".title a").first.click()
        picture = page.locator(".crops img").first
        await expect(picture).to_have_js_property("complete", value=True)
        assert await picture.evaluate("(each) => each.naturalWidth") > 0
        await page.get_by_role("button", name="Pause").first.click()
        await page.locator("#history > li").first.wait_for()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.locator("input[type=password]")).to_be_visible()


async def test_a_link_of_the_command_line_leads_to_the_dashboard(proxied: Proxied) -> None:
    data, port = proxied.service.data, proxied.service.port
    done = keyart(data, "open", "--no-browser", "--url", proxied.address, port=port, admin_key=ADMIN_KEY)
    async with browsing(f"{proxied.address}/") as page:
        await page.goto(done.stdout.strip())
        await page.get_by_text("Live, as of").wait_for()


async def test_the_page_of_the_api_sends_its_examples_to_the_path(proxied: Proxied) -> None:
    async with browsing(f"{proxied.address}/", refused=True) as page:
        await page.goto("docs")
        await page.get_by_text("Say that the process runs").click()
        async with page.expect_response(f"{proxied.address}/healthz") as answer:
            await page.get_by_role("button", name="Execute").click()
        assert (await answer.value).status == 200


async def test_the_guide_has_its_style(proxied: Proxied) -> None:
    async with browsing(f"{proxied.address}/") as page:
        await page.goto("guide/operations.md")
        assert await page.evaluate("document.styleSheets.length") == 2


async def test_the_script_works_on_a_page_of_another_origin(proxied: Proxied, tmp_path: Path) -> None:
    page = SITE.format(keyart=proxied.address, title="title-0")
    async with a_site(tmp_path, {"index.html": page}) as site:
        await site.open()
        await site.shows("keyart-artwork")
        assert {call.url for call in site.calls} >= {f"{proxied.address}/artwork"}
