"""A copy of a data folder that a service may be using."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.data_folder import DataFolder

Progress = Callable[[str, int, int], object]
"""A function that gets the copied part, how much of it is done, and how much there is."""

SPARE_BYTES = 16 << 20
PRIVATE = 0o700


class BackupError(Exception):
    """No backup was made; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Databases:
    """The copying of the store's files, given a folder and a progress function; it returns the last position."""

    size: int
    copy: Callable[[Path, Callable[[int, int], object]], int]


@dataclass(slots=True)
class Tree:
    """The copied files of a folder, and how many of them are linked."""

    files: int = 0
    size: int = 0
    linked: int = 0


@dataclass(frozen=True, slots=True)
class Copied:
    """The content of a backup. Files that are `linked` share their bytes on the disk with the data folder's."""

    position: int
    databases: int
    documents: int
    pictures: Tree
    originals: Tree


def back_up(data: Path, destination: Path, databases: Databases, progress: Progress) -> Copied:
    """Copy databases, then catalogue, pictures and originals, into a new folder that is there whole or not at all.

    Files that the databases name stay for longer than a copy takes, because cleaning up waits for a day; only an
    original goes immediately if its consent is withdrawn. The admin key is left out. Raises `BackupError`,
    `OSError`, and the errors of `databases`.
    """
    destination = destination.resolve()  # what a link leads to is replaced, and `.` has a name
    _check(data, destination, databases)
    half = destination.with_name(f".{destination.name}.{secrets.token_hex(4)}.tmp")
    half.mkdir(mode=PRIVATE, parents=True)
    source, target = DataFolder(data), DataFolder(half)
    try:
        position = databases.copy(half, lambda done, total: progress("databases", done, total))
        documents = _copy_tree(source.catalogue, target.catalogue, _copy, progress)
        pictures = _copy_tree(source.images, target.images, _link_or_copy, progress)
        target.originals.mkdir(mode=PRIVATE)
        originals = _copy_tree(source.originals, target.originals, _link_or_copy, progress)
        size = sum(file.stat().st_size for file in half.iterdir() if file.is_file())
        _rename(half, destination)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return Copied(position, size, documents.files, pictures, originals)


def _check(data: Path, destination: Path, databases: Databases) -> None:
    if not databases.size:
        raise BackupError(f"There is no log in {data.resolve()}; set KEYART_DATA to the service's data folder.")
    if destination.is_relative_to(data.resolve()):
        raise BackupError(f"{destination} is inside the data folder; name a place outside {data}.")
    if destination.exists() and not destination.is_dir():
        raise BackupError(f"{destination} is a file; name a new folder.")
    if os.path.ismount(destination):
        raise BackupError(f"{destination} is a separate disk; name a folder inside it.")
    if destination.exists() and any(destination.iterdir()):
        raise BackupError(f"{destination} exists and is not empty; name a new folder, for example with the date.")
    free = shutil.disk_usage(_existing(destination)).free
    if free < databases.size + SPARE_BYTES:
        raise BackupError(
            f"{destination} has {free >> 20} MiB left, and the databases alone take {databases.size >> 20} MiB; "
            "make room, or name another disk."
        )


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.absolute().parents) if each.is_dir())


def _rename(half: Path, destination: Path) -> None:
    try:
        half.replace(destination)
    except OSError as error:  # an empty folder is replaced, but not one that is a separate disk
        raise BackupError(
            f"Keyart cannot move the backup to {destination} ({error.strerror}); name a folder inside it."
        ) from error


def _copy_tree(source: Path, target: Path, take: Callable[[Path, Path], bool], progress: Progress) -> Tree:
    """Copy whole files only: the name of an unfinished one begins with a dot."""
    found = list(_files(source))
    tree = Tree()
    for number, path in enumerate(found, 1):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            tree.linked += take(path, copy)
        except FileNotFoundError:  # nothing names it any more, and it was cleared away since
            continue
        tree.files += 1
        tree.size += copy.stat().st_size
        progress(source.name, number, len(found))
    return tree


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file() and not path.is_symlink():
            yield path


def _link_or_copy(path: Path, copy: Path) -> bool:
    """Link what never changes under its name, or copy it to another disk; return whether it is linked."""
    try:
        os.link(path, copy)
    except FileNotFoundError:
        raise
    except OSError:
        return _copy(path, copy)
    return True


def _copy(path: Path, copy: Path) -> bool:
    """Copy a file with its time, because the time of a document tells when its catalogue was current."""
    shutil.copy2(path, copy)
    return False
