"""The data folder: whether it can be used, by whom it is, what is left on its disk."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from app.data_folder import ADMIN_KEY, RUN, STATE, DataFolder
from app.operations.doctor.finding import Finding, listed, note, ok, size, span, wrong
from app.operations.in_force import in_use
from app.settings import KEY, SHORTEST_KEY

SOON_TO_TELL = 86_400
"""Seconds: from a shorter log its pace can't be told."""
LEAST_FREE, LITTLE_FREE = 64 << 20, 1 << 30
SHARED = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "fuse.", "virtiofs", "lustre")
FLEETING = {
    "tmpfs": "is in memory and gone when the machine starts again",
    "ramfs": "is in memory and gone when the machine starts again",
    "overlay": "is a container's own layer and gone with the container",
}
MOUNTS = Path("/proc/self/mountinfo")


def findings(folder: Path) -> Iterator[Finding]:
    """Look at the folder, or, where there is none yet, at the place where it would be made."""
    yield place(folder)
    there = _existing(folder)
    yield from file_system(there, MOUNTS.read_text() if MOUNTS.exists() else "")
    yield free(folder, left(folder))
    if folder.is_dir() and os.access(folder, os.R_OK | os.X_OK):
        yield owner(folder)
        yield readers(folder)
        yield from admin_key(DataFolder(folder).admin_key)
        yield use(folder)


def place(folder: Path) -> Finding:
    about, name = "folder", folder.absolute()
    if folder.exists() and not folder.is_dir():
        return wrong(about, f"KEYART_DATA is {name}, which is a file.", "Name a folder, or move the file away.")
    if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
        return wrong(
            about, f"{name} can't be read by this user.", "Give it to the user that Keyart runs as: chown -R."
        )
    if not os.access(_existing(folder), os.W_OK | os.X_OK) or _read_only(_existing(folder)):
        return wrong(
            about,
            f"{_existing(folder)} can't be written to by this user.",
            "Give it to the user that Keyart runs as, mount it writable, or set KEYART_DATA.",
        )
    if not folder.exists():
        return note(
            about,
            f"There is no data folder {name} yet.",
            "Start `keyart serve`, which makes it, or set KEYART_DATA.",
        )
    return _log(folder, name) or ok(about, f"{name} can be read and written.")


def _log(folder: Path, name: Path) -> Finding | None:
    """Say what is wrong if there is no log."""
    if DataFolder(folder).log.exists():
        return None
    if DataFolder(folder).state.exists():
        return wrong(
            "folder",
            f"There is no log in {name}, and a state that was made from one: the log was deleted or moved away.",
            "Stop the service and put a backup in the place of the folder (docs/operations.md); to begin anew, "
            f"move {STATE} away.",
        )
    return note(
        "folder", f"There is no log in {name} yet.", "Start `keyart serve`, which makes it, or set KEYART_DATA."
    )


def _existing(path: Path) -> Path:
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.is_dir())


def _read_only(path: Path) -> bool:
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def file_system(folder: Path, mounts: str) -> Iterator[Finding]:
    """Say what kind of file system a folder is on, by the kernel's list of mounts (proc(5), mountinfo)."""
    kind = _kind(folder.resolve(), mounts)
    if kind is None:
        return
    about = "file system"
    if kind.startswith(SHARED):
        yield wrong(
            about,
            f"{folder} is on {kind}, where the write-ahead log of SQLite does not work and may damage the log.",
            "Put the data folder on a local disk.",
        )
    elif kind in FLEETING:
        yield note(
            about, f"{folder} {FLEETING[kind]} ({kind}).", "Put it on a disk, or in a volume, if it is to last."
        )
    else:
        yield ok(about, f"{folder} is on {kind}.")


def _kind(folder: Path, mounts: str) -> str | None:
    """Return the type of the file system that is mounted nearest above the folder; of several there, the last."""
    found: tuple[int, str] | None = None
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        point = Path(fields.split()[4].replace("\\040", " "))
        if folder.is_relative_to(point) and (found is None or len(point.parts) >= found[0]):
            found = len(point.parts), rest.split()[0]
    return found[1] if found else None


def free(folder: Path, left: int) -> Finding:
    used = _used(folder)
    sentence = f"{size(left)} are free on the disk of {folder.absolute()}, which takes {size(used)}."
    remedy = "Make room, or lower KEYART_RETENTION_DAYS; a full disk stops logging, and with it every decision."
    if left < LEAST_FREE:
        return wrong("disk space", sentence, remedy)
    if left < max(LITTLE_FREE, used // 2):
        return note("disk space", sentence, remedy)
    return ok("disk space", sentence)


def left(folder: Path) -> int:
    return shutil.disk_usage(_existing(folder)).free


def _used(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(parent) / name).lstat().st_size
    return total


def owner(folder: Path) -> Finding:
    me = os.geteuid()
    files = [folder, *(path for path in folder.iterdir() if path.name != RUN)]
    owners = {path.lstat().st_uid for path in files}
    if owners == {me}:
        return ok("owner", "The folder and what is in it belong to this user.")
    others = listed([path.name for path in files if path.lstat().st_uid != me])
    weight = note if me == 0 and len(owners) == 1 else wrong
    return weight(
        "owner",
        f"Not all here belongs to this user, whose number is {me}; to another belong {others}.",
        "Run Keyart as the user that owns the folder, or give it all to one: chown -R.",
    )


def readers(folder: Path) -> Finding:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o002:
        return wrong("mode", f"Others may write into the folder (mode {mode:o}).", f"chmod 700 {folder}")
    if mode & 0o020:
        return note(
            "mode",
            f"The folder's group may write into it (mode {mode:o}), and the log holds keys.",
            f"chmod 700 {folder}, unless the group was given it on purpose, as by a Kubernetes fsGroup.",
        )
    if mode & 0o005:
        return note(
            "mode",
            f"Every user of this machine may look into the folder (mode {mode:o}), and the log holds keys.",
            f"chmod 700 {folder}",
        )
    return ok("mode", f"Nobody else may look into the folder (mode {mode:o}).")


def admin_key(path: Path) -> Iterator[Finding]:
    if not path.exists():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        yield wrong(
            ADMIN_KEY,
            f"Others may read the admin key (mode {mode:o}).",
            f"chmod 600 {path}, and make a new key if somebody has read it: delete the file and start again.",
        )
    elif not KEY.fullmatch(path.read_text(errors="replace").strip()):
        yield wrong(
            ADMIN_KEY,
            f"The file of the admin key holds no key of {SHORTEST_KEY} characters or more.",
            "Delete it and start again: another is made.",
        )
    else:
        yield ok(ADMIN_KEY, "The admin key is readable by its owner alone.")


def use(folder: Path) -> Finding:
    if in_use(folder):
        return ok("in use", "A service uses the folder.")
    return ok("in use", "No service uses the folder now.")


def growth(log_size: int, seconds: float, retention: float, left: int) -> Iterator[Finding]:
    """Say whether the log will fit, if it grows as it has until its oldest record is past retention."""
    if seconds < SOON_TO_TELL or seconds >= retention:
        return
    more = log_size / seconds * (retention - seconds)
    if more > left:
        yield note(
            "disk space",
            f"At its pace the log takes {size(more)} more before its oldest records go; {size(left)} are free.",
            f"Make room, or lower KEYART_RETENTION_DAYS; it will be full in {span(left * seconds / log_size)}.",
        )
