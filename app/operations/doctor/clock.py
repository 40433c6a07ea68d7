"""The clock: windows close and holds end by the log's time, which never goes back."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import suppress

from app.operations.doctor.finding import Finding, first, span
from app.operations.doctor.observed import Observed

SLIGHTLY_MS = 2_000
MOST_APART = 3.0
"""Seconds: an answer's Date is in whole ones, and takes its time to come."""
UNSYNCHRONISED = 5
"""The result of adjtimex(2) if no service sets the clock."""
TIMEX_BYTES = 512
"""More than its structure takes; all zero, it asks and sets nothing."""


def findings(seen: Observed) -> Iterator[Finding]:
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
            if state >= 0:
                yield first({"time-service-none": state == UNSYNCHRONISED, "time-service": True})
    if seen.head.position:
        yield stamps(seen.head.stamp, seen.now)


def stamps(last: int, now: int) -> Finding:
    """Compare the log's last stamp with the machine's clock, both in milliseconds."""
    ahead = (last - now) / 1000
    conditions = {"stamps-ahead": last - now > SLIGHTLY_MS, "stamps-fit": True}
    return first(conditions, ahead=span(ahead), age=span(max(0, -ahead)))


def apart(seconds: float) -> Finding:
    where = "ahead of" if seconds > 0 else "behind"
    conditions = {"clocks-agree": abs(seconds) <= MOST_APART, "clocks-apart": True}
    return first(conditions, apart=span(abs(seconds)), where=where)
