"""The content of a folder of originals: title folders with picture files in them."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from assets.artwork import Artwork
from assets.catalogue import Title
from assets.importing.bystanders import Bystanders, is_systems
from assets.importing.ids import composed, ids
from assets.importing.manifest import MANIFEST
from assets.importing.merging import is_news
from assets.importing.names import slug
from assets.importing.outcome import Row
from assets.picture import PictureError
from assets.rendering.container import kind_of, no_picture
from assets.rendering.decoding import read, read_head
from assets.rendering.file_kinds import other_picture

_CALLED_PICTURES: Final = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".tbn", ".png", ".webp"})
"""Suffixes of picture files: if the content is not a picture, the report says so."""


@dataclass(frozen=True, slots=True)
class Original:
    """A picture file that becomes an artwork; `name` is its path in the folder, as messages show it."""

    title: str
    artwork: str
    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class TitleFolder:
    id: str
    path: Path
    originals: tuple[Original, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    folders: tuple[TitleFolder, ...]
    refused: tuple[Row, ...]
    passed_over: tuple[Row, ...]

    @property
    def originals(self) -> list[Original]:
        return [original for folder in self.folders for original in folder.originals]


def survey(folder: Path, current: Mapping[str, Title] | None = None) -> Survey:
    """Find the originals by their first bytes; raises `PictureError` if the folder is not readable.

    `current` are the titles of the catalogue: they and their artworks keep their ids.
    """
    found = _Survey(folder, current or {})
    folders = tuple(found.titles())
    return Survey(folders, tuple(found.refused), tuple(found.bystanders.rows()))


@dataclass(slots=True)
class _Survey:
    root: Path
    current: Mapping[str, Title]
    refused: list[Row] = field(default_factory=list)
    bystanders: Bystanders = field(default_factory=Bystanders)

    def titles(self) -> Iterator[TitleFolder]:
        paths = self._kept(self.root, self._is_title, lambda path: Row(slug(path.name), "", "refused"))
        known = {id_: title.declared for id_, title in self.current.items()}
        given = ids(paths, known, lambda name, id_: self._holds(paths[name], self.current[id_]))
        for name, path in paths.items():
            try:
                yield TitleFolder(given[name], path, tuple(self._originals(given[name], path)))
            except PictureError as error:
                self.refused.append(Row(given[name], "", "refused", str(error)))

    def _originals(self, title: str, folder: Path) -> Iterator[Original]:
        paths = self._kept(
            folder, self._is_original, lambda path: Row(title, slug(path.stem), "refused"), lambda path: path.stem
        )
        known = {each.id: each for each in self.current[title].artworks} if title in self.current else {}
        declared = {id_: artwork.declared for id_, artwork in known.items()}
        given = ids(paths, declared, lambda name, id_: self._is_of(paths[name], known[id_]))
        for name, path in paths.items():
            yield Original(title, given[name], path, self._name(path))

    def _kept(
        self,
        folder: Path,
        keeps: Callable[[Path], bool],
        row: Callable[[Path], Row],
        called: Callable[[Path], str] = lambda path: path.name,
    ) -> dict[str, Path]:
        """Return the kept paths of a folder by name. Refused ones are reported in a row."""
        kept: dict[str, Path] = {}
        for path in _listed(folder):
            try:
                if keeps(path):
                    self._claim(kept, composed(called(path)), path)
            except PictureError as error:
                self.refused.append(replace(row(path), reason=str(error)))
        return kept

    def _claim(self, kept: dict[str, Path], name: str, path: Path) -> None:
        if (other := kept.setdefault(name, path)) != path:
            fault = f"{self._name(path)!r} has the same name as {self._name(other)!r}, which Keyart imports"
            raise PictureError(f"{fault}; rename one of them.")

    def _is_title(self, path: Path) -> bool:
        if self._is_passed_over(path) or path.name == MANIFEST:
            return False
        self._check_link(path)
        if path.is_dir():
            return True
        if self._is_picture(path):
            raise PictureError(f"{self._name(path)!r} is not in a title's folder; move it into one.")
        return False

    def _is_original(self, path: Path) -> bool:
        if self._is_passed_over(path):
            return False
        self._check_link(path)
        if path.is_dir():
            raise PictureError(f"{self._name(path)!r} is a folder; put pictures directly into the title's folder.")
        return self._is_picture(path)

    def _is_passed_over(self, path: Path) -> bool:
        if is_systems(path):
            self.bystanders.note_system(path.name)
            return True
        return False

    def _is_picture(self, path: Path) -> bool:
        """Say whether the file begins like a picture, or is called like one; others are noted or refused."""
        head = read_head(path, self._name(path))
        if kind_of(head) or path.suffix.lower() in _CALLED_PICTURES:
            return True
        if other_picture(head):
            raise no_picture(head, self._name(path))
        self.bystanders.note_other(path)
        return False

    def _check_link(self, path: Path) -> None:
        place, real, root = self._name(path), Path(os.path.realpath(path)), os.path.realpath(self.root)
        if not path.exists():
            raise PictureError(f"{place!r} is a link to a file that does not exist; put the file itself there.")
        if not real.is_relative_to(root):
            raise PictureError(f"{place!r} is a link out of the folder; put the file itself there.")
        if real == Path(root):
            raise PictureError(f"{place!r} is a link to its own folder; remove it.")

    def _holds(self, folder: Path, title: Title) -> bool:
        """Say whether a file of the folder is one that an artwork of the title was made from."""
        paths = (path for path in _listed(folder) if path.suffix.lower() in _CALLED_PICTURES)
        return any(self._is_of(path, *title.artworks) for path in paths)

    def _is_of(self, path: Path, *artworks: Artwork) -> bool:
        """Say whether one of the artworks was made from the file, or from one with the same content."""
        try:
            file = sha256(read(path, self._name(path))).hexdigest()
        except PictureError:
            return False
        return any(not is_news(file, artwork) for artwork in artworks)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except NotADirectoryError as error:
        raise PictureError(
            f"{str(folder)!r} is a file; name the folder that has a folder for each title."
        ) from error
    except OSError as error:
        raise PictureError(
            f"Keyart cannot list the folder {str(folder)!r}: {error.strerror}; check its "
            "permissions, or name another."
        ) from error
