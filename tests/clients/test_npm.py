"""The npm package, from its archive: its files, its types, and the examples of docs/clients.md that import it."""

import json
import shutil
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.pages.keyart_js import SCRIPT
from app.records import Kind
from tests.api.service import Catalogue, Service, listening, serving
from tests.chromium import in_chromium
from tests.clients.examples import SERVICE, examples
from tests.clients.package import packed, run, with_react
from tests.npm import npm
from tests.pages.site import a_site, recorded
from tests.product import ROOT

TYPES = ("--noEmit", "--strict", "--jsx", "react-jsx", "--module", "esnext", "--moduleResolution", "bundler")
MISUSES = """
import { KeyartArtwork, type Choice } from '@keyart/browser';
// @ts-expect-error there is no such shape
KeyartArtwork.defaults = { canvas: '4:3' };
const element = document.querySelector('keyart-artwork');
const shown: Choice | null | undefined = element?.choice;
// @ts-expect-error the seconds are a number
element?.played('5');
element?.addEventListener('keyart-default', (event) => event.detail.reason.length);
export { shown };
"""
MAIN = """
import { createRoot } from 'react-dom/client';
import { useState } from 'react';
import { Card } from './card';

function Site() {
  const [viewer, setViewer] = useState('ada');
  const other = <button onClick={() => setViewer('bob')}>Bob</button>;
  return <main>{other}<Card title="countdown" viewer={viewer} /></main>;
}
createRoot(document.body).render(<Site />);
"""
PAGE = """<!doctype html><html lang="en"><title>A site</title><link rel="icon" href="data:,">
<style>keyart-artwork { display: block; width: 300px }</style><body>
<script type="module" src="bundle.js"></script>"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packed(tmp_path_factory.mktemp("package"))


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Service]:
    async with serving(tmp_path / "data", catalogue, cors_origins="*") as each:
        yield each


def test_the_archive_has_the_script_that_the_service_serves(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        contents = {name: tar.extractfile(name) for name in tar.getnames()}
        script = contents["package/keyart.js"]
        assert script is not None
        assert script.read() == SCRIPT.read_bytes()
    names = {name.removeprefix("package/") for name in contents}
    assert names == {"package.json", "keyart.js", "keyart.d.ts", "react.d.ts", "README.md", "LICENSE"}
    described = json.loads((ROOT / "clients/js/package.json").read_text())
    assert described["license"] == "Apache-2.0"
    assert not {"dependencies", "peerDependencies"} & described.keys()


@in_chromium
async def test_a_page_imports_it_as_it_is_installed(service: Service, archive: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "package.json").write_text("{}")
    added = npm(site, "install", "--offline", str(archive))
    assert added.returncode == 0, added.stderr
    installed = "./node_modules/@keyart/browser/"
    exports = json.loads((site / installed / "package.json").read_text())["exports"]
    imports = {"imports": {"@keyart/browser": installed + exports["."]["default"].removeprefix("./")}}
    async with listening(service.app) as address:
        [example] = examples("ts", address)
        style = "<style>keyart-artwork { width: 300px }</style>"
        page = (
            f'<!doctype html><link rel="icon" href="data:,">{style}<body>'
            f'<script type="importmap">{json.dumps(imports)}</script><script type="module">{example}</script>'
        )
        async with a_site(site, {"index.html": page}) as opened:
            said: list[str] = []
            opened.page.on("console", lambda message: said.append(message.text))
            await opened.open()
            await opened.shows("keyart-artwork")
            assert opened.asked()[0]["device"] == "tv"
            assert said[0].startswith("countdown A half ")


@in_chromium
async def test_react_shows_it_and_asks_again_for_another_viewer_and_the_types_hold(
    service: Service, archive: Path, tmp_path: Path
) -> None:
    work = with_react(tmp_path / "work", archive)
    async with listening(service.app) as address:
        [card], [module] = examples("tsx", address), examples("ts", address)
        for name, text in {"card.tsx": card, "main.tsx": MAIN, "page.ts": module, "misuses.ts": MISUSES}.items():
            (work / name).write_text(text)
        run(work, "tsc", *TYPES, "card.tsx", "main.tsx", "page.ts", "misuses.ts")
        run(work, "esbuild", "main.tsx", "--bundle", "--jsx=automatic", "--format=esm", "--outfile=site/bundle.js")
        shutil.rmtree(work / "node_modules")
        async with a_site(work / "site", {"index.html": PAGE}, has_complaints=True) as site:
            await site.open()
            await site.shows("keyart-artwork")
            await recorded(service, [Kind.IMPRESSION])
            async with site.page.expect_response("**/artwork"):
                await site.page.get_by_role("button", name="Bob").click()
            await site.shows("keyart-artwork")
            assert [page["profile"] for page in site.asked()] == ["ada", "bob"]
            await site.page.locator("keyart-artwork").click()
            await recorded(service, [Kind.IMPRESSION, Kind.CLICK])
            assert SERVICE not in (await site.page.content())
