"""What figures were measured on, and with."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

PACKAGES = (
    *("fastapi", "uvicorn", "uvloop", "httptools", "pydantic", "msgspec", "vowpal-wabbit-next", "pillow"),
    *("gittins", "mabwiser"),
)


class Machine(msgspec.Struct, frozen=True):
    date: str
    commit: str
    """`+` stands for changes that are in no commit."""
    cores: int
    processor: str
    system: str
    python: str
    load: float
    """What ran beside: the load average of the minute before."""
    versions: dict[str, str]


def this_machine(packages: Sequence[str] = PACKAGES) -> Machine:
    return Machine(
        date=datetime.now(UTC).date().isoformat(),
        commit=_commit(),
        cores=os.cpu_count() or 1,
        processor=_processor(),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        load=round(os.getloadavg()[0], 2),
        versions={name: found for name in packages if (found := _version(name))},
    )


def _commit() -> str:
    git = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(git, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except FileNotFoundError:
        found = None
    return found[1].strip() if found else platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
