"""Files that are either whole or not there, and go once they are old."""

import os
import secrets
import shutil
from pathlib import Path
from typing import Final

_TEMPORARY: Final = ".tmp"


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in place in one step, so that no reader and no crash meets half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A random name rather than a process id: several machines may share the folder.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_TEMPORARY}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def older(path: Path, moment: float) -> bool:
    """Whether the file was written before that Unix time; a missing file counts as not older."""
    try:
        return path.lstat().st_mtime < moment
    except FileNotFoundError:  # somebody else was quicker
        return False


def remove_older(path: Path, moment: float) -> bool:
    """Delete a file or a folder that was written before that Unix time; return whether it was deleted.

    It is first renamed and checked again: if another process has written it in between, it gets its name back.
    """
    if not older(path, moment):
        return False
    aside = _aside(path)
    try:
        path.rename(aside)
    except FileNotFoundError:
        return False
    if not older(aside, moment):
        aside.rename(path)
        return False
    if aside.is_dir() and not aside.is_symlink():
        shutil.rmtree(aside, ignore_errors=True)
    else:
        aside.unlink(missing_ok=True)
    return True


def _aside(path: Path) -> Path:
    """A name that nobody writes to, and that counts as a leftover after a kill."""
    return path if path.suffix == _TEMPORARY else path.with_name(f".{path.name}{_TEMPORARY}")
