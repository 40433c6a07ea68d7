"""Viewers who come over HTTP: each is shown a row, looks, clicks, watches, and the service is told."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from app.audience.scores import GROUPS, Scores, Seen
from app.audience.service import Service, ServiceError
from app.audience.visits import Outcome, Visit, Visits, Yardstick
from app.audience.world import World, worth

CONNECTIONS = 8
PACE = 800
"""Exposures a second, at most: the faster they come, the fewer of their windows have closed. Without a limit a run
would learn less on a faster machine.
"""
PATIENCE = 500
"""So many pictures may go uncounted, beside as many as were counted, before a run is given up."""


@dataclass(slots=True)
class Aside:
    """What was looked at and is not counted, by why."""

    fallbacks: int = 0
    repeated: int = 0
    """Held or pinned: no draw of its own."""
    others: int = 0
    """Of a viewer in no group, or a picture that the listing did not have."""
    rejected: int = 0
    """Feedback that the service did not take."""

    @property
    def total(self) -> int:
        return self.fallbacks + self.repeated + self.others


@dataclass(frozen=True, slots=True)
class Exposure:
    decision_id: str
    outcome: Outcome
    seen: Seen


@dataclass(slots=True, eq=False)
class Crowd:
    """Plays a world to a service until so many exposures are counted."""

    service: Service
    world: World
    steps: int
    reward: str
    play_seconds: float
    moved: Callable[[], object] = lambda: None
    """Called when something was counted."""
    scores: Scores = field(default_factory=Scores)
    aside: Aside = field(default_factory=Aside)
    _taken: int = 0
    _began: float = 0.0
    _introduced: set[int] = field(default_factory=set)
    _visits: Visits = field(init=False)
    _yardsticks: list[Yardstick] = field(init=False)
    _columns: dict[tuple[str, str], int] = field(init=False)

    def __post_init__(self) -> None:
        self._visits = Visits(self.world)
        self._yardsticks = [
            Yardstick(self.world, self.world.era(late=late), self.reward, self.play_seconds)
            for late in (False, True)
        ]
        artworks = [(title.id, artwork.id) for title in self.world.titles for artwork in title.artworks]
        self._columns = {artwork: column for column, artwork in enumerate(artworks)}

    async def play(self) -> None:
        """Let viewers come, several at a time. Raises `ServiceError` where it can't go on."""
        numbers, self._began = count(), asyncio.get_running_loop().time()
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(CONNECTIONS):
                    tasks.create_task(self._come(numbers))
        except* ServiceError as several:
            raise several.exceptions[0] from None

    async def _come(self, numbers: Iterator[int]) -> None:
        while self._taken < self.steps:
            await self._keep_pace()
            await self._visit(self._visits[next(numbers)])
            if self.aside.total > PATIENCE + len(self.scores):
                raise ServiceError(
                    f"Only {len(self.scores):,} pictures could be counted, beside {self.aside.fallbacks:,} "
                    f"fallbacks, {self.aside.repeated:,} held or pinned and {self.aside.others:,} of no group: "
                    "nothing is learned from those; look at the service's log and settings."
                )

    async def _keep_pace(self) -> None:
        ahead = self._taken / PACE - (asyncio.get_running_loop().time() - self._began)
        if ahead > 0:
            await asyncio.sleep(ahead)

    async def _visit(self, visit: Visit) -> None:
        profile = self._visits.name(visit.viewer)
        if visit.viewer not in self._introduced:
            self._introduced.add(visit.viewer)
            await self.service.introduce(profile, self._visits.attributes(visit.viewer))
        titles = [self.world.titles[title].id for title in visit.titles]
        choices = await self.service.page(profile, titles, self._visits.circumstances(visit.viewer))
        exposures = self._looked_at(visit, {choice["title"]: choice for choice in choices})
        if exposures:
            await self._tell(exposures)
            for exposure in exposures:
                self.scores.add(exposure.seen)
            self.moved()

    async def _tell(self, exposures: list[Exposure]) -> None:
        clicked = [each for each in exposures if each.outcome.clicked]
        shown = [{"decision_id": each.decision_id} for each in exposures]
        opened = [{"decision_id": each.decision_id} for each in clicked]
        watched = [{"decision_id": each.decision_id, "seconds": each.outcome.seconds} for each in clicked]
        for kind, items in (("impressions", shown), ("clicks", opened), ("plays", watched)):
            if items:
                self.aside.rejected += await self.service.tell(kind, items)

    def _looked_at(self, visit: Visit, choices: dict[str, dict[str, Any]]) -> list[Exposure]:
        """Return what the viewer looked at and can be counted, as long as steps are left."""
        exposures = []
        for place, title in enumerate(visit.titles):
            choice = choices.get(self.world.titles[title].id)
            if visit.looked[place] and choice and self._taken < self.steps and self._counts(choice):
                exposures.append(self._exposure(visit, place, choice))
                self._taken += 1
        return exposures

    def _counts(self, choice: dict[str, Any]) -> bool:
        if choice["fallback"]:
            self.aside.fallbacks += 1
        elif choice["held"] or choice["pinned"]:
            self.aside.repeated += 1
        elif choice["group"] not in GROUPS or (choice["title"], choice["artwork"]) not in self._columns:
            self.aside.others += 1
        else:
            return True
        return False

    def _exposure(self, visit: Visit, place: int, choice: dict[str, Any]) -> Exposure:
        late = self._taken >= self.steps // 2
        yardstick, era = self._yardsticks[late], self.world.era(late=late)
        column = self._columns[choice["title"], choice["artwork"]]
        outcome = self._visits.outcome(visit, place, column, era)
        at, falls = (visit.viewer, visit.titles[place]), float(self.world.places[place])
        seen = Seen(
            visit.viewer,
            GROUPS.index(choice["group"]),
            outcome.clicked,
            outcome.left,
            self._reward(outcome),
            float(yardstick.best[at]) * falls,
            float(yardstick.single[at]) * falls,
        )
        return Exposure(choice["decision_id"], outcome, seen)

    def _reward(self, outcome: Outcome) -> float:
        if not outcome.clicked or self.reward == "click":
            return float(outcome.clicked)
        return worth(outcome.seconds, self.play_seconds)
