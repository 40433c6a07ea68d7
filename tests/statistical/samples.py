"""The sample catalogue as an import leaves it, without renditions: tags, and what each picture looks like."""

from dataclasses import replace
from functools import cache

from assets import SAMPLES
from assets.artwork import Artwork
from assets.catalogue import Title
from assets.importing.manifest import ArtworkEntry, manifest_of
from assets.looks.features import features
from assets.rendering.decoding import decode
from assets.rendering.developing import glanced
from tests.assets.builders import an_artwork


@cache
def sample_titles() -> tuple[Title, ...]:
    """Return the titles of the samples with all their artworks, in the order of the manifest."""
    return tuple(
        with_artworks(
            Title(id_, entry.name or id_, genres=entry.genres or ()),
            [_artwork(id_, name, artwork) for name, artwork in entry.artworks.items()],
        )
        for id_, entry in manifest_of(SAMPLES).titles.items()
    )


def with_artworks(title: Title, artworks: list[Artwork]) -> Title:
    """Return the title with these artworks to choose from, and no others."""
    return replace(title, default=artworks[0].id, artworks=tuple(artworks))


def _artwork(title: str, id_: str, entry: ArtworkEntry) -> Artwork:
    path = SAMPLES / title / f"{id_}.jpg"
    faces = entry.faces or ()
    looks = features(glanced(decode(path.read_bytes(), path.name)), faces)
    return replace(an_artwork(id_), tags=entry.tags or (), faces=faces, features=looks)
