"""The distribution `keyart-client`, and the Python of docs/clients.md."""

import ast
import asyncio
import shutil
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import AsyncIterator
from email.message import Message
from email.parser import Parser
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from app.records import Kind
from tests.api.service import Catalogue, Service, listening, serving
from tests.clients.examples import SERVICE, examples
from tests.pages.site import kinds, recorded
from tests.product import ROOT

SOURCE = ROOT / "clients" / "python"


@pytest.fixture
async def service(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Service]:
    async with serving(tmp_path / "data", catalogue) as each:
        yield each


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(SOURCE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=folder / "source", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [found] = folder.glob("*.whl")
    return found


def test_the_wheel_has_types_and_a_licence_and_needs_httpx2_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata] = [name for name in names if name.endswith("METADATA")]
        described: Message = Parser().parsestr(archive.read(metadata).decode())
    modules = {path.name for path in (SOURCE / "keyart_client").iterdir() if path.name != "__pycache__"}
    assert {name.removeprefix("keyart_client/") for name in names if "dist-info" not in name} == modules
    assert "py.typed" in modules
    assert described.get_all("Requires-Dist") == ["httpx2>=2"]
    assert described["License-Expression"] == "Apache-2.0"
    assert (SOURCE / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_it_runs_from_the_wheel_without_keyart_itself(wheel: Path, tmp_path: Path) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(wheel)!r}); import keyart_client\n"
        "assert '.whl' in keyart_client.__file__\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(*sorted(loaded & {'app', 'msgspec', 'pydantic', 'fastapi'}))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_it_imports_the_standard_library_and_httpx2() -> None:
    imported = set()
    for path in (SOURCE / "keyart_client").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).partition(".")[0])
    assert imported - sys.stdlib_module_names == {"httpx2", "keyart_client"}


async def test_the_first_example_chooses_and_clicks(service: Service, capfd: pytest.CaptureFixture[str]) -> None:
    async with listening(service.app) as address:
        await asyncio.to_thread(run, examples("python", address)[0])
    choice = await service.get(profile="ada", device="tv")
    said = f"{choice['artwork']} {choice['image']['url']} {choice['image']['alt']}"
    assert printed(capfd) == [said]
    assert await kinds(service) == [Kind.CLICK]


async def test_the_async_example_collects_feedback(service: Service, capfd: pytest.CaptureFixture[str]) -> None:
    async with listening(service.app) as address:
        await asyncio.to_thread(run, examples("python", address)[1])
    assert [line.split()[0] for line in printed(capfd)] == ["countdown", "big-buck-bunny"]
    assert await kinds(service) == [Kind.IMPRESSION, Kind.PLAY]


class Pictures(HTMLParser):
    """The attributes of the links and images of a page; no other element belongs there."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[dict[str, str | None]] = []
        self.images: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        {"a": self.links, "img": self.images}[tag].append(dict(attrs))


async def test_the_server_makes_a_row_and_reports_its_clicks(service: Service) -> None:
    hostile = "\"><script>alert('x')</script>"
    await service.change_artwork("lonely-hill", "cosmos-laundromat", alt=hostile)
    await service.refresh()
    async with listening(service.app) as address:
        server = await asyncio.to_thread(run, examples("python", address)[2])
        titles = ["countdown", "cosmos-laundromat", hostile]
        page = Pictures()
        page.feed(await asyncio.to_thread(server["row"], titles, "ada"))
        assert [image["alt"] for image in page.images[1:]] == [hostile, ""]
        assert str(page.images[0]["src"]).startswith(f"{address}/images/")
        for image in page.images[:2]:
            assert (await service.http.get(str(image["src"]).removeprefix(address))).status_code == 200
        decision = str(page.links[0]["href"]).partition("decision=")[2]
        for query in ({"decision": decision}, {"decision": decision}, {"decision": hostile}, {}):
            server["watched"](query)
        await asyncio.to_thread(server["feedback"].close)
        await recorded(service, [Kind.CLICK])
        server["keyart"].close()


def test_the_server_shows_its_own_pictures_if_nobody_answers() -> None:
    server = run(examples("python", "http://127.0.0.1:9")[2])
    page = Pictures()
    page.feed(server["row"](["countdown"], "ada"))
    assert page.images == [{"src": "/pictures/countdown.webp", "alt": ""}]
    server["feedback"].close()
    server["keyart"].close()


def test_the_examples_have_types(tmp_path: Path) -> None:
    names = [f"example_{number}.py" for number, _ in enumerate(examples("python", SERVICE))]
    for name, example in zip(names, examples("python", SERVICE), strict=True):
        (tmp_path / name).write_text(textwrap.dedent(example))
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", *names]
    places = {"MYPYPATH": str(SOURCE), "PATH": "/usr/bin:/bin", "MYPY_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=places)
    assert done.returncode == 0, done.stdout


def printed(capfd: pytest.CaptureFixture[str]) -> list[str]:
    return capfd.readouterr().out.splitlines()


def run(example: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(example, "docs/clients.md", "exec"), names)  # noqa: S102  an example of this repository
    return names
