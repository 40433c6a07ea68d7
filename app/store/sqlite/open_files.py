"""Whether the names of a database still lead to the files that are open."""

import os
from contextlib import suppress
from pathlib import Path

from app.clock import now_ns
from app.store.protocol import LostStoreError, UnwritableStoreError

SUFFIXES = ("", "-wal", "-shm")
"""The database, its write-ahead log, and the index of that, which the locks are on."""
GRAIN_NS = 1_000_000_000
"""Two changes of a folder within a tick of the kernel's clock get the same time. A tick is far shorter."""
Identity = tuple[int, int]
"""Device and inode."""


class OpenFiles:
    """Remembers which files a database was opened as, and tells when one of their names leads elsewhere.

    SQLite continues to write to files that were deleted or replaced, and reports no error. `check` is called after
    each COMMIT and before the acknowledgement. An earlier check would leave a moment in which a file can be
    deleted and the commit still acknowledged.

    A folder's time changes with every name in it (POSIX: unlink, rename, open). One look at the folder is
    therefore enough for each commit; only if it changed, the three files are examined.
    """

    def __init__(self, path: Path, gone: str, part_gone: str):
        """Take the path of a database that is open, and the remedies if it, or a part of it, is gone."""
        self._path = path.absolute()
        self._folder = os.fspath(self._path.parent)
        self._home = _identity(self._folder)
        self._gone, self._part_gone = gone, part_gone
        self.lost = False
        """The result of the last check."""
        self._files = {suffix: self._identity(suffix) for suffix in SUFFIXES}
        self._settled: tuple[int, int, int] | None = None

    def check(self) -> None:
        """Raise `LostStoreError` if one of the names leads to another file, or to none."""
        try:
            folder = os.stat(self._folder)  # noqa: PTH116  a Path would cost as much as the call
            seen = folder.st_dev, folder.st_ino, folder.st_ctime_ns
            if seen != self._settled:
                self._look()
                if abs(now_ns() - folder.st_ctime_ns) > GRAIN_NS:
                    self._settled = seen
        except (FileNotFoundError, NotADirectoryError):
            self._look()
        except OSError as error:
            raise UnwritableStoreError(f"Keyart cannot look at {self._folder}: {error.strerror}.") from error

    @property
    def moved(self) -> bool:
        """Whether the database's own name leads to another file: then the open files are of no use any more."""
        return self._identity("") != self._files[""]

    @property
    def at_home(self) -> bool:
        """Whether the folder is still the same: it was not renamed, and its disk was not removed or replaced."""
        return _identity(self._folder) == self._home

    def clear_away(self) -> None:
        """Delete the rest of the write-ahead log of a deleted database.

        SQLite would read it as that of the new file, and damage that. Names that lead to other files stay.
        """
        for suffix in SUFFIXES[1:]:
            if self._files[suffix] and self._identity(suffix) == self._files[suffix]:
                with suppress(FileNotFoundError):
                    self._named(suffix).unlink()

    def _look(self) -> None:
        for suffix, known in self._files.items():
            there = self._identity(suffix)
            if there != known:
                self.lost, self._settled = True, None
                raise LostStoreError(self._sentence(suffix, gone=there is None))
        self.lost = False

    def _sentence(self, suffix: str, *, gone: bool) -> str:
        what = "was deleted or moved away" if gone else "was replaced by another file"
        return f"{self._named(suffix)} {what} while it is in use. {self._part_gone if suffix else self._gone}"

    def _named(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)

    def _identity(self, suffix: str) -> Identity | None:
        return _identity(f"{self._path}{suffix}")


def _identity(path: str) -> Identity | None:
    try:
        found = os.stat(path)  # noqa: PTH116  as above
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
