"""A seeded service: a log in which everything happens that can happen to a decision."""

import random
from dataclasses import dataclass, field
from pathlib import Path

from app.catalogue.live import LiveCatalogue
from app.records import FOLD, LOT_BITS, Decision, Imported, Kind, Rebase, Spot, encode
from app.store.protocol import Event, Hold
from app.viewers.pseudonym import hold_key
from bandit.reward import RewardRules
from bandit.terms import Terms
from tests.builders import Clock, VoidableStore, a_context, a_decision, a_draft, a_film, a_shelf

NOW = a_film("apollo"), a_film("orbit", 5), a_film("tides", 2)
BEFORE = a_film("apollo", edition=1), a_film("orbit", 4, edition=1)
PROFILES = [f"{number:x}" * 32 for number in range(6)]
HOUR_MS = 3_600_000


@dataclass
class World:
    """A store with a log, and how it came to be."""

    rng: random.Random
    clock: Clock
    store: VoidableStore
    live_catalogue: LiveCatalogue
    placed: list[tuple[Hold, Decision]] = field(default_factory=list)
    showings: random.Random = field(default_factory=lambda: random.Random(1))
    """Apart from `rng`, so that the worlds of all seeds are those of before."""
    experiments: random.Random = field(default_factory=lambda: random.Random(2))
    imports: random.Random = field(default_factory=lambda: random.Random(3))
    offline: random.Random = field(default_factory=lambda: random.Random(4))

    async def happen(self, events: int, *, unbroken: bool = False) -> None:
        """Let so many things happen; `unbroken` are those that no base is set for."""
        await self._change_rules()
        await self._begin()
        steps = {
            self._decide: 9,
            self._respond: 8,
            self._show_again: 3,
            self._void: 1,
            self._forget: 0 if unbroken else 1,
            self._tick: 2,
            self._change_rules: 1,
            self._rebase: 0 if unbroken else 1,
        }
        for _ in range(events):
            self.clock.now += self.rng.choice([0, 0, 1, 40, 150, 400, -200])
            if self.rng.random() < 0.03:
                self.clock.now += HOUR_MS
            [step] = self.rng.choices(list(steps), list(steps.values()))
            await step()
            if self.experiments.random() < 0.04:
                await self._begin()
            if self.imports.random() < 0.06:
                await self._import()
        self.clock.now += 5_000
        await self.store.log.tick(1)

    async def _decide(self) -> None:
        rng = self.rng
        title = rng.choice(NOW + BEFORE)
        chosen = rng.randrange(len(title.artworks))
        profile = rng.choice([*PROFILES, PROFILES[0], None])
        context = a_context(rng)
        pinned = rng.random() < 0.1
        weights = [rng.uniform(0.05, 1) for _ in title.artworks]
        decision = a_decision(
            title,
            chosen,
            probabilities=tuple(weight / sum(weights) for weight in weights),
            group=rng.choice(["personalized", "best_single", "uniform"]) if profile else None,
            profile=profile,
            attributes=dict(context.attributes),
            taste=dict(context.taste),
            pinned=pinned,
            showings=self._counts(len(title.artworks)) if profile else (),
            stranger=rng.choice([0, rng.randrange(1, 1 << 2 * LOT_BITS)]),
            spot=Spot(release=f"web-{chosen}") if pinned or chosen else None,
        )
        key = hold_key(profile, title.id, "row") if profile else None
        draft = a_draft(decision, deferred=rng.random() < 0.3, key=key, lasts=rng.choice([0, 2_000]))
        [hold] = await self.store.log.log_decisions([draft])
        if hold.nonce == decision.nonce:
            self.placed.append((hold, decision))

    def _counts(self, candidates: int) -> tuple[int, ...]:
        """Return how often each candidate was shown before; half of the decisions have no counts."""
        counts = tuple(self.showings.choice([0, 0, 1, 5]) for _ in range(candidates))
        return counts if self.showings.random() < 0.5 and any(counts) else ()

    async def _respond(self) -> None:
        if self.placed:
            hold, _ = self.rng.choice(self.placed[-8:])
            kind = self.rng.choice([Kind.IMPRESSION, Kind.CLICK, Kind.CLICK, Kind.PLAY])
            seconds = self.rng.uniform(0, 400) if kind is Kind.PLAY else 0.0
            age = max(0, self.clock.now - hold.stamp)
            ago = self.offline.randrange(age + 1) if self.offline.random() < 0.3 else 0
            feedback = Event(kind, hold.decision, hold.nonce, hold.deferred, seconds, ago=ago)
            await self.store.log.log_feedback([feedback])

    async def _show_again(self) -> None:
        if self.placed:
            hold, _ = self.rng.choice(self.placed[-8:])
            await self.store.log.log_exposure(
                hold, deferred=self.rng.random() < 0.4, window=self.rng.choice([0, 500])
            )

    async def _void(self) -> None:
        if self.placed:
            hold, _ = self.placed.pop()
            self.store.log.void(hold.decision)

    async def _forget(self) -> None:
        await self.store.log.forget(self.rng.choice(PROFILES))

    async def _begin(self) -> None:
        share = self.experiments.choice([0.3, 0.3, 0.3, 0.2])
        shares = {"personalized": 0.7 - share, "best_single": 0.3, "uniform": share}
        window = self.experiments.choice([500, 3_000, 20_000, HOUR_MS])
        await self.store.log.begin(encode(Terms(shares, window, 2, 10_000)), await self.store.log.begun())

    async def _tick(self) -> None:
        await self.store.log.tick(100)

    async def _rebase(self) -> None:
        await self.store.log.rebase(encode(Rebase("upgrade", FOLD)))

    async def _import(self) -> None:
        """Import exposures of any time before, in no order, of viewers who are known here and of others."""
        rng, bodies = self.imports, []
        for _ in range(rng.randrange(1, 4)):
            title = rng.choice(NOW + BEFORE)
            profile = rng.choice([*PROFILES, None])
            decision = a_decision(title, rng.randrange(len(title.artworks)), probabilities=(), profile=profile)
            clicked = rng.random() < 0.4
            seconds = rng.choice([None, rng.uniform(0, 400)]) if clicked else None
            propensity = rng.choice([None, rng.uniform(0.05, 1)])
            at = rng.randrange(1, self.clock.now)
            bodies.append(encode(Imported(decision, at, clicked, seconds, propensity)))
        stored = await self.store.log.setting("imported")
        assert await self.store.log.log_imported(bodies, "imported", stored, b"%d" % rng.randrange(1 << 30))

    async def _change_rules(self) -> None:
        rng = self.rng
        rules = RewardRules(
            window=rng.choice([300, 1_000, 2_500]),
            reward=rng.choice(["click", "play"]),
            learn_cap=rng.choice([0, 2, 5]),
            title_cap=rng.choice([0, 1, 2]),
            stranger_cap=rng.choice([0, 1, 4]),
        )
        await self.store.log.declare(encode(rules))


async def a_world(seed: int, folder: Path, events: int = 120, *, unbroken: bool = False) -> World:
    rng, clock = random.Random(seed), Clock()
    store = VoidableStore(clock)
    world = World(rng, clock, store, await a_shelf(store.log, folder, *NOW, earlier=BEFORE))
    await world.happen(events, unbroken=unbroken)
    return world
