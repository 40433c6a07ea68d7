"""Immutable documents in a folder, each named by the hash of its content."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from assets import checks
from assets.catalogue import (
    REVISION_DIGITS,
    CatalogueError,
    Title,
    revision_of,
    title_from_json,
    title_to_json,
)
from assets.codec import canonical, parsed
from assets.files import older, remove_older, write_whole
from assets.provenance import MADE, Made

_NAME: Final = re.compile(rf"[0-9a-f]{{{REVISION_DIGITS}}}")
_REMEMBERED_TITLES: Final = 1024


class UnknownRevision(LookupError):
    """No document has this name."""


class DamagedRevision(ValueError):
    """A document's content does not match its name."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A whole catalogue: the revision of each title, and the ways of making pictures that are not served."""

    titles: Mapping[str, str] = field(default_factory=dict)
    barred: tuple[Made, ...] = ()

    def __post_init__(self) -> None:
        for title in self.titles:
            checks.slug(title, "title id")
        checks.unique(self.barred, "barred way to make a picture")
        for made in self.barred:
            checks.choice(made, MADE, "way to make a picture")


class Revisions:
    """Titles and whole catalogues, former ones too; the store says which catalogue is current."""

    def __init__(self, folder: Path) -> None:
        self._titles = folder / "titles"
        self._catalogues = folder / "catalogues"
        self._remembered = lru_cache(maxsize=_REMEMBERED_TITLES)(self._read_title)

    def put_title(self, title: Title) -> str:
        return _put(self._titles, title_to_json(title))

    def title(self, revision: str) -> Title:
        """The title of that revision, or UnknownRevision, or DamagedRevision."""
        return self._remembered(revision)

    def put_catalogue(self, catalogue: Catalogue, since: Catalogue | None = None) -> str:
        """Store a catalogue; raises `UnknownRevision` if a title was never put.

        Titles that `since`, its predecessor, names are not checked, so that a lost title blocks no change of
        another.
        """
        earlier = since.titles if since else {}
        for title, revision in catalogue.titles.items():
            if earlier.get(title) != revision and not _path(self._titles, revision).is_file():
                raise UnknownRevision(f"Title {title} has no revision {revision!r} here; save the title first.")
        return _put(self._catalogues, canonical(catalogue))

    def catalogue(self, name: str) -> Catalogue:
        """The catalogue of that name, or UnknownRevision, or DamagedRevision."""
        try:
            return parsed(Catalogue, _get(self._catalogues, name))
        except CatalogueError as error:
            raise DamagedRevision(f"Revision {name} does not have a valid catalogue: {error}") from error

    def since(self, moment: float) -> list[str]:
        """The catalogues that were current at that Unix time, or came up after it."""
        over = set(_succeeded(self._catalogues, moment))
        return [path.stem for path in _documents(self._catalogues) if path not in over]

    def prune(self, keep: Collection[str], older_than: float) -> int:
        """Delete documents that are not in `keep` and went out of use before that Unix time; return their number.

        A catalogue was current until the next one was put; one that stays keeps its titles. Files that a killed
        writer left are deleted too.
        """
        catalogues = [path for path in _succeeded(self._catalogues, older_than) if path.stem not in keep]
        staying = {path.stem for path in _documents(self._catalogues)} - {path.stem for path in catalogues}
        needed = {revision for name in staying for revision in self.catalogue(name).titles.values()}
        titles = list(_disposable(self._titles, needed.union(keep), older_than))
        # Catalogues first: if the process is killed in between, no catalogue names a missing title.
        gone = sum(remove_older(path, older_than) for path in [*catalogues, *titles])
        for path in _leftovers(self._catalogues, self._titles):
            remove_older(path, older_than)
        return gone

    def _read_title(self, revision: str) -> Title:
        try:
            return title_from_json(_get(self._titles, revision))
        except CatalogueError as error:
            raise DamagedRevision(f"Revision {revision} does not have a valid title: {error}") from error


def _put(folder: Path, content: bytes) -> str:
    name = revision_of(content)
    path = _path(folder, name)
    if not _renewed(path, content):
        write_whole(path, content)
    return name


def _renewed(path: Path, content: bytes) -> bool:
    """Make it young again if it is there and whole, so that a prune beside this leaves it alone."""
    try:
        if path.read_bytes() != content:
            return False
        os.utime(path)  # not `touch`, which makes an empty file of one that was pruned since
    except FileNotFoundError:
        return False
    return True


def _get(folder: Path, name: str) -> bytes:
    path = _path(folder, name)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise UnknownRevision(f"There is no revision {name} in {folder}; import the catalogue again.") from error
    if revision_of(content) != name:
        raise DamagedRevision(
            f"{path} is damaged: its content does not match its name; delete it and import again."
        )
    return content


def _path(folder: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise UnknownRevision(f"{name!r} is not a revision; those are {REVISION_DIGITS} lower-case hex digits.")
    return folder / f"{name}.json"


def _documents(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*.json") if _NAME.fullmatch(path.stem))


def _succeeded(folder: Path, moment: float) -> list[Path]:
    """The documents after which another one was put before that moment."""
    by_age = sorted(_documents(folder), key=lambda path: path.stat().st_mtime)
    return [path for path, next_one in pairwise(by_age) if older(next_one, moment)]


def _disposable(folder: Path, keep: Collection[str], older_than: float) -> Iterator[Path]:
    return (path for path in _documents(folder) if path.stem not in keep and older(path, older_than))


def _leftovers(*folders: Path) -> Iterator[Path]:
    return (path for folder in folders for path in folder.glob(".*.tmp"))
