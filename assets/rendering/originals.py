"""The folder of kept originals: private, and each named by its content."""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from assets import checks
from assets.artwork import Artwork
from assets.rendering.original_names import files_of, name_of
from assets.rendering.workfolder import Workfolder

NOT_KEPT: Final = (
    "Its original is not kept, because the originals have reached KEYART_ORIGINALS_BYTES: editors cannot "
    "correct its focus, faces and crops later."
)
KEPT_NOW: Final = "Its original is kept from now on: editors can correct its focus, faces and crops."
_FOLDER_MODE: Final = 0o700


@dataclass(slots=True)
class Originals:
    """The folder while pictures are added. It takes at most so many bytes; 0 means no limit.

    It is measured once, when the first original comes, because an import adds many.
    """

    folder: Path
    most: int = 0
    _used: int | None = field(default=None, init=False)

    def workfolder(self) -> Workfolder:
        self.folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        return Workfolder(self.folder)

    def take(self, name: str, work: Workfolder) -> bool:
        """Move an original and its copy from a work folder; return whether there was room.

        Raises `CatalogueError` if the name is not valid, and `FileNotFoundError` if its file has other content.
        """
        checks.shape(name, "original")
        with (work.path / name).open("rb") as file:
            if name_of(hashlib.file_digest(file, "sha256").hexdigest()) != name:
                raise FileNotFoundError(f"{name} has other content; a rendering process wrote something else.")
        more = sum((work.path / each).lstat().st_size for each in files_of(name))
        if (self.folder / name).exists():
            more = 0
        used = self.used()
        if self.most and used + more > self.most:
            return False
        work.adopt(files_of(name))
        self._used = used + more
        return True

    def lacks(self, name: str) -> bool:
        """Whether an original of this name, which may be empty, is not in the folder."""
        return not name or not (self.folder / name).is_file()

    def has_room(self, size: int) -> bool:
        """Whether a file of so many bytes may become an original. Without its metadata it is smaller."""
        return not self.most or self.used() + size <= self.most

    def used(self) -> int:
        """Return the bytes of all originals and copies."""
        if self._used is None:
            self._used = sum(file.st_size for file in files_in(self.folder).values())
        return self._used


def files_in(folder: Path) -> dict[str, os.stat_result]:
    """Return the originals and their copies by name, without work folders."""
    found: dict[str, os.stat_result] = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(FileNotFoundError):  # it was deleted meanwhile
            found[path.name] = path.lstat()
    return {name: file for name, file in found.items() if not name.startswith(".")}


def named(artworks: Iterable[Artwork]) -> set[str]:
    """Return the files of the originals that these artworks keep."""
    return {name for each in artworks if each.kept_original for name in files_of(each.kept_original)}


def withdrawn(artworks: Iterable[Artwork]) -> set[str]:
    """Return the files of the originals that artworks without their consent had."""
    return {
        name for each in artworks if each.original and not each.kept_original for name in files_of(each.original)
    }
