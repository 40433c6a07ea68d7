"""A service whose truth is known: which picture the viewers of each country want."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.records import Kind, encode
from app.store.protocol import Event, Store
from bandit.reward import RewardRules
from tests.builders import Clock, a_decision, a_draft, a_film, a_shelf

FILMS = [a_film(f"film-{number}", 4) for number in range(6)]
LIKED = {"DE": 0, "JP": 3}
"""The picture that viewers of a country want."""
WANTED, OTHER = 0.5, 0.1
LOGGED = (0.4, 0.2, 0.2, 0.2)


@dataclass
class Site:
    """A service that chose one picture with 0.4, and its viewers."""

    folder: Path
    engine: Callable[[Clock], Store]
    clock: Clock = field(default_factory=Clock)
    viewers: int = 1 << 40
    """So many that hardly anybody comes twice."""
    rng: random.Random = field(default_factory=lambda: random.Random(1))

    def __post_init__(self) -> None:
        self.store: Store = self.engine(self.clock)

    async def visits(self, count: int) -> None:
        """Let viewers come, of whom one in three is not logged in; some decisions are of the uniform group."""
        self.live_catalogue = await a_shelf(self.store.log, self.folder / "catalogue", *FILMS)
        await self.store.log.declare(encode(RewardRules(1_000, learn_cap=0, stranger_cap=0)))
        for _ in range(count):
            await self._visit()
            self.clock.now += 50
        self.clock.now += 5_000
        await self.store.log.tick(1)

    async def _visit(self) -> None:
        rng, film = self.rng, self.rng.choice(FILMS)
        country = rng.choice(list(LIKED))
        profile = f"{rng.randrange(self.viewers):032x}" if rng.random() < 2 / 3 else None
        group = rng.choice(["personalized", "personalized", "uniform"]) if profile else None
        logged = (0.25,) * 4 if group == "uniform" else LOGGED
        [chosen] = rng.choices(range(4), logged)
        decision = a_decision(
            film, chosen, probabilities=logged, group=group, profile=profile, attributes={"country": country}
        )
        [hold] = await self.store.log.log_decisions([a_draft(decision)])
        if rng.random() < (WANTED if chosen == LIKED[country] else OTHER):
            await self.store.log.log_feedback([Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)])
