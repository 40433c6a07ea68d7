"""The time that records are stamped with."""

from collections.abc import Callable

SLOWER = 64
"""While the log is ahead of the clock its time runs slower by the 64th part, so that the clock catches up."""


class LogTime:
    """The clock's time; and while the log is ahead of the clock, the log's own, which passes all the same.

    Stamps never go back. If the clock was ahead and is set back, the log would stand until the clock has caught
    up: no window would close. So its time goes on from its last stamp by how much time passes, whatever the clock
    says. Each process tells that by itself; the one that is furthest counts for all, because each sees the others'
    stamps.
    """

    def __init__(self, clock: Callable[[], int], passing: Callable[[], int] | None = None):
        """Take clock and passing time, in milliseconds. Without `passing` the log stands while it is ahead."""
        self._clock, self._passing = clock, passing
        self._last = self._seen_at = 0
        self._from = self._since = 0

    def see(self, stamp: int) -> None:
        """Take note of a record's stamp."""
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
