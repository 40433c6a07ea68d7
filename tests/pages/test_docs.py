"""`/docs` in a browser without a network beside this service."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.records import Kind
from tests.api.service import Catalogue, Service, listening, serving
from tests.chromium import IN_CHROMIUM
from tests.pages.browser import browsing


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Service]:
    async with serving(tmp_path, catalogue) as each:
        yield each


async def test_a_page_runs_no_script_but_its_own_files(service: Service) -> None:
    answer = await service.http.get("/docs")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in answer.text.replace("http-equiv", "")


async def test_its_files_are_compressed_and_checked_for_changes(service: Service) -> None:
    path = "/vendor/swagger-ui-dist/swagger-ui-bundle.js"
    answer = await service.http.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "no-cache"
    again = await service.http.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["/static/nothing.js", "/static/../page.py", "/vendor/", "/static/%2e%2e/page.py"]
)
async def test_there_is_nothing_else(service: Service, path: str) -> None:
    answer = await service.http.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


class TestInABrowser:
    pytestmark = IN_CHROMIUM

    async def test_a_call_can_be_tried_out(self, tmp_path: Path, catalogue: Catalogue) -> None:
        async with (
            serving(tmp_path, catalogue) as service,
            listening(service.app) as address,
            browsing(address) as page,
        ):
            await page.goto("/docs")
            await page.get_by_text("Say that titles were opened").click()
            await page.get_by_role("button", name="Execute").click()
            await page.get_by_text('"recorded": 1').first.wait_for()
            assert Kind.CLICK in [kind for kind, _ in await service.records()]
