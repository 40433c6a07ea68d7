from collections.abc import AsyncIterator, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
import structlog

from assets.artwork import Artwork
from assets.catalogue import Title
from assets.picture import Job
from assets.provenance import Provenance
from assets.rendering.decoding import decode
from assets.rendering.developing import develop
from assets.rendering.renditions import write
from tests.api.service import Catalogue, Service, serving
from tests.assets.builders import a_picture, encoded
from tests.memory_folder import tmp_path

__all__ = ["tmp_path"]

PICTURES = {
    "countdown": {"cupola": "navy", "earthrise": "teal", "ignition": "orange", "sunset-pad": "crimson"},
    "big-buck-bunny": {"forest-brook": "green", "morning-stretch": "gold"},
    "cosmos-laundromat": {"lonely-hill": "olive"},
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
    """Three titles with seven pictures, all developed as an import does it."""
    images = tmp_path_factory.mktemp("images")
    titles = {id_: _title(id_, pictures, images) for id_, pictures in PICTURES.items()}
    return Catalogue(titles, images)


def _title(id_: str, pictures: Mapping[str, str], images: Path) -> Title:
    artworks = tuple(_artwork(name, colour, images) for name, colour in pictures.items())
    return Title(id_, id_.replace("-", " ").title(), default=artworks[0].id, artworks=artworks)


def _artwork(id_: str, colour: str, images: Path) -> Artwork:
    """Return an artwork whose files stand in `images`; one has no picture's colour in common with another."""
    original = encoded(a_picture((1280, 720), colour))
    picture = develop(decode(original, id_), sha256(original).hexdigest(), Job("", id_), partial(write, images))
    name = id_.replace("-", " ").capitalize()
    return Artwork(
        id_,
        name,
        f"A half {colour} picture",
        tags=tuple(id_.split("-")),
        provenance=Provenance("photographed", "Somebody", "CC-BY-4.0"),
        features=picture.features,
        source=picture.source,
        recipe=picture.recipe,
        fingerprint=picture.fingerprint,
        crops=picture.crops,
    )


@pytest.fixture
async def service(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Service]:
    """A service with both keys set, a snapshot, and all settings as they are by default."""
    async with serving(tmp_path, catalogue) as running:
        yield running
