"""The watch of a worker: it reads the metrics every few seconds, keeps them for an hour, and knows the alarms."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import structlog

from app.catalogue.live import LiveCatalogue
from app.interventions import Interventions
from app.operations.alarm import Alarm
from app.operations.alarms import Seen, alarms
from app.operations.candidate_metrics import show_candidate
from app.operations.candidate_standing import Standing
from app.operations.health import Unwell, of_trainer
from app.operations.interventions import at_work
from app.operations.ring import EVERY_SECONDS, Ring
from app.store.protocol import LostStoreError, Size, Store
from app.telemetry import metrics
from app.telemetry.reading import Reading, read

log = structlog.get_logger()


class Look(NamedTuple):
    """The service at one moment. `trainer` says whether a trainer leads."""

    reading: Reading
    seen: Seen
    trainer: str
    alarms: list[Alarm]


@dataclass(frozen=True, slots=True)
class Facts:
    """The data that a watch asks for: `snapshot` returns the worker's snapshot, if it has one."""

    store: Store
    catalogue: LiveCatalogue
    snapshot: Callable[[], int | None]
    clock: Callable[[], int]
    data: Path
    window_seconds: float
    in_force: Callable[[], Interventions]
    candidate: Callable[[], Awaitable[Standing | None]]


class Watch:
    """Looks at the service, and wakes those who wait for the next look."""

    def __init__(self, facts: Facts, read_at: Callable[[int], Reading] = read):
        self._facts, self._read = facts, read_at
        self.ring = Ring()
        self.latest: Look | None = None
        self.ended = False
        self._looked = asyncio.Event()

    async def run(self) -> None:
        """Look every few seconds until cancelled. A failure is logged, and the next look comes."""
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("refresh_failed", what="dashboard")
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> Look:
        """Read the metrics, and wake everybody who waits."""
        reading = self._read(self._facts.clock())
        self.ring.add(reading)
        seen, trainer = await self._see(reading.at)
        metrics.QUARANTINE_AT_WORK.set(seen.quarantine is not None)
        show_candidate(seen.candidate)
        self.latest = Look(reading, seen, trainer, alarms(self.ring, seen))
        self._wake()
        return self.latest

    async def next(self) -> Look | None:
        """Wait for the next look and return it; None if no further one comes, because the worker ends."""
        if not self.ended:
            await self._looked.wait()
        return None if self.ended else self.latest

    def end(self) -> None:
        """Tell those who wait that the worker ends: an open stream would delay that."""
        self.ended = True
        self._wake()

    def _wake(self) -> None:
        looked, self._looked = self._looked, asyncio.Event()
        looked.set()

    async def _see(self, now: int) -> tuple[Seen, str]:
        facts = self._facts
        lost = no_trainer = trainer = ""
        position, size, in_force = 0, Size(0), facts.in_force()
        try:
            await facts.store.log.check()
            position, size = (await facts.store.log.head()).position, await facts.store.log.size()
        except LostStoreError as fault:
            lost = str(fault)
        try:
            trainer = await of_trainer(facts.store.state, now)
        except Unwell as fault:
            no_trainer = str(fault)
        return Seen(
            position,
            size,
            facts.window_seconds,
            waits_for=self._waits_for(),
            lost=lost,
            no_trainer=no_trainer,
            free=_free(facts.data),
            in_force=in_force,
            quarantine=await at_work(facts.store.state, in_force, now),
            candidate=await facts.candidate() if in_force.candidate and not lost else None,
        ), trainer

    def _waits_for(self) -> str:
        """Say what `GET /readyz` would say."""
        missing = [
            what
            for what, there in (
                ("a catalogue", len(self._facts.catalogue)),
                ("a snapshot of the learner", self._facts.snapshot() is not None),
            )
            if not there
        ]
        return f"The service makes no decisions: it waits for {' and '.join(missing)}." if missing else ""


def _free(data: Path) -> float:
    with suppress(OSError):
        usage = shutil.disk_usage(data)
        usable = usage.used + usage.free  # as `df` counts: the rest of the total is reserved
        return usage.free / usable if usable else 1.0
    return 1.0
