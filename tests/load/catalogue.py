"""A made catalogue with real pictures: many titles of six artworks, made of the samples over and over again."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from app.catalogue.editor import COMMAND_LINE
from app.settings import Settings
from app.wiring.catalogue import editor_in, images_in
from app.wiring.stores import open_store
from assets import SAMPLES
from assets.catalogue import MOST_ARTWORKS, Artwork, Title
from assets.crop import Crop
from assets.importing.ingest import ingest

ARTWORKS = 6
"""Candidates of each title."""
GENRES = [f"genre-{n}" for n in range(10)]
TAGS = [f"tag-{n}" for n in range(60)]


async def stock(settings: Settings, *, titles: int, pictures: int) -> None:
    """Fill a data folder with `titles` titles made of the first `pictures` sample pictures."""
    images = images_in(settings)
    made = made_of(develop(images, pictures), titles, images)
    store = open_store(settings)
    try:
        await editor_in(settings, store).merge(COMMAND_LINE, made, {})
    finally:
        await store.close()


def develop(images: Path, count: int) -> list[Artwork]:
    """Render the first `count` sample pictures into `images`, each once, and return them as artworks."""
    with TemporaryDirectory(prefix="keyart-load-") as name:
        for number, original in enumerate(sorted(SAMPLES.glob("*/*.jpg"))[:count]):
            folder = Path(name) / f"folder-{number // MOST_ARTWORKS}"
            folder.mkdir(exist_ok=True)
            shutil.copy(original, folder / f"picture-{number}.jpg")
        found = ingest(Path(name), current={}, images=images)
    return [artwork for title in found.titles.values() for artwork in title.artworks]


def made_of(pictures: Sequence[Artwork], count: int, images: Path) -> dict[str, Title]:
    """Return `count` titles of six artworks, each one of the pictures with file names and tags of its own.

    In a real catalogue hardly two artworks have the same picture: caches and look-ups should find it like that.
    """
    random = Random(7)
    return {f"title-{n}": _title(n, pictures, images, random) for n in range(count)}


def _title(number: int, pictures: Sequence[Artwork], images: Path, random: Random) -> Title:
    found = [pictures[(number * ARTWORKS + n) % len(pictures)] for n in range(ARTWORKS)]
    artworks = tuple(_artwork(f"artwork-{n}", picture, images, random) for n, picture in enumerate(found))
    genres = tuple(random.sample(GENRES, 2))
    return Title(f"title-{number}", f"Title {number}", genres=genres, default="artwork-0", artworks=artworks)


def _artwork(id_: str, picture: Artwork, images: Path, random: Random) -> Artwork:
    features = {
        name: round(min(1.0, max(0.0, value + random.uniform(-0.1, 0.1))), 3)
        for name, value in picture.features.items()
    }
    crops = tuple(_linked(crop, images, f"{random.getrandbits(128):032x}") for crop in picture.crops)
    tags = tuple(random.sample(TAGS, 5))
    return replace(picture, id=id_, name=id_, alt="A picture", tags=tags, features=features, crops=crops)


def _linked(crop: Crop, images: Path, digest: str) -> Crop:
    """Give the files of a crop other names as well."""
    linked = replace(crop, digest=digest)
    for old, new in zip(crop.names(), linked.names(), strict=True):
        os.link(images / old, images / new)
    return linked
