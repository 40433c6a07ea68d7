"""The clock: milliseconds of the day, and milliseconds that pass."""

import time


def now_ms() -> int:
    """Return the machine's clock in Unix milliseconds."""
    return time.time_ns() // 1_000_000


def passed_ms() -> int:
    """Return how time passes, whoever sets the clock meanwhile."""
    return time.monotonic_ns() // 1_000_000
