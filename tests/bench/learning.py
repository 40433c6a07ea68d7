"""The trainer's fold and a bare loop of the same learner, over the same examples."""

import time
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from app.api.services import Services
from app.catalogue.editor import COMMAND_LINE
from app.learning.fold import Fold
from app.records import Kind, encode
from app.settings import Settings
from app.viewers.viewing import Viewing
from app.wiring.catalogue import editor_in
from app.wiring.services import build
from app.wiring.stores import open_store
from bandit.learners import new_learner
from bandit.logistic.learner import LogisticLearner
from bandit.policy import Learner
from bandit.types import Example
from tests.bench.world import titles
from tests.memory import MemoryStore

EXAMPLES = 20_000
"""Enough that reading in batches and looking decisions up is what it is in the long run."""
BATCH = 1000
KEY = SecretStr("the-admin-key-of-the-bench")
PATIENCE_MS = 60_000
"""The time for a page of 40 decisions on a machine that does other work: a fallback teaches nothing."""


@dataclass(slots=True)
class Clock:
    now: int = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


async def compare(folder: Path, *, rounds: int) -> tuple[list[float], list[float]]:
    """Return examples per second of both, round by round, in turns."""
    clock = Clock()
    settings = Settings(
        data=folder,
        admin_key=KEY,
        decision_timeout_ms=PATIENCE_MS,
        hold_seconds=0,
        reward_window_seconds=1,
        best_single_share=0,
        uniform_share=1,
        learn_cap=0,
        stranger_cap=0,
    )
    store = open_store(settings, clock)
    try:
        await store.log.declare(encode(settings.reward_rules()))
        await editor_in(settings, store).merge(COMMAND_LINE, titles(40, 6), {})
        services = await build(settings, store, clock)
        await services.live_catalogue.refresh()
        await _fill(services, clock)
        examples = await _examples(services)
        pairs = [(await _fold(services, new_learner()), _bare(examples)) for _ in range(rounds)]
    finally:
        await store.close()
    return [ours for ours, _ in pairs], [theirs for _, theirs in pairs]


async def _fill(services: Services, clock: Clock) -> None:
    """Log decisions, a fifth of them clicked, as 100 viewers would make them."""
    live_title = list(services.live_catalogue)
    state = services.store.state
    fold = Fold(services.store.log, state, services.live_catalogue, new_learner(), await state.fold_state(), None)
    token = await state.lead("bench", 1 << 40) or 0
    for n in range(EXAMPLES // len(live_title)):
        clock.now += 20
        asked = Viewing(profile=f"p{n % 100}", country="DE", device="tv", language="de")
        choices = await services.personalizer.choose(asked, live_title)
        clicks = [{"decision_id": choice["decision_id"]} for choice in choices[::5]]
        await services.recorder.record(Kind.CLICK, clicks, trusted=False)
        if n % 20 == 0:  # so that decisions know tastes, as they do where a trainer runs
            await fold.feed(await services.store.log.read(fold.position, 10_000))
            await state.commit(token, fold.progress())
            fold.settle(fold.progress())
    clock.now += 2000
    await services.store.log.tick(1000)


async def _fold(services: Services, learner: Learner) -> float:
    """Fold the whole log, and return examples learned in a second of processor time."""
    nothing = MemoryStore(services.clock).state
    fold = Fold(services.store.log, nothing, services.live_catalogue, learner, await nothing.fold_state(), None)
    started = time.process_time()
    while records := await services.store.log.read(fold.position, BATCH):
        await fold.feed(records)
    assert fold.seen.examples == EXAMPLES, fold.seen
    return EXAMPLES / (time.process_time() - started)


async def _examples(services: Services) -> list[Example]:
    """Return what the learner is given."""
    learner = Listening()
    await _fold(services, learner)
    return learner.heard


class Listening(LogisticLearner):
    """A learner that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Example] = []

    def learn(self, example: Example) -> None:
        self.heard.append(example)
        super().learn(example)


def _bare(examples: list[Example]) -> float:
    """Learn as a loop over a list does, without a log, a join, counts and tastes."""
    learner = new_learner()
    started = time.process_time()
    for example in examples:
        learner.learn(example)
    return len(examples) / (time.process_time() - started)
