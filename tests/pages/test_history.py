"""What the page says about the sample viewers' visits."""

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from app.data_folder import DataFolder
from app.pages.history import LONGEST_SECONDS, SampleHistory, read, write
from tests.api.service import Catalogue, listening, serving
from tests.chromium import in_chromium
from tests.pages.browser import browsing

PLAYED = SampleHistory(36, 7912, 1854, learned=True)


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    write(tmp_path / "history", PLAYED)
    assert read(tmp_path / "history") == PLAYED
    assert list(tmp_path.iterdir()) == [tmp_path / "history"]


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"viewers": "many"}'])
def test_a_file_that_is_not_there_or_not_readable_is_no_history(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "history").write_bytes(content)
    assert read(tmp_path / "history") is None


def test_visits_that_were_cut_off_are_no_history(tmp_path: Path) -> None:
    file = tmp_path / "history"
    write(file, SampleHistory(36, 0, 0, learned=False))
    assert read(file) is not None
    os.utime(file, (file.stat().st_mtime - LONGEST_SECONDS - 1,) * 2)
    assert read(file) is None


async def test_a_service_without_such_visits_says_nothing_of_them(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, browse=True) as service:
        assert "sample viewers" not in (await service.http.get("/")).text
        assert (await service.http.get("/browse/history")).json() == {"viewers": 0, "learned": True}


@in_chromium
async def test_the_page_waits_until_the_visits_are_learned(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, browse=True) as service:
        file = DataFolder(service.settings.data).sample_history
        write(file, SampleHistory(36, 0, 0, learned=False))
        async with listening(service.app) as address, browsing(address) as page:
            await page.goto("/")
            line = page.locator(".before")
            await expect(line).to_contain_text("36 sample viewers use this new service at this moment")
            async with page.expect_response("**/artwork"):
                write(file, PLAYED)
                await expect(line).to_contain_text("36 sample viewers saw 7,912 pictures and opened 1,854 titles")
            await page.reload()
            await expect(line).to_contain_text("36 sample viewers saw 7,912 pictures and opened 1,854 titles")
