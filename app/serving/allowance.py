"""The number of decisions a second that a worker makes for calls without a key."""

from collections.abc import Callable

BURST_SECONDS = 10
"""Seconds for which unused decisions are saved up, because calls for pages come in bursts."""


class OverAllowanceError(Exception):
    """A call asks for more decisions than are allowed at the moment."""


class Allowance:
    """A count of titles, not of calls: a page of 40 takes 40. The allowance refills evenly."""

    def __init__(self, per_second: float, clock: Callable[[], float]):
        """Take the rate in titles per second, and a clock in seconds that never steps."""
        self._rate, self._most, self._clock = per_second, per_second * BURST_SECONDS, clock
        self._left, self._at = self._most, clock()

    def take(self, wanted: int) -> int:
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._rate)
        self._at = now
        taken = min(wanted, int(self._left))
        self._left -= taken
        return taken
