"""Clearing away renditions that no title names any more."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from assets.catalogue import Title


def sweep(images: Path, titles: Iterable[Title], older_than: float) -> int:
    """Delete what no title names and was written before that Unix time; return how many files went.

    That age keeps away from what an import beside this one has written and not named yet. What a killed
    import left goes, too.
    """
    if not images.is_dir():
        return 0
    crops = (crop for title in titles for artwork in title.artworks for crop in artwork.crops)
    named = {name for crop in crops for name in crop.names()}
    unnamed = [path for path in images.iterdir() if path.name not in named and _older(path, older_than)]
    for path in unnamed:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(unnamed)


def _older(path: Path, moment: float) -> bool:
    try:
        return path.lstat().st_mtime < moment
    except FileNotFoundError:  # somebody else was quicker
        return False
