"""A pipe on which a process reports repeatedly that its event loop runs."""

import os
from contextlib import suppress

START_SECONDS = 120.0
"""Seconds until the first beat, in which a process imports modules and opens files."""
HUNG_SECONDS = 10.0
"""Seconds of silence after which a process is hung. No task of a worker keeps its event loop for more than one."""
COUNTED_SECONDS = 0.5
"""The most seconds of silence that count between two readings.

A pause of the machine stops supervisor and worker together, so a longer silence does not mean that a worker hangs.
"""


class Heartbeat:
    """The reading end of the pipe. The other end is a file descriptor that the child inherits."""

    def __init__(self) -> None:
        self._heard_at, self.handle = os.pipe()
        os.set_blocking(self._heard_at, False)
        os.set_blocking(self.handle, False)
        self._silent = 0.0
        self._begun = False

    def begin(self) -> None:
        self._read()
        self._silent, self._begun = 0.0, False

    def listen(self, elapsed: float) -> None:
        if self._read():
            self._silent, self._begun = 0.0, True
        else:
            self._silent += min(elapsed, COUNTED_SECONDS)

    def is_hung(self) -> bool:
        return self._silent > (HUNG_SECONDS if self._begun else START_SECONDS)

    def _read(self) -> bytes:
        with suppress(BlockingIOError):
            return os.read(self._heard_at, 4096)
        return b""


def beat(handle: int) -> None:
    """Write a beat, whether or not a process reads it."""
    with suppress(OSError):
        os.write(handle, b".")
