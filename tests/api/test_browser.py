"""A page in a real browser, with the service on another origin."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.async_api import Page

from app.records import Kind
from tests.api.service import Catalogue, listening, serving
from tests.chromium import IN_CHROMIUM, opened

DOCUMENTED = Path(__file__).parents[2] / "docs" / "api.md"
pytestmark = IN_CHROMIUM
PAGE = """<!doctype html><meta charset="utf-8"><title>A page</title>
<img id="picture" src="{service}/artwork?profile=ada&title=countdown">"""
SIZE = """async () => {
    const image = document.querySelector('#picture');
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
}"""
FRAMED = """async ([service, canvas, wide]) => {
    const answer = await fetch(`${service}/artwork?profile=ada&title=countdown&canvas=${canvas}`, {
        headers: {Accept: 'application/json, image/avif'},
    });
    const {image} = await answer.json();
    const whole = (addresses) => addresses.replaceAll('/images/', `${service}/images/`);
    const element = new Image(image.width, image.height);
    element.style = `display: block; width: ${wide}px; height: auto; background: url(${image.placeholder})`;
    Object.assign(element, {alt: image.alt, sizes: `${wide}px`, srcset: whole(image.srcset)});
    element.src = whole(image.url);
    document.body.prepend(element);
    const before = element.getBoundingClientRect().height;
    const loaded = element.complete;
    await element.decode();
    const placeholder = new Image();
    placeholder.src = image.placeholder;
    await placeholder.decode();
    return {
        loaded, before, after: element.getBoundingClientRect().height,
        shown: element.currentSrc, placeholder: placeholder.naturalWidth,
    };
}"""
FETCH = """async (service) => {
    const answer = await fetch(`${service}/artwork?profile=ada&title=countdown`);
    const shown = await fetch(`${service}/artwork?profile=ada&title=countdown&as=image`);
    const problem = await fetch(`${service}/artwork?title=nothing`);
    const choice = await answer.json();
    const click = await fetch(`${service}/clicks`, {
        method: 'POST', headers: {'Content-Type': 'application/json'},
        body: JSON.stringify({decision_id: choice.decision_id}),
    });
    const seen = JSON.stringify({decision_id: choice.decision_id});
    const beacon = navigator.sendBeacon(`${service}/impressions`, seen);
    return {
        choice, beacon, kind: shown.headers.get('content-type'),
        made: shown.headers.get('x-artwork-made'), decisionId: answer.headers.get('x-decision-id'),
        requestId: answer.headers.get('x-request-id'), problem: await problem.json(), click: await click.json(),
    };
}"""


BEACON = """([service, id]) => {
    const seen = new Blob([JSON.stringify({decision_id: id})], {type: 'application/json'});
    return navigator.sendBeacon(`${service}/impressions`, seen);
}"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


def _write(folder: Path, page: str) -> None:
    folder.mkdir()
    (folder / "index.html").write_text(page)


@asynccontextmanager
async def a_page(service: str, folder: Path, content: str = PAGE) -> AsyncIterator[Page]:
    """Open a page that stands on another origin than the service."""
    _write(folder, content.replace("{service}", service))
    web = ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: Quiet(*args, directory=str(folder)))
    Thread(target=web.serve_forever, daemon=True).start()
    try:
        async with opened() as page:
            await page.goto(f"http://localhost:{web.server_port}/index.html")
            yield page
    finally:
        web.shutdown()
        web.server_close()


async def test_an_img_tag_shows_the_picture(tmp_path: Path, catalogue: Catalogue) -> None:
    async with (
        serving(tmp_path / "data", catalogue) as service,
        listening(service.app) as address,
        a_page(address, tmp_path / "page") as page,
    ):
        assert await page.evaluate(SIZE) == [640, 360]
        choice = await service.get(profile="ada")
        assert choice["held"]
        async with page.expect_response("**/images/**") as picture:
            await page.reload()
        assert (await picture.value).headers["content-type"] == "image/avif"


@pytest.mark.parametrize(
    ("canvas", "wide", "width", "height"),
    [("16:9", 300, 320, 168.75), ("16:9", 600, 640, 337.5), ("2:3", 400, 480, 600), ("1:1", 700, 720, 700)],
)
async def test_a_page_that_was_told_of_a_picture_shows_the_width_that_fits_and_never_jumps(
    tmp_path: Path, catalogue: Catalogue, canvas: str, wide: int, width: int, height: float
) -> None:
    async with (
        serving(tmp_path / "data", catalogue, cors_origins="*") as service,
        listening(service.app) as address,
        a_page(address, tmp_path / "page") as page,
    ):
        seen = await page.evaluate(FRAMED, [address, canvas, wide])
        assert not seen["loaded"], "the height was measured too late to tell"
        assert seen["before"] == seen["after"] == height
        assert seen["shown"].endswith(f"-{width}.avif")
        assert seen["placeholder"] == 16


async def test_a_page_of_an_allowed_origin_reads_choices_and_ids_and_sends_feedback(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with (
        serving(tmp_path / "data", catalogue, cors_origins="*") as service,
        listening(service.app) as address,
        a_page(address, tmp_path / "page") as page,
    ):
        got = await page.evaluate(FETCH, address)
        assert got["choice"]["title"] == "countdown"
        assert got["requestId"]
        assert got["decisionId"] == got["choice"]["decision_id"]
        assert got["kind"] == "image/webp"  # fetch accepts */*, which says nothing of images
        assert got["made"] == "photographed"
        assert got["problem"]["status"] == 404
        assert got["click"] == {"recorded": 1, "duplicates": 0, "rejected": []}
        assert got["beacon"] is True


async def test_the_page_that_the_documentation_shows_reports_what_is_seen_and_clicked(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    [shown] = re.findall(r"```html\n(.*?)```", DOCUMENTED.read_text(), re.DOTALL)
    async with (
        serving(tmp_path / "data", catalogue, cors_origins="*") as service,
        listening(service.app) as address,
        a_page(address, tmp_path / "page", shown.replace("http://127.0.0.1:8000", "{service}")) as page,
    ):
        await page.locator("#row img").first.click()
        async with asyncio.timeout(60):
            while not {Kind.IMPRESSION, Kind.CLICK} <= {kind for kind, _ in await service.records()}:  # noqa: ASYNC110  it is the browser that acts
                await asyncio.sleep(0.05)


async def test_a_page_of_another_origin_reads_nothing(tmp_path: Path, catalogue: Catalogue) -> None:
    async with (
        serving(tmp_path / "data", catalogue, cors_origins="https://shop.example") as service,
        listening(service.app) as address,
        a_page(address, tmp_path / "page") as page,
    ):
        script = "(service) => fetch(`${service}/artwork?title=countdown`).then(() => 'read', () => 'kept out')"
        assert await page.evaluate(script, address) == "kept out"


@pytest.mark.parametrize("origins", ["*", "its own"])
async def test_a_beacon_with_a_blob_of_json_arrives_from_another_origin(
    tmp_path: Path, catalogue: Catalogue, origins: str
) -> None:
    """It asks ahead, and is sent with credentials: a browser drops it in silence where the service allows none."""
    async with AsyncExitStack() as stack:
        page = await stack.enter_async_context(a_page("", tmp_path / "page"))
        allowed = origins if origins == "*" else page.url.rpartition("/")[0]
        service = await stack.enter_async_context(serving(tmp_path / "data", catalogue, cors_origins=allowed))
        address = await stack.enter_async_context(listening(service.app))
        choice = await service.get(profile="ada")
        assert await page.evaluate(BEACON, [address, choice["decision_id"]])
        async with asyncio.timeout(60):
            while Kind.IMPRESSION not in {kind for kind, _ in await service.records()}:  # noqa: ASYNC110  it is the browser that acts
                await asyncio.sleep(0.05)
