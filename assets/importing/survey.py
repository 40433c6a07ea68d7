"""What lies in a folder of originals: title folders with picture files in them."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assets.importing.names import slug
from assets.importing.row import Row
from assets.picture import PictureError
from assets.rendering.container import no_picture
from assets.rendering.foreign import described

_PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_HEAD: Final = 1024
"""Bytes by which a file is known for what it is."""
_IGNORED: Final = frozenset({"", ".txt", ".tsv", ".toml", ".md"})


@dataclass(frozen=True, slots=True)
class Original:
    """A picture file that is to become an artwork; `name` is its place in the folder, for people."""

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

    @property
    def originals(self) -> list[Original]:
        return [original for folder in self.folders for original in folder.originals]


def survey(folder: Path) -> Survey:
    """Find the originals, without opening any; a PictureError says that the folder can't be listed."""
    folders: list[TitleFolder] = []
    refused: list[Row] = []
    claimed: dict[str, str] = {}
    for path in _listed(folder):
        title = slug(path.name)
        try:
            _check_title(path, folder)
            _claim(claimed, title, path.name)
            originals = _originals(title, path, folder, refused)
        except PictureError as error:
            refused.append(Row(title, "", "refused", str(error)))
        else:
            folders.append(TitleFolder(title, path, originals))
    return Survey(tuple(folders), tuple(refused))


def _originals(title: str, folder: Path, root: Path, refused: list[Row]) -> tuple[Original, ...]:
    originals: list[Original] = []
    claimed: dict[str, str] = {}
    for path in _listed(folder):
        original = Original(title, slug(path.stem), path, f"{folder.name}/{path.name}")
        try:
            _check_picture(original, root)
            _claim(claimed, original.artwork, original.name)
        except PictureError as error:
            refused.append(Row(title, original.artwork, "refused", str(error)))
        else:
            originals.append(original)
    return tuple(originals)


def _listed(folder: Path) -> list[Path]:
    # A name that is an id already comes first: it keeps that id where others would get the same.
    try:
        paths = [path for path in folder.iterdir() if not _passed_over(path)]
        return sorted(paths, key=lambda path: (slug(path.stem) != path.stem, path))
    except NotADirectoryError as error:
        raise PictureError(
            f"{str(folder)!r} is a file; name the folder that has a folder for each title in it."
        ) from error
    except OSError as error:
        raise PictureError(
            f"The folder {str(folder)!r} can't be listed: {error.strerror}; name one that can."
        ) from error


def _passed_over(path: Path) -> bool:
    return path.name.startswith(".") or (path.suffix.lower() in _IGNORED and not path.is_dir())


def _check_title(path: Path, root: Path) -> None:
    _check_inside(path, root, path.name)
    if not path.is_dir():
        raise PictureError(f"{path.name!r} lies in no title's folder; move it into one.")


def _check_picture(original: Original, root: Path) -> None:
    _check_inside(original.path, root, original.name)
    if not original.path.is_file():
        raise PictureError(f"{original.name!r} is no regular file; put pictures right in the title's folder.")
    if original.path.suffix.lower() not in _PICTURES:
        raise _other_kind(original)


def _other_kind(original: Original) -> PictureError:
    """Call a file that is not called like a picture what it is, in the words that an upload of it gets."""
    try:
        with original.path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        head = b""
    if described(head):
        return no_picture(head, original.name)
    called = ", ".join(sorted(_PICTURES))
    return PictureError(f"{original.name!r} is not called like a picture ({called}); rename or export it.")


def _check_inside(path: Path, root: Path, name: str) -> None:
    # Not Path.resolve, which raises on a link to itself.
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        raise PictureError(f"{name!r} is a link out of the folder; put the file itself there.")


def _claim(claimed: dict[str, str], wanted: str, name: str) -> None:
    if not wanted:
        raise PictureError(f"{name!r} has no letter a to z and no digit in its name; rename it.")
    if claimed.setdefault(wanted, name) != name:
        raise PictureError(f"{name!r} would get the id {wanted}, as {claimed[wanted]!r} does; rename one.")
