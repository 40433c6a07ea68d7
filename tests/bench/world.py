"""A made catalogue, and folders for it that are gone afterwards."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from app.catalogue.editor import COMMAND_LINE
from app.settings import Settings
from app.wiring.catalogue import editor_in
from app.wiring.stores import open_store
from assets.catalogue import Artwork, Title
from assets.crop import CANVASES, Crop
from assets.provenance import Provenance

TAGS = [f"tag-{n}" for n in range(60)]
FEATURES = (
    *("brightness", "contrast", "colourfulness", "warmth", "sharpness"),
    *("hue-sin", "hue-cos", "faces", "face-share", "text-like"),
)


def titles(count: int, pictures: int) -> dict[str, Title]:
    random = Random(7)
    return {f"title-{n}": _title(f"title-{n}", pictures, random) for n in range(count)}


def _title(id_: str, pictures: int, random: Random) -> Title:
    artworks = tuple(_artwork(f"artwork-{n}", random) for n in range(pictures))
    return Title(id_, id_, genres=tuple(random.sample(TAGS[:10], 2)), default="artwork-0", artworks=artworks)


def _artwork(id_: str, random: Random) -> Artwork:
    placeholder = "data:image/webp;base64," + "A" * 120
    digests = [f"{random.getrandbits(128):032x}" for _ in CANVASES]
    return Artwork(
        id_,
        id_,
        "A picture",
        tags=tuple(random.sample(TAGS, 5)),
        provenance=Provenance("photographed", "Somebody", "CC-BY-4.0"),
        features={name: round(random.random(), 3) for name in FEATURES},
        source=f"{random.getrandbits(256):064x}",
        crops=tuple(
            Crop(canvas, digest, (320, 640, 1280), placeholder)
            for canvas, digest in zip(CANVASES, digests, strict=True)
        ),
    )


@contextmanager
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="keyart-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def stocked(count: int, pictures: int) -> Iterator[Path]:
    """Yield a data folder with a catalogue whose pictures are names only."""
    with folder() as path:
        asyncio.run(_stock(Settings(data=path), count, pictures))
        yield path


async def _stock(settings: Settings, count: int, pictures: int) -> None:
    store = open_store(settings)
    try:
        await editor_in(settings, store).merge(COMMAND_LINE, titles(count, pictures), {})
    finally:
        await store.close()
