"""The trainer's fold and a bare Vowpal Wabbit loop, over the same examples."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import vowpal_wabbit_next as vw

from app.asked import Viewing
from app.fold import Fold
from app.main import build, editor_in, open_store
from app.records import Kind, encode
from app.services import Services
from app.settings import Settings
from app.store.memory import MemoryStore
from bandit.vowpal import DEFAULT_ARGUMENTS, VowpalLearner
from tests.bench.world import titles

EXAMPLES = 20_000
"""Enough that reading in batches and looking decisions up is what it is in the long run."""
BATCH = 1000


@dataclass(slots=True)
class Clock:
    now: int = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


async def compare(folder: Path, *, rounds: int) -> tuple[list[float], list[float]]:
    """Return examples per second of both, round by round, in turns."""
    clock = Clock()
    settings = Settings(
        data=folder, hold_seconds=0, reward_window_seconds=1, best_single_share=0, uniform_share=1, learn_cap=0
    )
    store = open_store(settings, clock)
    try:
        await store.log.declare(encode(settings.rules()))
        await editor_in(settings, store).put_all(titles(40, 6))
        services = await build(settings, store, clock)
        await services.shelf.refresh()
        await _fill(services, clock)
        texts = await _texts(services)
        pairs = [(await _fold(services, VowpalLearner()), _bare(texts)) for _ in range(rounds)]
    finally:
        await store.close()
    return [ours for ours, _ in pairs], [theirs for _, theirs in pairs]


async def _fill(services: Services, clock: Clock) -> None:
    """Log decisions, a fifth of them clicked, as 100 viewers would make them."""
    shelved = list(services.shelf)
    state = services.store.state
    fold = Fold(services.store.log, state, services.shelf, VowpalLearner(), await state.counted(), None)
    token = await state.lead("bench", 1 << 40) or 0
    for n in range(EXAMPLES // len(shelved)):
        clock.now += 20
        asked = Viewing(profile=f"p{n % 100}", country="DE", device="tv", language="de")
        choices = await services.personalizer.choose(asked, shelved)
        clicks = [{"decision_id": choice["decision_id"]} for choice in choices[::5]]
        await services.recorder.record(Kind.CLICK, json.dumps(clicks).encode(), trusted=False)
        if n % 20 == 0:  # so that decisions know tastes, as they do where a trainer runs
            await fold.feed(await services.store.log.read(fold.position, 10_000))
            await state.commit(token, fold.progress())
            fold.settle(fold.progress())
    clock.now += 2000
    await services.store.log.tick(1000)


async def _fold(services: Services, learner: VowpalLearner) -> float:
    """Fold the whole log, and return examples learned in a second of processor time."""
    nothing = MemoryStore(services.clock).state
    fold = Fold(services.store.log, nothing, services.shelf, learner, await nothing.counted(), None)
    started = time.process_time()
    while records := await services.store.log.read(fold.position, BATCH):
        await fold.feed(records)
    assert fold.seen.examples == EXAMPLES, fold.seen
    return EXAMPLES / (time.process_time() - started)


async def _texts(services: Services) -> list[list[str]]:
    """Return each example's lines as the learner writes them."""
    learner = Listening()
    await _fold(services, learner)
    return learner.heard


class Listening(VowpalLearner):
    """A learner that keeps what it hands to Vowpal Wabbit's parser."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[list[str]] = []
        parse: Any = self._parse

        def listen(text: str) -> Any:
            if text.startswith("shared"):
                self.heard.append([])
            self.heard[-1].append(text)
            return parse(text)

        listening: Any = listen
        self._parse = listening


def _bare(texts: list[list[str]]) -> float:
    workspace = vw.Workspace([*DEFAULT_ARGUMENTS.split(), "--quiet"])
    parse = vw.TextFormatParser(workspace).parse_line
    started = time.process_time()
    for lines in texts:
        workspace.learn_one([parse(line) for line in lines])
    return len(texts) / (time.process_time() - started)
