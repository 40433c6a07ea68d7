"""A worker that samples itself: `python -m tests.bench.sampler FILE`, with SIGUSR1 to begin and again to end.

It is the worker that `keyart serve` starts, on a socket of its own. A timer of processor time interrupts it; what
it was doing then is counted. Time inside a library written in C is found once it returns, and is its caller's.
"""

import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType

import msgspec

from app.commands.environment import settings_for
from app.processes.listener import listen
from app.wiring.worker import serve

INTERVAL = 0.001
"""Seconds of processor time; the kernel's own clock may be coarser, and is what counts then."""
OWN = ("app.", "assets.", "bandit.")
SERVER = "uvicorn"
BENEATH = "app.wiring.worker"
"""What stands on the stack below everything that a worker does."""


class Samples(msgspec.Struct, frozen=True):
    """Processor seconds, and how often each (module, function) was found."""

    seconds: float
    found: list[tuple[str, str, int]]


class Sampler:
    def __init__(self, file: Path):
        self._file, self._found, self._began = file, Counter[tuple[str, str]](), 0.0
        signal.signal(signal.SIGPROF, self._look)
        signal.signal(signal.SIGUSR1, self._turn)

    def _turn(self, _: int, __: FrameType | None) -> None:
        if not self._began:
            self._began = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
            return
        signal.setitimer(signal.ITIMER_PROF, 0)
        found = [(module, function, count) for (module, function), count in self._found.items()]
        self._file.write_bytes(msgspec.json.encode(Samples(time.process_time() - self._began, found)))

    def _look(self, _: int, frame: FrameType | None) -> None:
        self._found[place(frame)] += 1


def place(frame: FrameType | None) -> tuple[str, str]:
    """Return the innermost module and function of Keyart; where there is none, the innermost package.

    The server counts for itself, though Keyart calls it to send an answer.
    """
    package = ""
    while frame is not None:
        name = frame.f_globals.get("__name__", "?")
        if name == BENEATH:
            break
        if name.startswith(OWN):
            return name, frame.f_code.co_qualname.partition(".<locals>.<")[0]  # a comprehension is its function's
        package = package or name.partition(".")[0]
        if package == SERVER:
            break
        frame = frame.f_back
    return "asyncio" if package in sys.stdlib_module_names else package, ""


def main(file: Path) -> None:
    settings = settings_for("worker")
    Sampler(file)
    serve(settings, listen(settings.host, settings.port))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
