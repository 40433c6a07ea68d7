"""The candidate learner that decides for the canary, a share of the profiles."""

import asyncio
import time
from collections.abc import Sequence
from typing import Protocol

import structlog

from bandit.learners import restored
from bandit.policy import Learner
from bandit.sealing import UnusableSnapshot
from bandit.types import Case, Probabilities

log = structlog.get_logger()

LOAD_SHARE = 20
"""The least time between two loads, in units of the time that a load takes, because requests wait meanwhile."""


class Source(Protocol):
    """The place where the candidate is kept."""

    def stamp(self) -> int | None:
        """Return another number whenever the candidate was saved again; None if it is not there."""

    def learner(self, order: int) -> bytes | None:
        """Return the learner that this order started, if it may decide."""


class Canary:
    """Follows the candidate while it is served. If it is not usable, the learner in use decides instead."""

    def __init__(self, source: Source):
        self._source = source
        self._learner: Learner | None = None
        self._loaded: tuple[int, int | None] | None = None
        """The order, and the stamp of the source, of the latest load."""
        self._load_at = 0.0
        self._said = ""

    @property
    def ready(self) -> bool:
        return self._learner is not None

    def probabilities(self, cases: Sequence[Case]) -> list[Probabilities] | None:
        """Return the candidate's probabilities; None if it is not usable."""
        if self._learner is None:
            return None
        try:
            return self._learner.all_probabilities(cases)
        except Exception:
            log.exception("canary_failed")
            self._learner = None  # until the next one is saved
            return None

    async def follow(self, order: int | None) -> None:
        """Load the candidate of this order again if it was saved since; None lets it decide nothing."""
        if order is None:
            self._learner, self._loaded = None, None
            return
        at = order, self._source.stamp()
        if at == self._loaded or (self.ready and time.monotonic() < self._load_at):
            return
        if self._loaded is None or self._loaded[0] != order:
            self._learner = None
        self._loaded = at
        self._load(await asyncio.to_thread(self._source.learner, order))

    def _load(self, content: bytes | None) -> None:
        started, before = time.monotonic(), self._learner
        self._learner, reason = None, "it is not there, or has not caught up with the log"
        try:
            if content is not None:
                self._learner = restored(content, before=before)
        except UnusableSnapshot as error:
            reason = str(error)
        reason = "" if self._learner else reason
        if reason and reason != self._said:
            log.warning("canary_unusable", reason=reason)
        self._said = reason
        now = time.monotonic()
        self._load_at = now + LOAD_SHARE * (now - started)
