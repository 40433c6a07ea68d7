"""What a decision costs without HTTP, from the parameters to the answer: `python -m tests.bench.alone NAME`."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from itertools import count, islice
from pathlib import Path

import uvloop

from app.api.queries import ArtworkQuery
from app.clock import now_ms
from app.settings import Settings
from app.wiring.services import opened
from app.wiring.stores import open_store
from tests.bench.rivals import RIVALS, Rival
from tests.bench.rivals.shop import Asked
from tests.bench.servers import SERVER_CORE, pinned, surroundings

TITLES = 40
TOGETHER = 16
"""As many at a time as the load generator has connections: what shares a commit under load shares it here."""
WARM, MEASURED = 1_000, 10_000
PATIENT_MS = 10_000
"""A decision is made, however busy the machine."""
Decide = Callable[[Asked], Awaitable[object]]


def microseconds(rival: Rival, folder: Path) -> float:
    """Return the processor time of a decision, in a process of its own, with what was learned in this folder."""
    command = pinned(SERVER_CORE, [sys.executable, "-m", "tests.bench.alone", rival.name])
    environment = {**surroundings(), **rival.settings, "RIVAL_FOLDER": str(folder)}
    return float(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)


@asynccontextmanager
async def deciding(rival: Rival) -> AsyncIterator[Decide]:
    """Yield what the endpoint of a rival calls, or is."""
    if not rival.ours:
        yield import_module(rival.module).artwork
        return
    settings = Settings(data=Path(os.environ["RIVAL_FOLDER"]), decision_timeout_ms=PATIENT_MS)
    store = open_store(settings)
    try:
        async with opened(settings, store, now_ms) as services:

            async def decide(asked: Asked) -> object:
                query = ArtworkQuery.model_construct(**dict(asked))
                live_title = services.live_catalogue.get(asked.title)
                assert live_title
                choice = await services.personalizer.choose_one(query, live_title)
                assert not choice["fallback"]  # it would be fast
                return choice

            yield decide
    finally:
        await store.close()


async def measure(rival: Rival, warm: int = WARM, measured: int = MEASURED) -> float:
    asked = (
        Asked(title=f"title-{n % TITLES}", profile=f"p{n * 7919 % 2000}", device="tv", country="DE", language="de")
        for n in count()
    )
    async with deciding(rival) as decide:
        await _run(decide, list(islice(asked, warm)))
        requests = list(islice(asked, measured))
        started = time.process_time()
        await _run(decide, requests)
        return (time.process_time() - started) / measured * 1e6


async def _run(decide: Decide, requests: list[Asked]) -> None:
    for start in range(0, len(requests), TOGETHER):
        await asyncio.gather(*[decide(asked) for asked in requests[start : start + TOGETHER]])


if __name__ == "__main__":
    print(uvloop.run(measure(RIVALS[sys.argv[1]])))  # noqa: T201  this is its answer
