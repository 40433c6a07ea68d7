"""The clock: the only module that reads the time."""

import time
from datetime import UTC, datetime


def now_ns() -> int:
    """Return the machine's clock in Unix nanoseconds, as a file system stamps files."""
    return time.time_ns()


def now_ms() -> int:
    """Return the machine's clock in Unix milliseconds."""
    return time.time_ns() // 1_000_000  # not by the function above: each request asks four times


def passed_ms() -> int:
    """Return a count of milliseconds that no change of the clock affects."""
    return time.monotonic_ns() // 1_000_000


def moment(stamp: int) -> str:
    """Return Unix milliseconds as ISO 8601 with a fraction: `2026-11-30T12:00:00.000Z`."""
    return datetime.fromtimestamp(stamp / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
