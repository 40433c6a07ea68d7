"""The machine: Python and its packages, cores, memory, open files, what pictures and names need."""

import os
import re
import resource
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from app.operations.doctor.finding import Finding, note, ok, size, wrong
from app.settings import Settings
from assets.abilities import lacking
from assets.picture import PictureError
from assets.titling.fonts import typefaces

OLDEST = (3, 11)
PROCESS_BYTES = 180 << 20
"""What a worker or the trainer takes at most, with a catalogue of a few hundred titles."""
SPARE_BYTES = 32 << 20
"""What each should have left while it runs: weights are loaded beside those in use."""
FEWEST_FILES, ENOUGH_FILES = 256, 1024
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:[^;]*?>=\s*([0-9.]+))?")


def findings(settings: Settings, *, running: bool) -> Iterator[Finding]:
    yield python(sys.version_info[:2])
    yield packages(requires("keyart") or [])
    yield cores(
        settings.workers, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    )
    yield memory(settings.workers, available_memory(), running=running)
    yield open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[1])  # a service raises its soft limit to that
    yield pictures(lacking())
    yield fonts()


def python(running: tuple[int, int]) -> Finding:
    name = ".".join(map(str, running))
    if running >= OLDEST:
        return ok("Python", f"Python {name} is one that Keyart runs on.")
    return wrong(
        "Python",
        f"Python {name} is older than Keyart needs.",
        "Make the environment with Python 3.11 or newer: `make PYTHON=/path/to/python3.13 run`.",
    )


def packages(wanted: Iterable[str]) -> Finding:
    everywhere = [each for each in wanted if ";" not in each]  # the others belong to an extra, or to some machines
    faults = [fault for each in everywhere if (fault := _package_fault(each))]
    if not faults:
        return ok("packages", "All packages are there, each as new as Keyart needs it.")
    return wrong(
        "packages", f"Packages don't fit: {', '.join(faults)}.", "Make the environment anew from the lock."
    )


def _package_fault(requirement: str) -> str | None:
    match = REQUIREMENT.match(requirement)
    if match is None:
        return None
    name, least = match.groups()
    try:
        there = version(name)
    except PackageNotFoundError:
        return f"{name} is missing"
    return f"{name} is {there}, less than {least}" if least and _numbers(there) < _numbers(least) else None


def _numbers(text: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", text.partition("+")[0])]


def cores(workers: int, there: int | None) -> Finding:
    if there is None or workers + 1 <= there:
        return ok("cores", f"{there or 'Some'} cores for {workers} worker(s) and the trainer.")
    if workers <= there:
        return note(
            "cores",
            f"{workers} worker(s) and the trainer share {there} core(s): learning waits while many viewers come.",
            "Leave a core to the trainer if learning falls behind.",
        )
    return note(
        "cores",
        f"{workers} workers share {there} core(s); more workers than cores answer no more requests.",
        f"Set KEYART_WORKERS to at most {there}.",
    )


def memory(workers: int, available: int | None, *, running: bool) -> Finding:
    """Compare what is left with what workers and trainer take, or with what they may still want if they run."""
    needed = (workers + 1) * (SPARE_BYTES if running else PROCESS_BYTES)
    if available is None:
        return ok("memory", "How much memory is left can't be told here.")
    who = f"{workers} worker(s) and a trainer {'want beside what they have' if running else 'take'}"
    if available >= needed:
        return ok("memory", f"{size(available)} of memory are left; {who} up to {size(needed)}.")
    return wrong(
        "memory",
        f"{size(available)} of memory are left, and {who} up to {size(needed)}.",
        "Lower KEYART_WORKERS, end what else runs, or give the machine or container more.",
    )


def available_memory(root: Path = Path("/")) -> int | None:
    """Return what is left to the machine, or to the container if that is less; None where nothing says so."""
    found = [
        each
        for each in (_of_machine(root / "proc/meminfo"), _of_container(root / "sys/fs/cgroup"))
        if each is not None
    ]
    return min(found, default=None)


def _of_machine(path: Path) -> int | None:
    match = re.search(r"MemAvailable:\s+(\d+) kB", _text(path))
    return int(match[1]) * 1024 if match else None


def _of_container(folder: Path) -> int | None:
    limit, used = _text(folder / "memory.max"), _text(folder / "memory.current")
    return max(0, int(limit) - int(used)) if limit.isdigit() and used.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def open_files(most: int) -> Finding:
    if most == resource.RLIM_INFINITY or most >= ENOUGH_FILES:
        return ok("open files", "A process may have as many files and connections open as it needs.")
    weight = wrong if most < FEWEST_FILES else note
    return weight(
        "open files",
        f"A process may have {most} files open, and every connection is one.",
        f"Raise the hard limit to {ENOUGH_FILES} or more: `ulimit -Hn`, or LimitNOFILE in a systemd unit.",
    )


def pictures(missing: Iterable[str]) -> Finding:
    names = list(missing)
    if not names:
        return ok("pictures", "Pillow reads and writes AVIF, WebP and JPEG, and shapes letters.")
    return wrong(
        "pictures",
        f"Pillow lacks {', '.join(names)} here, so that pictures can't be imported as they should be.",
        "Install Pillow's own wheel rather than the system's package.",
    )


def fonts() -> Finding:
    try:
        found = typefaces()
    except PictureError as error:
        return note(
            "fonts",
            f"Names can't be set on pictures: {str(error).partition(';')[0]}.",
            "Install keyart[fonts], or Debian's fonts-noto-core, if names are to be set on pictures.",
        )
    return ok("fonts", f"{len(found)} font(s) to set names in, {found[0].path.name} first.")
