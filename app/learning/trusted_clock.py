"""The clock, as far as anything may be deleted by it."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from app.store.protocol import Log

log = structlog.get_logger()

SETTING = "trusted_time"
SLACK_MS = 60_000
"""By how much the clock may be put right between two looks without a doubt."""
KEEP_MS = 30_000
"""How often it is written down, at most."""
STABLE_MS = 24 * 3_600_000
"""So long a clock that was set ahead has to go right until it is believed: somebody may set it back before."""
JOINED_MS = 3_600_000
"""A start within so short a running time of the last one adds to the same gap, so that there are at most 25."""


@dataclass(slots=True)
class Gap:
    """By how much the clock is ahead of the time that surely passed, and for how long it went right since."""

    ms: int
    right: int = 0


class TrustedClock:
    """Runs no faster than time passes, also from one start to the next: a clock that leaps makes nothing old.

    After a leap, or after a time in which nothing ran, it lags behind the clock, and what goes by it is deleted so
    much later. It takes the clock's word for such a gap after that has gone right for a day. The day is one of
    running time, and goes on from one start to the next: a service that runs by day alone would never have it
    otherwise. Each gap has a day of its own, or a clock that went wrong while nothing ran would be believed
    because it had been right before.
    """

    def __init__(self, store_log: Log, clock: Callable[[], int], passing: Callable[[], int]):
        """Take the clock and how time passes, both in milliseconds."""
        self._log, self._clock, self._passing = store_log, clock, passing
        self._trusted: int | None = None
        self._gaps: list[Gap] = []
        self._kept: tuple[int, list[int]] | None = None
        self._looked = passing()
        self._offset: int | None = None

    async def now(self) -> int:
        """Return the trusted time, in Unix milliseconds, and write it down for the next start."""
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
        """Take note of a time in which nothing ran: how long it was is not known, and nobody speaks of a leap."""
        new = ahead - sum(gap.ms for gap in self._gaps)
        while new < 0 and self._gaps:  # it was set back meanwhile: what came last was wrong
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
        """Let the clock have gone right for so long; return how much of its lead is believed by now."""
        for gap in self._gaps:
            gap.right += ran
        over = sum(gap.ms for gap in self._gaps if gap.right >= STABLE_MS)
        self._gaps = [gap for gap in self._gaps if gap.right < STABLE_MS]
        return over

    def _take(self, clock: int) -> int:
        self._offset, self._gaps = None, []
        return clock

    async def _known(self, clock: int) -> tuple[int, list[Gap]]:
        """Return what was trusted last; where nobody wrote it down, what log and clock agree to be over."""
        kept = await self._log.setting(SETTING)
        if kept is not None:
            return _read(kept)
        stamp = (await self._log.head()).stamp
        return min(stamp, clock) if stamp else clock, []

    async def _keep(self, trusted: int) -> None:
        """Write down time and gaps together: apart, the end of a process between them would mix them up."""
        gaps = [gap.ms for gap in self._gaps]
        if self._kept is None or abs(trusted - self._kept[0]) >= KEEP_MS or gaps != self._kept[1]:
            before = await self._log.setting(SETTING)
            content = [trusted, *([gap.ms, gap.right] for gap in self._gaps)]
            await self._log.swap_setting(SETTING, before, json.dumps(content).encode())
            self._kept = trusted, gaps


def trusted_in(kept: bytes) -> int:
    """Return the time that a start would go on from."""
    return _read(kept)[0]


def _read(kept: bytes) -> tuple[int, list[Gap]]:
    content = json.loads(kept)
    if isinstance(content, int):  # as it was written before there were gaps
        return content, []
    trusted, *gaps = content
    return trusted, [Gap(*gap) for gap in gaps]
