"""The trusted clock, by which records are deleted."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from app.store.protocol import Log

log = structlog.get_logger()

SETTING = "trusted_time"
SLACK_MS = 60_000
"""Milliseconds that the clock may step between two readings without doubt."""
KEEP_MS = 30_000
"""The shortest time between two writes of the trusted time."""
STABLE_MS = 24 * 3_600_000
"""Milliseconds that a clock set ahead has to run steadily until it is trusted: it may be set back before."""
JOINED_MS = 3_600_000
"""A start after a shorter running time than this adds to the same gap, so that there are at most 25."""


@dataclass(slots=True)
class Gap:
    """How far the clock is ahead of the time that surely passed, and for how long it has been steady since."""

    ms: int
    right: int = 0


class TrustedClock:
    """Runs no faster than time passes, across restarts as well, so that a leap of the clock makes no record old.

    After a leap, or after a time without a running process, it is behind the clock, and deletions are late by as
    much. It accepts such a gap after the clock was steady for a day of running time. The day continues after a
    restart, because a service that runs only by day would never reach it otherwise. Each gap has a separate day:
    otherwise a clock that went wrong between two runs would be trusted because it had been right before.
    """

    def __init__(self, store_log: Log, clock: Callable[[], int], passing: Callable[[], int]):
        """Take the clock and a measure of passing time, both in milliseconds."""
        self._log, self._clock, self._passing = store_log, clock, passing
        self._trusted: int | None = None
        self._gaps: list[Gap] = []
        self._kept: tuple[int, list[int]] | None = None
        self._looked = passing()
        self._offset: int | None = None

    async def now(self) -> int:
        """Return the trusted time, in Unix milliseconds, and store it for the next start."""
        clock, passed = self._clock(), self._passing()
        ran = passed - self._looked
        if self._trusted is None:
            self._trusted, self._gaps = await self._known(clock)
            self._begin(clock - self._trusted - ran)
            self._offset = clock - passed
        self._trusted = self._believed(clock, self._trusted + ran, passed)
        self._looked = passed
        await self._keep(self._trusted)
        return self._trusted

    def _begin(self, ahead: int) -> None:
        """Add a gap for a time without a running process, because its length is not known."""
        new = ahead - sum(gap.ms for gap in self._gaps)
        while new < 0 and self._gaps:  # it was set back meanwhile: the last gap was wrong
            last = self._gaps[-1]
            last.ms, new = last.ms + new, min(0, last.ms + new)
            if last.ms <= 0:
                self._gaps.pop()
        if new > 0 and self._gaps and self._gaps[-1].right < JOINED_MS:
            self._gaps[-1].ms += new
        elif new > 0:
            self._gaps.append(Gap(new))

    def _believed(self, clock: int, expected: int, passed: int) -> int:
        if clock <= expected + SLACK_MS:  # if it is behind, nothing is deleted too early
            return self._take(clock)
        offset = clock - passed
        if self._offset is None or abs(offset - self._offset) > SLACK_MS:
            self._offset, self._gaps = offset, [Gap(clock - expected)]
            log.warning("clock_leaped", seconds=(clock - expected) // 1000)
            return expected
        right = self._settled(passed - self._looked)
        return min(clock, expected + right) if self._gaps else self._take(clock)

    def _settled(self, ran: int) -> int:
        """Count this running time as steady; return how much of the clock's lead is trusted now."""
        for gap in self._gaps:
            gap.right += ran
        over = sum(gap.ms for gap in self._gaps if gap.right >= STABLE_MS)
        self._gaps = [gap for gap in self._gaps if gap.right < STABLE_MS]
        return over

    def _take(self, clock: int) -> int:
        self._offset, self._gaps = None, []
        return clock

    async def _known(self, clock: int) -> tuple[int, list[Gap]]:
        """Return the time that was trusted last; without one, a time that is past by both log and clock."""
        kept = await self._log.setting(SETTING)
        if kept is not None:
            return _read(kept)
        stamp = (await self._log.head()).stamp
        return min(stamp, clock) if stamp else clock, []

    async def _keep(self, trusted: int) -> None:
        """Store time and gaps in one write: if the process ended between two, they would not match."""
        gaps = [gap.ms for gap in self._gaps]
        if self._kept is None or abs(trusted - self._kept[0]) >= KEEP_MS or gaps != self._kept[1]:
            before = await self._log.setting(SETTING)
            content = [trusted, *([gap.ms, gap.right] for gap in self._gaps)]
            await self._log.swap_setting(SETTING, before, json.dumps(content).encode())
            self._kept = trusted, gaps


def trusted_in(kept: bytes) -> int:
    """Return the time that a start would continue from."""
    return _read(kept)[0]


def _read(kept: bytes) -> tuple[int, list[Gap]]:
    content = json.loads(kept)
    if isinstance(content, int):  # the format before there were gaps
        return content, []
    trusted, *gaps = content
    return trusted, [Gap(*gap) for gap in gaps]
