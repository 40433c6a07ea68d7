"""The service of one checkout, which can be stopped and let go on, and whose worker's processor time is read."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests.bench import servers, wrk
from tests.bench.against.paired import Measured

TITLES, PICTURES = 40, 6
CONNECTIONS = 32
LOADS = {
    "new": "new viewers",
    "known": "known viewers",
}
STOCK = f"""
import shutil, sys
from tests.bench import world
with world.stocked({TITLES}, {PICTURES}) as made:
    shutil.copytree(made, sys.argv[1], dirs_exist_ok=True)
"""


class Side(NamedTuple):
    url: str
    folder: Path
    processes: list[int]
    """The supervisor and what it started."""
    worker: int

    def stop(self) -> None:
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def measure(self, load: str, mark: str, seconds: int) -> Measured:
        """Let it go on, give it a load, and stop it again. A mark that was used before makes no new viewers."""
        self.go_on()
        processor, began = processor_seconds(self.worker), time.monotonic()
        result = self._load(load, mark, seconds)
        measured = Measured(
            result.requests,
            time.monotonic() - began,
            processor_seconds(self.worker) - processor,
            result.failed,
        )
        self.stop()
        return measured

    def fallbacks(self) -> float:
        self.go_on()
        return servers.metric(self.url, "keyart_fallbacks_total")

    def _load(self, load: str, mark: str, seconds: int) -> wrk.Result:
        if load == "known":
            return wrk.single(self.url, self.folder, titles=TITLES, seconds=seconds, connections=CONNECTIONS)
        return wrk.newcomers(
            self.url, self.folder, titles=TITLES, mark=mark, seconds=seconds, connections=CONNECTIONS
        )

    def _signal(self, number: signal.Signals) -> None:
        for pid in self.processes:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def stock(tree: Path, folder: Path, settings: dict[str, str]) -> None:
    """Make a data folder whose service has learned from 2,000 viewers.

    Each checkout makes the catalogue by its own code, because it may keep it in a form of its own.
    """
    command = [servers.python_of(tree), "-c", STOCK, str(folder)]
    subprocess.run(command, cwd=tree, env=servers.surroundings(), check=True)
    with servers.checkout(tree, folder, settings) as (url, _):
        servers.warm_up(url)


@contextmanager
def serving(tree: Path, stocked: Path, folder: Path, settings: dict[str, str], *, trainer: bool) -> Iterator[Side]:
    """Serve a copy of a stocked folder until the block ends, whether it is stopped then or not."""
    shutil.copytree(stocked, folder)
    with servers.checkout(tree, folder, settings, trainer=trainer) as (url, supervisor):
        started = children(supervisor)
        [worker] = [pid for pid, words in started.items() if b"worker" in words]
        side = Side(url, folder, [supervisor, *started], worker)
        try:
            yield side
        finally:
            side.go_on()  # what is stopped does not hear that it should end
    shutil.rmtree(folder)


def children(parent: int) -> dict[int, list[bytes]]:
    """Return the words of each child's command line, by the process ids."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            of = re.search(r"^PPid:\s+(\d+)$", (path / "status").read_text(), re.MULTILINE)
            if of and int(of[1]) == parent:
                found[int(path.name)] = (path / "cmdline").read_bytes().split(b"\0")
    return found


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used in all its threads, its own and the kernel's.

    The kernel's clock of another process counts nanoseconds, where /proc counts hundredths of a second. Its number
    is what the C library's `clock_getcpuclockid` returns on Linux.
    """
    return time.clock_gettime((~pid << 3) | 2)
