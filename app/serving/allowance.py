"""How many decisions a worker makes in a second for calls without a key."""

from collections.abc import Callable

BURST_SECONDS = 10
"""What was not used is saved up for so long: pages come in bursts."""


class OverAllowanceError(Exception):
    """More was asked for than is allowed just now."""


class Allowance:
    """Counts titles, not calls: a page of 40 takes 40. What is allowed comes back evenly."""

    def __init__(self, per_second: float, clock: Callable[[], float]):
        """Take the rate, and a clock in seconds that is never set."""
        self._rate, self._most, self._clock = per_second, per_second * BURST_SECONDS, clock
        self._left, self._at = self._most, clock()

    def take(self, wanted: int) -> int:
        """Take up to `wanted`, and return how many that were."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._rate)
        self._at = now
        taken = min(wanted, int(self._left))
        self._left -= taken
        return taken
