"""The product's loop in one process: an audience comes, the policy decides, and what follows is learned.

Shelf, log, joiner, rewards, tastes and learner are the service's own; between them stand no HTTP, no workers and
no processes. What was learned is known to the next decision, not after a second; there are no control groups and
no holds; and only what is looked at is decided.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from app.audience import titles as made_up
from app.audience.visits import Outcome, Visit, Visits
from app.audience.world import World
from app.catalogue.live import LiveCatalogue, LiveTitle
from app.learning.fold import Fold
from app.records import Decision, Kind, encode
from app.settings import Settings
from app.store.protocol import Event
from app.viewers.local_time import HOURS
from assets.catalogue import Title
from bandit.exploration import with_floor
from bandit.policy import Learner
from bandit.reward import RewardRules
from bandit.sampling import draw, uniform_from
from bandit.showings import by_mark, by_picture, times
from bandit.types import Context
from tests.builders import Clock, a_draft, a_shelf, make_current
from tests.memory import MemoryStore

DELAY = 300
"""So many exposures come between one and the moment at which it is learned, clicked or not."""
EVERY_MS = 2_000
FLOOR = Settings.model_fields["exploration_floor"].default
_decode_taste = msgspec.json.Decoder(dict[str, float]).decode


class Drawn(NamedTuple):
    """A decision with what came of it; pictures are columns of the world."""

    viewer: int
    title: int
    place: int
    candidates: tuple[int, ...]
    probabilities: tuple[float, ...]
    column: int
    outcome: Outcome


def rules(reward: str) -> RewardRules:
    return msgspec.convert({"window": DELAY * EVERY_MS, "reward": reward, "learn_cap": 0}, RewardRules)


def titles_of(titles: Sequence[Title]) -> list[made_up.Title]:
    """Return the titles as the audience's world is made of them."""
    return [
        made_up.Title(title.id, tuple(made_up.Artwork(artwork.id, artwork.tags) for artwork in title.artworks))
        for title in titles
    ]


@dataclass(eq=False)
class Loop:
    world: World
    learner: Learner
    fold: Fold
    store: MemoryStore
    clock: Clock
    live_catalogue: LiveCatalogue
    folder: Path

    def __post_init__(self) -> None:
        self._visits, self._era = Visits(self.world), self.world.era(late=False)
        artworks = [(title.id, artwork.id) for title in self.world.titles for artwork in title.artworks]
        self._columns = {artwork: column for column, artwork in enumerate(artworks)}

    @classmethod
    async def over(
        cls, world: World, titles: Sequence[Title], learner: Learner, reward: str, folder: Path
    ) -> "Loop":
        """Return a loop that has learned nothing, with these titles on its shelf."""
        clock = Clock()
        store = MemoryStore(clock)
        live_catalogue = await a_shelf(store.log, folder, *titles)
        await store.log.declare(encode(rules(reward)))
        fold = Fold(store.log, store.state, live_catalogue, learner, await store.state.fold_state(), None)
        return cls(world, learner, fold, store, clock, live_catalogue, folder)

    async def offer(self, titles: Sequence[Title]) -> None:
        """Make these titles the catalogue, as an import does."""
        await make_current(self.store.log, self.folder, titles)
        await self.live_catalogue.refresh()

    async def play(self, visits: Iterable[Visit], steps: int) -> list[Drawn]:
        """Let viewers come until so many pictures were looked at; return these in their order."""
        drawn: list[Drawn] = []
        for visit in visits:
            drawn += await self._visit(visit)
            if len(drawn) >= steps:
                break
        return drawn

    async def context(self, viewer: int) -> Context:
        """Return what the policy is told, as `app.viewers.viewer` puts it together."""
        attributes: dict[str, str | float] = {
            **self._visits.attributes(viewer),
            "placement": "row",
            "hour": HOURS[self.clock.now // 3_600_000 % 24 // 6],
            **self._visits.circumstances(viewer),
        }
        learned = await self.store.state.taste_since(_pseudonym(viewer))
        return Context(attributes, _decode_taste(learned[0]) if learned else {})

    def choice_probabilities(
        self, context: Context, title: int, among: NDArray[np.bool_] | None = None
    ) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Return a title's candidates, as columns, and the probabilities that a draw goes by.

        `among` says of each column whether it may be a candidate; all may if it is None.
        """
        live_title = self._shelved(title)
        columns = {artwork: self._columns[live_title.title.id, artwork] for artwork in live_title.actions}
        artworks = [artwork for artwork, column in columns.items() if among is None or among[column]]
        actions = [live_title.actions[artwork] for artwork in artworks]
        probabilities = with_floor(self.learner.probabilities(context, actions), FLOOR)
        return tuple(columns[artwork] for artwork in artworks), tuple(probabilities)

    async def _visit(self, visit: Visit) -> list[Drawn]:
        context = await self.context(visit.viewer)
        drawn = []
        for place, title in enumerate(visit.titles):
            if visit.looked[place]:
                drawn.append(await self._show(visit, place, title, context))
                self.clock.now += EVERY_MS
        await self._learn()
        return drawn

    async def _show(self, visit: Visit, place: int, title: int, context: Context) -> Drawn:
        live_title = self._shelved(title)
        pictures = [action.id for action in live_title.actions.values()]
        showings = await self._showings(visit.viewer, pictures)
        context = replace(context, showings=by_picture(pictures, showings))
        columns, probabilities = self.choice_probabilities(context, title)
        nonce = (self.clock.now + self.world.seed).to_bytes(8, "big")
        chosen = draw(probabilities, uniform_from(nonce))
        outcome = self._outcome(visit, place, columns[chosen])
        decision = _decision(live_title, nonce, chosen, probabilities, visit.viewer, context, showings)
        await self._tell(decision, outcome)
        return Drawn(visit.viewer, title, place, columns, probabilities, columns[chosen], outcome)

    async def _showings(self, viewer: int, pictures: Sequence[str]) -> tuple[int, ...]:
        """Return how often the viewer was shown each picture, as far as the service knows."""
        learned = await self.store.state.taste_since(_pseudonym(viewer))
        return times(by_mark(learned[2]), pictures) if learned else ()

    def _outcome(self, visit: Visit, place: int, column: int) -> Outcome:
        return self._visits.outcome(visit, place, column, self._era)

    async def _tell(self, decision: Decision, outcome: Outcome) -> None:
        [hold] = await self.store.log.log_decisions([a_draft(decision)])
        if outcome.clicked:
            click = Event(Kind.CLICK, hold.decision, hold.nonce, deferred=False)
            play = msgspec.structs.replace(click, kind=Kind.PLAY, seconds=outcome.seconds)
            await self.store.log.log_feedback([click, play])

    async def learn_all(self) -> None:
        """Learn everything that is in the log."""
        while self.fold.position < (await self.store.log.head()).position:
            await self._learn()

    async def _learn(self) -> None:
        await self.fold.feed(await self.store.log.read(self.fold.position, 1000))
        progress = self.fold.progress()
        await self.store.state.commit(0, progress)
        self.fold.settle(progress)

    def _shelved(self, title: int) -> LiveTitle:
        live_title = self.live_catalogue.get(self.world.titles[title].id)
        assert live_title is not None
        return live_title


def _decision(
    live_title: LiveTitle,
    nonce: bytes,
    chosen: int,
    probabilities: tuple[float, ...],
    viewer: int,
    context: Context,
    showings: tuple[int, ...],
) -> Decision:
    return Decision(
        nonce,
        live_title.title.id,
        live_title.title.revision,
        tuple(artwork.id for artwork in live_title.title.artworks),
        chosen,
        probabilities,
        "personalized",
        _pseudonym(viewer),
        dict(context.attributes),
        dict(context.taste),
        showings=showings,
    )


def _pseudonym(viewer: int) -> str:
    return f"{viewer:032x}"
