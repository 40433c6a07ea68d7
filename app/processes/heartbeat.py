"""A pipe on which a process says, again and again, that its event loop goes round."""

import os
from contextlib import suppress

START_SECONDS = 120.0
"""How long a process may take to its first beat: it imports, and opens its files."""
HUNG_SECONDS = 10.0
"""How long it may be silent afterwards. Nothing that a worker does keeps its event loop for more than a second."""
COUNTED_SECONDS = 0.5
"""What counts at most of the time between two looks: if we stood still, by a pause of the machine, so did all."""


class Heartbeat:
    """The end of the one who listens. The other end is a file descriptor, to be inherited."""

    def __init__(self) -> None:
        self._heard_at, self.handle = os.pipe()
        os.set_blocking(self._heard_at, False)
        os.set_blocking(self.handle, False)
        self._silent = 0.0
        self._begun = False

    def begin(self) -> None:
        """Forget the process before; another one is started."""
        self._read()
        self._silent, self._begun = 0.0, False

    def listen(self, elapsed: float) -> None:
        """Take in what was said in the time since the last look."""
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
    """Say that all is well. Whether anybody listens is no matter."""
    with suppress(OSError):
        os.write(handle, b".")
