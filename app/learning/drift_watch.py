"""The trainer's watch for drift: it shows the signs as metrics, from which every worker takes its alarms."""

import time
from math import inf

import structlog

from app.learning.drift_signs import Outcomes, Signs, outcomes, signs_of_days, signs_of_hours
from app.store.protocol import LostStoreError, State
from app.telemetry import metrics

log = structlog.get_logger()

HOURS_SECONDS = 60.0
"""Seconds between two looks at the hours. One costs a few milliseconds."""
DAYS_SECONDS = 600.0
"""Seconds between two looks at the titles. One may read 100,000 rows."""


class DriftWatch:
    """Looks again after a time, if the log has gone on since."""

    def __init__(self, state: State, floor: float):
        self._state, self._floor = state, floor
        self._looked = self._read = -inf
        self._signs: Signs = {}
        self._of_days: Signs = {}
        metrics.EXPLORATION_FLOOR.set(floor)

    async def look(self, now: int) -> None:
        """Look at the committed sums, at a time of the log. A failure is logged, because learning goes on."""
        if not now or time.monotonic() - self._looked < HOURS_SECONDS:
            return
        self._looked = time.monotonic()
        try:
            await self._show(await outcomes(self._state, now))
        except LostStoreError:
            raise
        except Exception:
            log.exception("refresh_failed", what="drift")

    async def _show(self, seen: Outcomes | None) -> None:
        if seen is None:
            return
        if self._looked - self._read >= DAYS_SECONDS:
            self._read = self._looked
            self._of_days = await signs_of_days(self._state, seen, self._floor)
        signs = {**signs_of_hours(seen), **self._of_days}
        metrics.show_drift(signs, self._signs)
        self._signs = signs
