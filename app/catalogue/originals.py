"""The originals that the service keeps, so that editors can correct crops. No route serves them."""

from collections.abc import Collection, Iterable
from pathlib import Path

import structlog

from assets.catalogue import Title
from assets.rendering.original_names import copy_of
from assets.rendering.originals import Originals, named

log = structlog.get_logger()


class KeptOriginals:
    """The folder of originals, and whether new ones are kept there."""

    def __init__(self, folder: Path, *, keep: bool, most: int):
        self.folder, self.keep, self._most = folder, keep, most

    def adding(self) -> Originals | None:
        """Return the folder in its present size, to which pictures are added; None if originals are not kept."""
        return Originals(self.folder, self._most) if self.keep else None

    def path(self, name: str) -> Path:
        return self.folder / name

    def copy(self, name: str) -> Path:
        """Return the path of the small copy of an original, which editors see."""
        return self.folder / copy_of(name)

    def forget(self, files: Collection[str], titles: Iterable[Title]) -> None:
        """Delete these files, except those that an artwork of the titles keeps. A failure is logged."""
        staying = named(artwork for title in titles for artwork in title.artworks)
        for name in sorted(set(files) - staying):
            try:
                (self.folder / name).unlink(missing_ok=True)
            except OSError as error:
                log.error("original_not_deleted", file=name, reason=str(error))  # noqa: TRY400  the sentence says all
