"""The files of the pages: compressed once, and asked for again."""

import asyncio
from pathlib import Path

import httpx2
import pytest

from app.pages import files
from app.pages.files import VENDOR, Files
from tests.api.service import Service

BUNDLE = "swagger-ui-dist/swagger-ui-bundle.js"
GZIP = {"Accept-Encoding": "br, gzip"}
PLAIN = {"Accept-Encoding": "identity"}


async def fetched(app: Files, path: str, headers: dict[str, str]) -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as http:
        return await http.get(f"/{path}", headers=headers)


async def test_a_file_is_compressed_once_for_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    compress = files._compress  # noqa: SLF001

    def counting(name: str) -> bytes:
        made.append(name)
        return compress(name)

    monkeypatch.setattr(files, "_compress", counting)
    app = Files(VENDOR)
    answers = await asyncio.gather(*(fetched(app, BUNDLE, GZIP) for _ in range(5)))
    content = (VENDOR / BUNDLE).read_bytes()
    for answer in answers:
        assert answer.content == content
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < len(content) / 2
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["cache-control"] == "no-cache"
    assert len(made) == 1


async def test_without_gzip_and_for_a_part_it_is_the_file_itself() -> None:
    app = Files(VENDOR)
    content = (VENDOR / BUNDLE).read_bytes()
    plain = await fetched(app, BUNDLE, PLAIN)
    assert plain.content == content
    assert plain.headers["vary"] == "Accept-Encoding"
    part = await fetched(app, BUNDLE, {**GZIP, "Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])


async def test_a_file_that_the_browser_has_is_not_sent_again() -> None:
    app = Files(VENDOR)
    first = await fetched(app, BUNDLE, GZIP)
    again = await fetched(app, BUNDLE, {**GZIP, "If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_changed_file_is_compressed_again(tmp_path: Path) -> None:
    path = tmp_path / "a.js"
    path.write_text("one();" * 200)
    app = Files(tmp_path)
    await fetched(app, "a.js", GZIP)
    path.write_text("three();" * 200)
    assert (await fetched(app, "a.js", GZIP)).content == path.read_bytes()


async def test_small_files_and_pictures_are_sent_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "small.js").write_text("one();")
    (tmp_path / "large.webp").write_bytes(bytes(5000))
    app = Files(tmp_path)
    for name in ("small.js", "large.webp"):
        assert "content-encoding" not in (await fetched(app, name, GZIP)).headers


async def test_an_idle_worker_keeps_nothing(service: Service) -> None:
    """Only what was asked for is kept, and each file once."""
    app = Files(VENDOR)
    assert app._kept == {}  # noqa: SLF001
    for _ in range(3):
        await fetched(app, BUNDLE, GZIP)
    assert len(app._kept) == 1  # noqa: SLF001
    answer = await service.http.get("/static/keyart.css", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    head = await service.http.head("/static/keyart.css", headers={"Accept-Encoding": "gzip"})
    assert head.headers["content-length"] == answer.headers["content-length"]
