"""The clock: windows close and holds end by the log's time, which never goes back."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import suppress

from app.operations.doctor.finding import Finding, note, ok, span, wrong

SLIGHTLY_MS = 2_000
MOST_APART = 3.0
"""Seconds: an answer's Date is in whole ones, and takes its time to come."""
UNSYNCHRONISED = 5
"""What adjtimex(2) returns where nobody sets the clock."""
TIMEX_BYTES = 512
"""More than its structure takes; all zero, it asks and sets nothing."""


def stamps(last: int, now: int) -> Finding:
    """Compare the log's last stamp with the machine's clock, both in milliseconds."""
    ahead = last - now
    if ahead <= SLIGHTLY_MS:
        return ok("stamps", f"The log's last record is {span(max(0, -ahead) / 1000)} old by this clock.")
    return note(
        "stamps",
        f"The log's last stamp is {span(ahead / 1000)} ahead of this clock, because the clock was ahead once. The "
        "log goes on from there as time passes, and what is logged meanwhile is kept that much longer.",
        "Set the clock right if it is wrong now. If it is right, nothing needs doing.",
    )


def kept_right() -> Iterator[Finding]:
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
        if state == UNSYNCHRONISED:
            yield note(
                "time service",
                "Nothing keeps this machine's clock right.",
                "Turn on NTP: `timedatectl set-ntp true`.",
            )
        elif state >= 0:
            yield ok("time service", "A time service keeps this machine's clock right.")


def apart(seconds: float) -> Finding:
    """Judge how far the service's clock is from this one's."""
    if abs(seconds) <= MOST_APART:
        return ok("service's clock", "The service's clock and this one agree.")
    where = "ahead of" if seconds > 0 else "behind"
    return wrong(
        "service's clock",
        f"The service's clock is {span(abs(seconds))} {where} this one.",
        "Turn on NTP on both machines: decision ids and windows go by the service's clock.",
    )
