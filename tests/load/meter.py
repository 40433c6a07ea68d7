"""Counting what viewers got, from the beginning of a stage to its end."""

import os
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from tests.e2e.service import children
from tests.load.stages import Stage, calls

TICKS = os.sysconf("SC_CLK_TCK")


class Meter:
    def __init__(self, service: int | None = None):
        """Take the process whose processor time, with that of its children, is the service's."""
        self._service = service
        self.begin()

    def begin(self) -> None:
        """Forget what was counted, and count anew."""
        self._times: defaultdict[str, list[float]] = defaultdict(list)
        self._late: list[float] = []
        self._failures = self._decisions = self._fallbacks = 0
        self._began, self._spent, self._served = time.perf_counter(), time.process_time(), self._used()

    def add(self, name: str, milliseconds: float, *, failed: bool, decisions: int, fallbacks: int) -> None:
        self._times[name].append(milliseconds)
        self._failures += failed
        self._decisions += decisions
        self._fallbacks += fallbacks

    def late(self, milliseconds: float) -> None:
        """Note by how much a timer of this process was late."""
        self._late.append(milliseconds)

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def end(self, viewers: int) -> Stage:
        """Return what was counted since it began."""
        seconds, spent, used = self.seconds, time.process_time() - self._spent, self._used()
        everything = [each for times in self._times.values() for each in times]
        served = None if used is None or self._served is None else max(0.0, used - self._served)
        return Stage(
            viewers=viewers,
            seconds=seconds,
            named={name: calls(times) for name, times in sorted(self._times.items())},
            total=calls(everything),
            failures=self._failures,
            decisions=self._decisions,
            fallbacks=self._fallbacks,
            waited=sum(everything) / 1000,
            locust=spent / seconds,
            service=None if served is None else served / seconds,
            late_ms=calls(self._late).p95,
        )

    def _used(self) -> float | None:
        """Return the processor seconds that the service's processes have used so far."""
        if self._service is None:
            return None
        return sum(_processor_seconds(pid) for pid in (self._service, *children(self._service)))


def _processor_seconds(pid: int) -> float:
    with suppress(OSError):
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / TICKS
    return 0.0
