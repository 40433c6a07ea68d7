"""One small catalogue, imported once, and services that are stopped whatever happens."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assets import SAMPLES
from tests.assets.builders import a_picture, encoded, put
from tests.e2e.service import Service, keyart

TITLES, ARTWORKS = 6, 4
COLOURS = "teal", "crimson", "gold", "navy", "olive", "orchid"
FEW_SAMPLES = "big-buck-bunny", "the-question"
Start = Callable[..., Service]


def title_id(title: int) -> str:
    return f"title-{title}"


def artwork_id(title: int, artwork: int) -> str:
    """Name an artwork so that its tags tell nothing: no artwork shares a word with another."""
    return f"w{title}x{artwork}"


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a small catalogue in it, to be copied."""
    folder = tmp_path_factory.mktemp("pictures")
    for title in range(TITLES):
        for artwork in range(ARTWORKS):
            picture = a_picture((640 + 16 * artwork, 360), COLOURS[title])
            put(folder / title_id(title) / f"{artwork_id(title, artwork)}.jpg", encoded(picture))
    data = tmp_path_factory.mktemp("catalogue") / "data"
    done = keyart(data, "import", str(folder))
    assert done.returncode == 0, done.stderr
    assert f"{TITLES * ARTWORKS} new" in done.stdout
    return data


@pytest.fixture
def data(catalogue: Path, tmp_path: Path) -> Path:
    return shutil.copytree(catalogue, tmp_path / "data")


@pytest.fixture
def start(data: Path) -> Iterator[Start]:
    """Return what starts a service on the small catalogue, with settings by name, and waits until it is ready."""
    started: list[Service] = []

    def begin(
        *options: str, folder: Path | None = None, kind: type[Service] = Service, **settings: object
    ) -> Service:
        started.append(kind(folder or data, *options, **settings))
        return started[-1].start()

    yield begin
    for service in started:
        service.clean_up()


@pytest.fixture(params=["few", pytest.param("all", marks=pytest.mark.soak)])
def samples(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave two titles of the sample catalogue to services, because all of it takes half a minute to import."""
    if request.param == "all":
        return
    few, startup = tmp_path / "samples", tmp_path / "startup" / "sitecustomize.py"
    for title in FEW_SAMPLES:
        shutil.copytree(SAMPLES / title, few / title)
    shutil.copy(SAMPLES / "catalog.toml", few)
    put(startup, f"import assets, pathlib\nassets.SAMPLES = pathlib.Path({str(few)!r})\n".encode())
    monkeypatch.setenv("PYTHONPATH", str(startup.parent))
