"""Clearing away renditions and originals that no title names any more."""

from collections.abc import Collection, Iterable
from pathlib import Path

from assets.catalogue import Title
from assets.files import older, remove_older
from assets.rendering.originals import named, withdrawn


def unnamed(images: Path, titles: Iterable[Title], older_than: float) -> list[Path]:
    """List the files that no title names and that were written before that Unix time.

    The age protects the files that a running import has written and not named yet. Files of a killed import are in
    the list.
    """
    if not images.is_dir():
        return []
    crops = (crop for title in titles for artwork in title.artworks for crop in artwork.crops)
    names = {name for crop in crops for name in crop.names()}
    return [path for path in images.iterdir() if path.name not in names and older(path, older_than)]


def unnamed_originals(folder: Path, titles: Iterable[Title], older_than: float) -> list[Path]:
    """List the originals that no title names, in the same way."""
    if not folder.is_dir():
        return []
    names = named(artwork for title in titles for artwork in title.artworks)
    return [path for path in folder.iterdir() if path.name not in names and older(path, older_than)]


def withdrawn_originals(folder: Path, titles: Collection[Title]) -> list[Path]:
    """List the originals that are there although their consent is withdrawn, because a process was killed."""
    artworks = [artwork for title in titles for artwork in title.artworks]
    return [path for name in withdrawn(artworks) - named(artworks) if (path := folder / name).exists()]


def sweep(found: Iterable[Path], older_than: float) -> int:
    """Delete the `unnamed` files, except those written again meanwhile; return how many were deleted."""
    return sum(remove_older(path, older_than) for path in found)
