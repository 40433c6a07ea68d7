"""The machine: Python and its packages, cores, memory, open files, what pictures and names need."""

import os
import platform
import re
import resource
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from app.operations.doctor.finding import Finding, Level, finding, first, graded, size
from app.operations.doctor.observed import Observed
from assets.abilities import lacking
from assets.picture import PictureError
from assets.titling.fonts import typefaces

PROCESS_BYTES = 180 << 20
"""The most memory of a worker or the trainer, with a catalogue of a few hundred titles."""
SPARE_BYTES = 32 << 20
"""The free memory that each needs while it runs: weights are loaded beside those in use."""
FEWEST_FILES, ENOUGH_FILES = 256, 1024
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:[^;]*?>=\s*([0-9.]+))?")


def findings(seen: Observed) -> Iterator[Finding]:
    workers = seen.settings.workers
    yield finding("python", version=platform.python_version())
    yield packages(requires("keyart") or [])
    yield cores(workers, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    yield memory(workers, available_memory(), running=seen.running)
    yield open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[1])  # a service raises its soft limit to that
    yield pictures(lacking())
    yield fonts()


def packages(wanted: Iterable[str]) -> Finding:
    everywhere = [each for each in wanted if ";" not in each]  # the others belong to an extra, or to some machines
    faults = [fault for each in everywhere if (fault := _package_fault(each))]
    return first({"packages-unfit": faults, "packages-there": True}, faults=", ".join(faults))


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
    enough = there is None or workers < there
    conditions = {"cores-enough": enough, "cores-shared": workers == there, "cores-few": True}
    return first(conditions, workers=workers, there=there or "Some")


def memory(workers: int, available: int | None, *, running: bool) -> Finding:
    """Compare the free memory with the need of workers and trainer, or if they run, with their further need."""
    if available is None:
        return finding("memory-unknown")
    needed = (workers + 1) * (SPARE_BYTES if running else PROCESS_BYTES)
    takes = "want beside what they have" if running else "take"
    conditions = {"memory-enough": available >= needed, "memory-little": True}
    return first(conditions, available=size(available), needed=size(needed), workers=workers, takes=takes)


def available_memory(root: Path = Path("/")) -> int | None:
    """Return the free memory of the machine, or of the container if that is less; None if it is not known."""
    machine = re.search(r"MemAvailable:\s+(\d+) kB", _text(root / "proc/meminfo"))
    limit, used = (_text(root / "sys/fs/cgroup" / name) for name in ("memory.max", "memory.current"))
    found = [int(machine[1]) * 1024] if machine else []
    if limit.isdigit() and used.isdigit():
        found.append(max(0, int(limit) - int(used)))
    return min(found, default=None)


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def open_files(most: int) -> Finding:
    if most == resource.RLIM_INFINITY or most >= ENOUGH_FILES:
        return finding("open-files-enough")
    levels: dict[Level, bool] = {"wrong": most < FEWEST_FILES, "note": True}
    return graded("open-files-few", levels, most=most, enough=ENOUGH_FILES)


def pictures(missing: Sequence[str]) -> Finding:
    return first({"pillow-lacks": missing, "pillow-complete": True}, names=", ".join(missing))


def fonts() -> Finding:
    try:
        found = typefaces()
    except PictureError as error:
        return finding("fonts-none", reason=str(error).partition(";")[0])
    return finding("fonts-there", count=len(found), name=found[0].path.name)
