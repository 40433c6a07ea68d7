"""The clock: the only module that asks what time it is."""

import time


def now_ns() -> int:
    """Return the machine's clock in Unix nanoseconds, as a file system stamps files."""
    return time.time_ns()


def now_ms() -> int:
    """Return the machine's clock in Unix milliseconds."""
    return now_ns() // 1_000_000


def passed_ms() -> int:
    """Return how time passes, whoever sets the clock meanwhile."""
    return time.monotonic_ns() // 1_000_000
