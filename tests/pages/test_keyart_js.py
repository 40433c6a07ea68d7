"""`/keyart.js` as it is served."""

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest

from app.pages.keyart_js import SCRIPT
from tests.api.service import Catalogue, serving

MOST_BYTES = 5_000
NODE = shutil.which("node")
UNPACKED, PACKED = {"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip"}


async def test_it_is_small_and_any_page_may_load_it_and_keep_it(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue) as service:
        answer = await service.http.get("/keyart.js", headers=PACKED | {"Origin": "https://shop.example"})
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < MOST_BYTES
        assert answer.content == SCRIPT.read_bytes()
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "max-age=3600" in answer.headers["cache-control"]


async def test_each_encoding_has_its_tag(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue) as service:
        tags = set()
        for encoding in (UNPACKED, PACKED):
            first = await service.http.get("/keyart.js", headers=encoding)
            tags.add(first.headers["etag"])
            assert first.headers["vary"] == "Accept-Encoding"
            for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}'):
                again = await service.http.get("/keyart.js", headers=encoding | {"If-None-Match": known})
                assert again.status_code == 304
                assert again.content == b""
            other = await service.http.get("/keyart.js", headers=encoding | {"If-None-Match": '"other"'})
            assert other.content == SCRIPT.read_bytes()
        assert len(tags) == 2


@pytest.mark.parametrize("origins", ["*", "https://shop.example"])
async def test_the_list_of_origins_is_for_calls_and_not_for_the_script(
    tmp_path: Path, catalogue: Catalogue, origins: str
) -> None:
    async with serving(tmp_path, catalogue, cors_origins=origins) as service:
        allowed = await service.http.get("/keyart.js", headers={"Origin": "https://shop.example"})
        assert allowed.headers.get_list("access-control-allow-origin") == [origins]
        other = await service.http.get("/keyart.js", headers={"Origin": "https://other.example"})
        assert other.headers.get_list("access-control-allow-origin") == ["*"]


def test_it_is_one_module_without_imports_or_html() -> None:
    text = SCRIPT.read_text()
    assert "import " not in text.replace("Importing ", "")
    for dangerous in ("innerHTML", "outerHTML", "insertAdjacent", "eval(", "document.write", "srcdoc"):
        assert dangerous not in text
    assert len(gzip.compress(SCRIPT.read_bytes(), 9)) < MOST_BYTES


@pytest.mark.skipif(NODE is None, reason="node is not installed.")
def test_a_server_may_import_it() -> None:
    command = [str(NODE), "--input-type=module", "--eval", f"await import({SCRIPT.as_uri()!r})"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
