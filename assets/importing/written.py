"""The files that an import has written, so that they can go again if it stops."""

from collections.abc import Iterable
from pathlib import Path

from assets.catalogue import Title
from assets.picture import Picture
from assets.rendering.original_names import files_of
from assets.rendering.originals import named


class Written:
    """A full disk stops the log of a running service, so an import that filled it gives its part back."""

    def __init__(self, images: Path, originals: Path | None) -> None:
        self._images, self._originals = images, originals
        self._files: dict[Path, int] = {}

    def add(self, picture: Picture) -> None:
        """Remember the files of a picture by their inodes: a file that another process writes has another one."""
        paths = [self._images / name for crop in picture.crops for name in crop.names()]
        if self._originals and picture.original:
            paths += [self._originals / name for name in files_of(picture.original)]
        self._files |= {path: inode for path in paths if (inode := _inode(path))}

    def remove(self, titles: Iterable[Title]) -> int:
        """Delete the files that no title names and no other process has written since; return how many."""
        artworks = [artwork for title in titles for artwork in title.artworks]
        names = {name for artwork in artworks for crop in artwork.crops for name in crop.names()} | named(artworks)
        gone = [path for path, inode in self._files.items() if path.name not in names and _inode(path) == inode]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)


def _inode(path: Path) -> int:
    """Return 0 if the file is not there."""
    try:
        return path.lstat().st_ino
    except OSError:
        return 0
