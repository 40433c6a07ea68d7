"""The HTML of docs/clients.md in a browser."""

from pathlib import Path

from app.records import Kind
from tests.api.service import Catalogue, listening, serving
from tests.assets.builders import a_picture, encoded
from tests.chromium import IN_CHROMIUM
from tests.clients.examples import examples
from tests.pages.site import a_site, recorded

pytestmark = IN_CHROMIUM


async def test_the_page_shows_a_picture_and_reports_that_it_was_seen_and_clicked(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with (
        serving(tmp_path / "data", catalogue, cors_origins="*") as service,
        listening(service.app) as address,
    ):
        page, _ = examples("html", address)
        own = encoded(a_picture((320, 180), "gold"), "WEBP")
        files: dict[str, str | bytes] = {
            "index.html": page,
            "pictures/countdown.webp": own,
            "favicon.ico": own,
            "countdown/index.html": "",
        }
        async with a_site(tmp_path / "site", files) as site:
            await site.open()
            await site.shows("keyart-artwork")
            await recorded(service, [Kind.IMPRESSION])
            await site.page.locator("keyart-artwork").click()
            await recorded(service, [Kind.IMPRESSION, Kind.CLICK])


async def test_defaults_hold_for_elements_of_the_page_and_for_later_ones(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with (
        serving(tmp_path / "data", catalogue, cors_origins="*") as service,
        listening(service.app) as address,
    ):
        _, defaults = examples("html", address)
        element = '<keyart-artwork for-title="big-buck-bunny"></keyart-artwork>'
        files = {"index.html": f"<!doctype html><link rel=icon href=data:,>{defaults}{element}"}
        async with a_site(tmp_path / "site", files) as site:
            await site.open()
            await site.page.evaluate(
                """async () => {
                    await customElements.whenDefined('keyart-artwork');
                    const element = document.createElement('keyart-artwork');
                    element.setAttribute('for-title', 'countdown');
                    document.body.append(element);
                }"""
            )
            await site.shows("keyart-artwork")
            await site.shows("keyart-artwork:last-of-type")
            assert {(page["profile"], page["device"]) for page in site.asked()} == {("ada", "tv")}
