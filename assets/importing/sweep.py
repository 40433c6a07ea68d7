"""Clearing away renditions that no title names any more."""

from collections.abc import Iterable
from pathlib import Path

from assets.catalogue import Title
from assets.files import older, remove_older


def unnamed(images: Path, titles: Iterable[Title], older_than: float) -> list[Path]:
    """List the files that no title names and that were written before that Unix time.

    The age protects the files that a running import has written and not named yet. Files of a killed import are in
    the list.
    """
    if not images.is_dir():
        return []
    crops = (crop for title in titles for artwork in title.artworks for crop in artwork.crops)
    named = {name for crop in crops for name in crop.names()}
    return [path for path in images.iterdir() if path.name not in named and older(path, older_than)]


def sweep(found: Iterable[Path], older_than: float) -> int:
    """Delete the `unnamed` files, except those written again meanwhile; return how many were deleted."""
    return sum(remove_older(path, older_than) for path in found)
