"""The data folder: whether it is usable, which process uses it, and the free space on its disk."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from app.data_folder import RUN, DataFolder
from app.operations.doctor.finding import Finding, Level, finding, first, graded, listed, size, span
from app.operations.doctor.observed import Observed
from app.settings.checks import KEY, SHORTEST_KEY

SOON_TO_TELL = 86_400
"""Seconds: the length of log that is needed to know its pace."""
LEAST_FREE, LITTLE_FREE = 64 << 20, 1 << 30
SHARED = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "fuse.", "virtiofs", "lustre")
IN_MEMORY = "in memory and gone when the machine starts again"
FLEETING = {
    "tmpfs": IN_MEMORY,
    "ramfs": IN_MEMORY,
    "overlay": "a container's own layer and gone with the container",
}
MOUNTS = Path("/proc/self/mountinfo")


def findings(seen: Observed) -> Iterator[Finding]:
    """Look at the folder, or, if there is none yet, at the nearest folder above it that exists."""
    folder = seen.settings.data
    yield usable(folder)
    yield from file_system(_existing(folder), MOUNTS.read_text() if MOUNTS.exists() else "")
    yield free(folder, left(folder))
    if folder.is_dir() and os.access(folder, os.R_OK | os.X_OK):
        yield owner(folder)
        yield readers(folder)
        yield from admin_key(seen.folder.admin_key)
        yield first({"folder-in-use": seen.running, "folder-not-in-use": True})


def usable(folder: Path) -> Finding:
    existing = _existing(folder)
    read_only = os.statvfs(existing).f_flag & os.ST_RDONLY
    conditions = {
        "folder-is-file": folder.exists() and not folder.is_dir(),
        "folder-unreadable": folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK),
        "folder-unwritable": not os.access(existing, os.W_OK | os.X_OK) or read_only,
        "folder-none": not folder.exists(),
        "folder-fit": os.access(DataFolder(folder).log, os.F_OK),
        "log-lost": os.access(DataFolder(folder).state, os.F_OK),
        "log-none": True,
    }
    return first(conditions, folder=folder.absolute(), existing=existing)


def _existing(path: Path) -> Path:
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.is_dir())


def file_system(folder: Path, mounts: str) -> Iterator[Finding]:
    """Say what kind of file system a folder is on, by the kernel's list of mounts (proc(5), mountinfo)."""
    if kind := _kind(folder.resolve(), mounts):
        fate = FLEETING.get(kind)
        conditions = {"file-system-shared": kind.startswith(SHARED), "file-system-fleeting": fate}
        yield first({**conditions, "file-system-fit": True}, folder=folder, kind=kind, fate=fate)


def _kind(folder: Path, mounts: str) -> str | None:
    """Return the type of the file system that is mounted nearest above the folder; of several there, the last."""
    kinds: dict[Path, str] = {}
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        kinds[Path(fields.split()[4].replace("\\040", " "))] = rest.split()[0]
    return next((kinds[each] for each in (folder, *folder.parents) if each in kinds), None)


def free(folder: Path, left: int) -> Finding:
    used = _used(folder)
    levels: dict[Level, bool] = {"wrong": left < LEAST_FREE, "note": left < max(LITTLE_FREE, used // 2)}
    return graded("disk-space", levels, left=size(left), used=size(used), folder=folder.absolute())


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
    owners = {path: path.lstat().st_uid for path in (folder, *folder.iterdir()) if path.name != RUN}
    others = [path.name for path, owner in owners.items() if owner != me]
    if not others:
        return finding("owner-fit")
    root_alone = me == 0 and len(set(owners.values())) == 1
    return graded("owner-other", {"note": root_alone, "wrong": True}, user=me, others=listed(others))


def readers(folder: Path) -> Finding:
    mode = stat.S_IMODE(folder.stat().st_mode)
    conditions = {
        "mode-others-write": mode & 0o002,
        "mode-group-writes": mode & 0o020,
        "mode-others-read": mode & 0o005,
        "mode-fit": True,
    }
    return first(conditions, mode=mode, folder=folder)


def admin_key(path: Path) -> Iterator[Finding]:
    if path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
        is_key = KEY.fullmatch(path.read_text(errors="replace").strip())
        conditions = {"admin-key-readable": mode & 0o077, "admin-key-fit": is_key, "admin-key-empty": True}
        yield first(conditions, mode=mode, path=path, shortest=SHORTEST_KEY)


def growth(log_size: int, seconds: float, retention: float, left: int) -> Iterator[Finding]:
    """Say whether the log will fit, if it grows as it has until its oldest record is past retention."""
    if SOON_TO_TELL <= seconds < retention:
        more = log_size / seconds * (retention - seconds)
        if more > left:
            full_in = span(left * seconds / log_size)
            yield finding("disk-will-be-full", more=size(more), left=size(left), time=full_in)
