import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from assets import SAMPLES
from assets.ingest import ingest
from tests.api.service import Catalogue, Service, serving

PICTURES = {
    "countdown": ("cupola", "earthrise", "ignition", "sunset-pad"),
    "big-buck-bunny": ("forest-brook", "morning-stretch"),
    "cosmos-laundromat": ("lonely-hill",),
}


@pytest.fixture(autouse=True)
def plain_log() -> None:
    """Log in lines: drawing whole tracebacks with their variables takes seconds."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        cache_logger_on_first_use=False,
    )


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """Three titles with seven real pictures."""
    originals = tmp_path_factory.mktemp("originals")
    images = tmp_path_factory.mktemp("images")
    for title, names in PICTURES.items():
        (originals / title).mkdir()
        for name in names:
            shutil.copy(SAMPLES / title / f"{name}.jpg", originals / title)
    return Catalogue(ingest(originals, current={}, images=images, workers=1).titles, images)


@pytest.fixture
async def service(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Service]:
    """A service with both keys set, a snapshot, and all settings as they are by default."""
    async with serving(tmp_path, catalogue) as running:
        yield running
