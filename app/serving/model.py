"""The learner that a worker decides with."""

import time

import structlog

from app.store.protocol import State
from app.telemetry import metrics
from bandit.learners import restored
from bandit.policy import Learner
from bandit.sealing import UnusableSnapshot

log = structlog.get_logger()


class NoModelError(RuntimeError):
    """No usable snapshot has been published yet."""


class Model:
    """Follows the published snapshots, and keeps the last good one."""

    def __init__(self, state: State):
        self._state = state
        self._learner: Learner | None = None
        self._seen: int | None = None
        self.snapshot: int | None = None
        self.created: int | None = None

    @property
    def learner(self) -> Learner:
        if self._learner is None:
            raise NoModelError("No snapshot has been published yet.")
        return self._learner

    @property
    def ready(self) -> bool:
        return self._learner is not None

    async def refresh(self) -> bool:
        """Load the latest snapshot if it is new.

        A snapshot that does not load is skipped, with a warning in the log.
        """
        current = await self._state.current()
        if current == self._seen:
            return False
        started = time.perf_counter()
        found = await self._state.snapshots(limit=1 if self._learner else 5)
        self._seen = found[0].id if found else current  # a replaced state may have smaller ids
        for snapshot in found:
            try:
                self._learner = restored(snapshot.learner, before=self._learner)
            except UnusableSnapshot as error:
                log.warning("snapshot_refused", snapshot=snapshot.id, reason=str(error))
                continue
            metrics.SNAPSHOT_LOAD.observe(time.perf_counter() - started)
            self.snapshot, self.created = snapshot.id, snapshot.created
            return True
        return False
