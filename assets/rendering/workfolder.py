"""A private folder that a rendering process writes to, before its files are accepted."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

PREFIX: Final = ".work-"


class Workfolder:
    """A folder below that of whole files, so that moving a file into place is one step; it goes in every case."""

    def __init__(self, whole: Path) -> None:
        self._whole = whole
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=whole))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def adopt(self, names: Iterable[str]) -> None:
        """Move the named files, and no others, into place, so that they survive a power cut.

        A file that is there already is replaced by the same one, because a sweep leaves young files alone. Raises
        FileNotFoundError, before it moves any, if one is missing or not a regular file.
        """
        names = list(names)
        for name in names:
            if not _is_regular(self.path / name):
                raise FileNotFoundError(f"{name} is not a regular file; a rendering process wrote something else.")
        for name in names:
            (self.path / name).replace(self._whole / name)
        _sync(self._whole)


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)  # not `stat`: a link could lead to any file there is
    except OSError:  # missing, or of an impossible name
        return False


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
