"""The process that trains a candidate beside the trainer, and never waits for it or makes it wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from app.catalogue.live import LiveCatalogue
from app.interventions import SETTING, Interventions, Shadowing, interventions_in
from app.learning.candidate_file import CandidateFile, Kept, State
from app.learning.candidate_fold import CandidateFold, Mixture
from app.learning.quarantines import Quarantines
from app.store.protocol import Store
from bandit.learners import restored
from bandit.policy import Learner
from bandit.sealing import UnusableSnapshot

log = structlog.get_logger()

BATCH = 500
IDLE_SECONDS = 0.5
SAVE_SECONDS, QUIET_SECONDS = 2.0, 30.0
"""Seconds between two saves; the second is for a candidate that read only ticks meanwhile."""
WRITE_RATE = 1 << 20
"""Bytes written in a second, at most."""
ANEW_MS = 3_600_000
"""The time for which erasures are gathered before the candidate learns again without the erased viewers."""
RULE_SECONDS = 600.0
"""Seconds until a promotion by rule that was refused is tried again."""

Rule = Callable[[Shadowing], Awaitable[str | None]]
"""Promotes the candidate that was saved; returns the reason if it is refused."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that settings determine: a candidate's learner by its name, and how its choices are mixed."""

    new: Callable[[str], Learner]
    mixture: Mixture
    by_rule: Rule


class Shadow:
    """Folds the retained log into the learner of the candidate in force, and saves it every few seconds.

    It begins again if the orders of quarantine change, an hour after a viewer was erased, and if the log does not
    have the record that it read last. Killed at any point, it ends at the same weights.
    """

    def __init__(self, store: Store, live_catalogue: LiveCatalogue, file: CandidateFile, parts: Parts):
        self._store, self._live_catalogue, self._file, self._parts = store, live_catalogue, file, parts
        self._quarantined = 0
        self._save_at = self._quiet_until = self._rule_at = 0.0
        self._saved = -1, -1
        """The position, and the number of steps, of the fold that was saved."""
        self._refused: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Continue until `stop`, or until no candidate is in force."""
        order, fold = 0, None
        while not stop.is_set():
            in_force = await self._in_force()
            if in_force.candidate is None:
                break
            if fold is None or order != in_force.candidate.given.position or await self._outdated(fold, in_force):
                order = in_force.candidate.given.position
                fold = await self._begun(in_force, in_force.candidate, resuming=fold is None)
            if fold is None or not await self._turn(fold, in_force, in_force.candidate):
                await _wait(stop, IDLE_SECONDS)
        if fold and stop.is_set():
            await self._save(fold, order)

    async def _turn(self, fold: CandidateFold, in_force: Interventions, candidate: Shadowing) -> bool:
        """Learn a batch, save if it is time, and return whether there is more to learn."""
        records = []
        if in_force.learning == "running":
            records = await self._store.log.read(fold.position, BATCH)
            await self._live_catalogue.refresh()
            await fold.feed(records)
        if time.monotonic() >= self._save_at and await self._save(fold, candidate.given.position):
            await self._apply_rule(fold, candidate)
        return len(records) == BATCH

    async def _begun(
        self, in_force: Interventions, candidate: Shadowing, *, resuming: bool
    ) -> CandidateFold | None:
        """Return the fold that continues from the file, or begins at the oldest record; None if it has to wait."""
        await self._live_catalogue.refresh()
        self._quarantined, self._saved = in_force.quarantined, (-1, -1)
        if resuming and (fold := await self._resumed(candidate)):
            log.info("shadow_resumed", policy=candidate.policy, position=fold.learned)
            return fold
        if await self._store.log.erasures():  # their records are being scrubbed
            return None
        state = State.first(candidate.given.position, (await self._store.log.head()).position)
        log.info("shadow_begun", policy=candidate.policy, begun=state.begun)
        return await self._fold(self._parts.new(candidate.policy), state)

    async def _resumed(self, candidate: Shadowing) -> CandidateFold | None:
        kept = await asyncio.to_thread(self._file.read, candidate.given.position)
        if kept is None or kept.quarantined != self._quarantined:
            return None
        if not await self._continues(kept.state):
            return None
        with suppress(UnusableSnapshot):
            self._refused = kept.refused
            return await self._fold(restored(kept.learner), kept.state)
        return None

    async def _continues(self, state: State) -> bool:
        """Tell whether the log still has the record that was read last: a power cut may take the log's end."""
        if not state.position:
            return True
        found = await self._store.log.records([state.position])
        return state.position in found and found[state.position].stamp == state.stamp

    async def _fold(self, learner: Learner, state: State) -> CandidateFold:
        left_out = await Quarantines.in_force(self._store.log)
        return CandidateFold(self._store.log, self._live_catalogue, learner, self._parts.mixture, left_out, state)

    async def _outdated(self, fold: CandidateFold, in_force: Interventions) -> bool:
        """Tell whether the fold has to begin again."""
        if in_force.quarantined != self._quarantined:
            return True
        due = fold.erased is not None and self._store.log.now() - fold.erased >= ANEW_MS
        return due and not await self._store.log.erasures()

    async def _save(self, fold: CandidateFold, order: int) -> bool:
        """Save the fold if that changes the file; tell whether it did."""
        now, (position, taken) = time.monotonic(), self._saved
        quiet = fold.taken == taken and now < self._quiet_until
        if not fold.level or fold.learned == position or quiet:
            return False
        learner, state = fold.learner.snapshot(), fold.state()
        kept = Kept(order, self._quarantined, self._store.log.now(), state, learner, self._refused)
        self._save_at = now + max(SAVE_SECONDS, len(learner) / WRITE_RATE)
        self._quiet_until = now + QUIET_SECONDS
        try:
            await asyncio.to_thread(self._file.write, kept)
        except OSError as error:
            log.warning("candidate_unsaved", reason=str(error))
            self._save_at = now + QUIET_SECONDS
            return False
        self._saved = fold.learned, fold.taken
        return True

    async def _apply_rule(self, fold: CandidateFold, candidate: Shadowing) -> None:
        """Promote the saved candidate if it is known to be better, and if the rule was ordered."""
        interval = fold.paired.interval()
        known = interval is not None and interval.low > 0
        if not candidate.by_rule or not known or time.monotonic() < self._rule_at:
            return
        self._rule_at = time.monotonic() + RULE_SECONDS
        self._refused = await self._parts.by_rule(candidate)
        self._saved = -1, -1  # the refusal is to be saved
        log.info("candidate_judged", policy=candidate.policy, low=interval and interval.low, refused=self._refused)

    async def _in_force(self) -> Interventions:
        return interventions_in(await self._store.log.setting(SETTING))


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
