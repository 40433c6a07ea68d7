"""A site with a thousand honest viewers, and what an attacker makes of it, without HTTP.

Log, viewers, fold, learner, tastes, counts and the caps are the service's own; what a request would log is logged.
What was learned is known to the next decision. The same seed gives the same viewers the same chances, whoever else
comes, so that two runs differ by the attacker alone.
"""

import random
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from math import exp
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.catalogue.live import LiveCatalogue, LiveTitle
from app.learning.bases import resume
from app.learning.caps import HOUR_MS
from app.learning.fold import Fold
from app.records import LOT_BITS, Decision, Kind, encode
from app.serving.best_single import BestSingle
from app.settings import Settings
from app.store.protocol import Event
from app.viewers.pseudonym import Identity
from app.viewers.viewer import Viewer, Viewers
from app.viewers.viewing import Viewing
from assets.catalogue import Title
from bandit.exploration import with_floor
from bandit.groups import Groups
from bandit.sampling import draw, uniform_from
from bandit.types import Context
from tests.builders import Clock, a_draft, a_film, a_shelf
from tests.memory import MemoryStore

World = Literal["close", "clear"]
VIEWERS, TITLES, PICTURES = 1_000, 4, 5
MINUTE_MS, DAY_MS = 60_000, 24 * HOUR_MS
START = 1_790_000_000_000 // DAY_MS * DAY_MS
TAGS = ("moon", "rocket", "night", "crowd", "face", "sea", "horse", "snow", "car", "king")
USUAL = -2.7
"""The log-odds of a click: some six in a hundred."""
APART, STRENGTH = 0.1, 0.9
"""How far pictures lie apart for everyone, and by the viewer's taste for what they show, in log-odds."""
MINUTE_LIMIT = 5
"""Clicks of an attacker on a title in a minute. More would be dropped like these, and take longer to play."""
CONTEXTS = 40


@dataclass(frozen=True)
class Audience:
    """Who comes, and what they would click."""

    world: World
    titles: Sequence[Title]
    quality: dict[str, float]
    likes: Sequence[dict[str, float]]
    asks: Sequence[Viewing]

    @classmethod
    def of(cls, seed: int, world: World) -> "Audience":
        rng = random.Random(seed)
        titles = [_title(f"film-{number}", rng) for number in range(TITLES)]
        quality = {f"{t.id}/{a.id}": rng.gauss(0, APART) for t in titles for a in t.artworks}
        likes = [{tag: rng.gauss(0, 1) for tag in TAGS} for _ in range(VIEWERS)]
        asks = [_asks(f"viewer-{number}", rng) for number in range(VIEWERS)]
        return cls(world, titles, quality, likes, asks)

    def chance(self, viewer: int, title: Title, chosen: int) -> float:
        artwork = title.artworks[chosen]
        logit = USUAL + self.quality[f"{title.id}/{artwork.id}"]
        if self.world == "clear":
            logit += STRENGTH * sum(self.likes[viewer][tag] for tag in artwork.tags) / len(artwork.tags) ** 0.5
        return 1 / (1 + exp(-logit))


def _title(name: str, rng: random.Random) -> Title:
    title = a_film(name, PICTURES)
    pictures = tuple(replace(picture, tags=tuple(rng.sample(TAGS, 2))) for picture in title.artworks)
    return replace(title, artworks=pictures)


def _asks(profile: str | None, rng: random.Random) -> Viewing:
    return Viewing(
        profile=profile,
        device=rng.choice(["tv", "phone", "web"]),
        country=rng.choice(["DE", "FR", "JP", "US"]),
        language=rng.choice(["de", "fr", "ja", "en"]),
    )


@dataclass
class Site:
    audience: Audience
    seed: int
    settings: Settings
    clock: Clock
    store: MemoryStore
    live_catalogue: LiveCatalogue
    fold: Fold
    viewers: Viewers
    clicks: int = 0
    """Clicks of the attacker that were logged."""

    @classmethod
    async def open(cls, seed: int, world: World, folder: Path, settings: Settings | None = None) -> "Site":
        audience, clock = Audience.of(seed, world), Clock(START)
        store = MemoryStore(clock)
        live_catalogue = await a_shelf(store.log, folder, *audience.titles)
        settings = settings or Settings()
        await store.log.declare(encode(settings.reward_rules()))
        await store.state.lead("trainer", 1)
        return await cls._of(audience, seed, settings, clock, store, live_catalogue)

    @classmethod
    async def _of(
        cls,
        audience: Audience,
        seed: int,
        settings: Settings,
        clock: Clock,
        store: MemoryStore,
        live_catalogue: LiveCatalogue,
    ) -> "Site":
        viewers = Viewers(store, Identity(b"k" * 32), Groups(b"k" * 32, 0.0, 0.0, 0.0))
        return cls(
            audience, seed, settings, clock, store, live_catalogue, await resume(store, live_catalogue), viewers
        )

    async def viewer(self, asked: Viewing) -> Viewer:
        return await self.viewers.with_taste(await self.viewers.of(asked, self.clock.now), self.clock.now)

    async def copied(self) -> "Site":
        """Return a site that goes on from here by itself."""
        await self._commit(publish=True)
        clock = Clock(self.clock.now)
        store = MemoryStore(clock)
        for mine, its in ((self.store.log, store.log), (self.store.state, store.state)):
            kept = {name: copy(value) for name, value in vars(mine).items() if name not in {"_clock", "_time"}}
            vars(its).update(kept)
        assert store.log.now() == self.clock.now, "time goes on from here"
        return await self._of(self.audience, self.seed, self.settings, clock, store, self.live_catalogue)

    # ---------------------------------------------------------------- honest viewers

    async def live(self, begin: int, end: int, attack: "Attack | None" = None) -> None:
        """Let time pass from one minute to another, with a day's visit of each viewer at a time of its own."""
        for minute in range(begin, end):
            self.clock.now = START + minute * MINUTE_MS
            for viewer in self._due(minute):
                await self._visit(viewer, minute)
            if attack:
                await attack.minute(self)
            await self.store.log.tick(1)
            await self._learn()

    def _due(self, minute: int) -> list[int]:
        day, now = divmod(minute, 24 * 60)
        if (self.seed, day) not in _PLANS:
            _PLANS.clear()
            rng = random.Random(self.seed * 1000 + day)
            plan: dict[int, list[int]] = {}
            for viewer in range(VIEWERS):
                plan.setdefault(rng.randrange(24 * 60), []).append(viewer)
            _PLANS[self.seed, day] = plan
        return _PLANS[self.seed, day].get(now, [])

    async def _visit(self, viewer: int, minute: int) -> None:
        known = await self.viewer(self.audience.asks[viewer])
        for title in self.audience.titles:
            rng = random.Random(f"{self.seed} {viewer} {minute} {title.id}")
            probabilities = self.choice_probabilities(known.context, title)
            nonce = rng.randbytes(8)
            chosen = draw(probabilities, uniform_from(nonce))
            clicked = rng.random() < self.audience.chance(viewer, title, chosen)
            await self.log(known, title, chosen, probabilities, nonce, rng, clicked=clicked)

    # ---------------------------------------------------------------- what is logged and learned

    async def log(
        self,
        viewer: Viewer,
        title: Title,
        chosen: int,
        probabilities: Sequence[float],
        nonce: bytes,
        rng: random.Random,
        *,
        clicked: bool,
    ) -> None:
        decision = Decision(
            nonce,
            title.id,
            self._shelved(title).title.revision,
            tuple(artwork.id for artwork in title.artworks),
            chosen,
            tuple(probabilities),
            viewer.group,
            viewer.pseudonym,
            dict(viewer.context.attributes),
            dict(viewer.context.taste),
            stranger=0 if viewer.known else rng.randrange(1, 1 << 2 * LOT_BITS),
        )
        [hold] = await self.store.log.log_decisions([a_draft(decision)])
        if clicked:
            await self.store.log.log_feedback([Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)])

    def choice_probabilities(self, context: Context, title: Title) -> list[float]:
        actions = [self._shelved(title).actions[artwork.id] for artwork in title.artworks]
        return with_floor(self.fold.learner.probabilities(context, actions), self.settings.exploration_floor)

    async def _learn(self) -> None:
        while records := await self.store.log.read(self.fold.position, 1000):
            await self.fold.feed(records)
        await self._commit(publish=False)

    async def _commit(self, *, publish: bool) -> None:
        progress = self.fold.progress(self.fold.snapshot() if publish else None)
        await self.store.state.commit(1, progress)
        self.fold.settle(progress)

    def _shelved(self, title: Title) -> LiveTitle:
        live_title = self.live_catalogue.get(title.id)
        assert live_title is not None
        return live_title

    # ---------------------------------------------------------------- what is looked at

    async def contexts(self) -> list[Context]:
        asks = self.audience.asks[:: VIEWERS // CONTEXTS]
        return [(await self.viewer(each)).context for each in asks]

    def choices(self, contexts: Sequence[Context]) -> NDArray[np.float64]:
        """Return the probabilities of each title's pictures in each context: titles × contexts × pictures."""
        return np.array(
            [[self.choice_probabilities(each, title) for each in contexts] for title in self.audience.titles]
        )

    async def best_single(self) -> dict[str, int]:
        best_single, found = BestSingle(self.store.state), {}
        for title in self.audience.titles:
            found[title.id] = await best_single.best(title.id, [artwork.id for artwork in title.artworks])
        return found


_PLANS: dict[tuple[int, int], dict[int, list[int]]] = {}
Name = Literal["address", "name", "names"]


@dataclass
class Attack:
    """Clicks on one picture of each title, and never on another.

    It asks for pictures at the rate that the example's limits allow, `deferred`, so that what it does not click
    was never seen. It comes without a name, under one, or under a new one each time.
    """

    kind: Name
    favourites: dict[str, int]
    seed: int
    a_minute: int = 1_200
    asked: int = 0

    async def minute(self, site: Site) -> None:
        rng = random.Random(f"{self.seed} {site.clock.now}")
        for title in site.audience.titles:
            favourite = self.favourites[title.id]
            for _ in range(await self._clicks(site, title, rng)):
                viewer = await self._viewer(site, rng)
                probabilities = site.choice_probabilities(viewer.context, title)
                await site.log(viewer, title, favourite, probabilities, rng.randbytes(8), rng, clicked=True)
                site.clicks += 1

    async def _clicks(self, site: Site, title: Title, rng: random.Random) -> int:
        """Return how many of a minute's draws for a title are the favourite."""
        viewer = await self._viewer(site, rng)
        chance = site.choice_probabilities(viewer.context, title)[self.favourites[title.id]]
        drawn = np.random.default_rng(rng.randrange(1 << 32)).binomial(self.a_minute // TITLES, chance)
        return int(min(drawn, MINUTE_LIMIT))

    async def _viewer(self, site: Site, rng: random.Random) -> Viewer:
        self.asked += 1
        name = {"address": None, "name": "mallory", "names": f"mallory-{self.asked}"}[self.kind]
        return await site.viewer(_asks(name, rng))


def apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by title the mean total variation over all contexts."""
    between: NDArray[np.float64] = (np.abs(one - other).sum(axis=2) / 2).mean(axis=1)
    return between


async def runners_up(site: Site) -> dict[str, int]:
    """Return the second best picture of each title by honest viewers' choices: the one that turns soonest."""
    shares = site.choices(await site.contexts()).mean(axis=1)
    return {
        title.id: int(np.argsort(-share)[1]) for title, share in zip(site.audience.titles, shares, strict=True)
    }
