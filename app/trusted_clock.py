"""The clock, as far as anything may be deleted by it."""

from collections.abc import Callable

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


class TrustedClock:
    """Runs no faster than time passes, also from one start to the next: a clock that leaps makes nothing old.

    After a leap, or after a time in which nothing ran, it lags behind the clock, and what goes by it is deleted so
    much later. It takes the clock's word again after that has gone right for a day.
    """

    def __init__(self, store_log: Log, clock: Callable[[], int], passing: Callable[[], int]):
        """Take the clock and how time passes, both in milliseconds."""
        self._log, self._clock, self._passing = store_log, clock, passing
        self._trusted: int | None = None
        self._kept: int | None = None
        self._looked = passing()
        self._offset: int | None = None
        self._doubted_since = 0

    async def now(self) -> int:
        """Return the trusted time, in Unix milliseconds, and write it down for the next start."""
        clock, passed = self._clock(), self._passing()
        if self._trusted is None:
            self._trusted = await self._known(clock)
            self._doubt(clock - passed, passed)  # how long nothing ran is not known: no leap, but no word for it
        self._trusted = self._believed(clock, self._trusted + passed - self._looked, passed)
        self._looked = passed
        await self._keep(self._trusted)
        return self._trusted

    def _believed(self, clock: int, expected: int, passed: int) -> int:
        if clock <= expected + SLACK_MS:  # if it is behind, nothing is deleted too early
            self._offset = None
            return clock
        offset = clock - passed
        if self._offset is None or abs(offset - self._offset) > SLACK_MS:
            self._doubt(offset, passed)
            log.warning("clock_leaped", seconds=(clock - expected) // 1000)
        elif passed - self._doubted_since >= STABLE_MS:
            self._offset = None
            return clock
        return expected

    def _doubt(self, offset: int, passed: int) -> None:
        self._offset, self._doubted_since = offset, passed

    async def _known(self, clock: int) -> int:
        """Return what was trusted last; where nobody wrote it down, what log and clock agree to be over."""
        kept = await self._log.setting(SETTING)
        if kept is not None:
            return int(kept)
        stamp = (await self._log.head()).stamp
        return min(stamp, clock) if stamp else clock

    async def _keep(self, trusted: int) -> None:
        if self._kept is None or abs(trusted - self._kept) >= KEEP_MS:
            before = await self._log.setting(SETTING)
            await self._log.swap_setting(SETTING, before, str(trusted).encode())
            self._kept = trusted
