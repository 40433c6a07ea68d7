"""The time that records are stamped with."""

from collections.abc import Callable

SLOWER = 64
"""While the log is ahead of the clock its time runs slower by the 64th part, so that the clock catches up."""


class LogTime:
    """The clock's time; while the log is ahead of the clock, the log's own time, which still passes.

    Stamps never decrease. If the clock was ahead and is set back, the log's time would stop until the clock
    catches up, and no window would close. Therefore it continues from its last stamp by the time that passes,
    independently of the clock. Each process does this separately. The one that is furthest ahead counts for all,
    because each sees the others' stamps.
    """

    def __init__(self, clock: Callable[[], int], passing: Callable[[], int] | None = None):
        """Take clock and passing time, in milliseconds.

        Without `passing` the log's time stops while it is ahead.
        """
        self._clock, self._passing = clock, passing
        self._last = self._seen_at = 0
        self._from = self._since = 0

    def see(self, stamp: int) -> None:
        if stamp > self._last:
            self._last = stamp
            self._seen_at = self._passing() if self._passing else 0

    def now(self) -> int:
        """Return the time, never less than a stamp that was seen."""
        clock = self._clock()
        return clock if clock >= self._last else self._ahead()

    def _ahead(self) -> int:
        if self._passing is None:
            return self._last
        passed = self._passing()
        if self._last > self._from + _slowed(self._seen_at - self._since):
            self._from, self._since = self._last, self._seen_at
        return self._from + _slowed(passed - self._since)


def _slowed(ms: int) -> int:
    return ms * (SLOWER - 1) // SLOWER
