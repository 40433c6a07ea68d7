"""Viewers who come over HTTP: each is shown a row, looks, clicks, watches, and the service is told."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Literal, get_args

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
"""The uncounted pictures, beyond as many as were counted, after which a run is given up."""
Why = Literal["fallbacks", "repeated", "others"]
Feedback = dict[str, list[dict[str, Any]]]


class Crowd:
    """Plays a world to a service until so many exposures are counted.

    The number of uncounted pictures by reason is `aside`: fallbacks; held or pinned pictures, which are not
    separate draws; and others, of a viewer without a group or a picture that the listing did not have. Feedback
    that the service did not take is `rejected`. After each count, `moved` is called.
    """

    def __init__(self, service: Service, world: World, steps: int, reward: str, play_seconds: float):
        self.service, self.world, self.steps = service, world, steps
        self.reward, self.play_seconds = reward, play_seconds
        self.moved: Callable[[], object] = lambda: None
        self.scores, self.aside, self.rejected = Scores(), Counter[Why](), 0
        self._taken, self._introduced, self._visits = 0, set[int](), Visits(world)
        eras = [world.era(late=late) for late in (False, True)]
        self._yardsticks = [Yardstick(world, era, reward, play_seconds) for era in eras]
        artworks = [(title.id, artwork.id) for title in world.titles for artwork in title.artworks]
        self._columns = {artwork: column for column, artwork in enumerate(artworks)}

    async def play(self) -> None:
        """Let viewers come, several at a time. Raises `ServiceError` where it can't go on."""
        numbers, began = count(), asyncio.get_running_loop().time()
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(CONNECTIONS):
                    tasks.create_task(self._come(numbers, began))
        except* ServiceError as several:
            raise several.exceptions[0] from None

    async def _come(self, numbers: Iterator[int], began: float) -> None:
        while self._taken < self.steps:
            ahead = self._taken / PACE - (asyncio.get_running_loop().time() - began)
            await asyncio.sleep(max(0.0, ahead))
            await self._visit(self._visits[next(numbers)])
            if self.aside.total() > PATIENCE + len(self.scores):
                fallbacks, repeated, others = (self.aside[why] for why in get_args(Why))
                raise ServiceError(
                    f"Only {len(self.scores):,} pictures counted, beside {fallbacks:,} fallbacks, {repeated:,} "
                    f"held or pinned and {others:,} without a group, from which nothing is learned; check the "
                    "service's log and settings."
                )

    async def _visit(self, visit: Visit) -> None:
        profile = self._visits.name(visit.viewer)
        if visit.viewer not in self._introduced:
            self._introduced.add(visit.viewer)
            await self.service.introduce(profile, self._visits.attributes(visit.viewer))
        titles = [self.world.titles[title].id for title in visit.titles]
        page = await self.service.page(profile, titles, self._visits.circumstances(visit.viewer))
        choices = {choice["title"]: choice for choice in page}
        feedback: Feedback = {"impressions": [], "clicks": [], "plays": []}
        found = []
        for spot, title in enumerate(titles):
            choice = choices.get(title)
            if visit.looked[spot] and choice and self._taken < self.steps and self._is_scored(choice):
                found.append(self._seen(visit, spot, choice, feedback))
                self._taken += 1
        for kind, items in feedback.items():
            if items:
                self.rejected += await self.service.tell(kind, items)
        for seen in found:
            self.scores.add(seen)
        if found:
            self.moved()

    def _is_scored(self, choice: dict[str, Any]) -> bool:
        why: Why | None = None
        if choice["fallback"]:
            why = "fallbacks"
        elif choice["held"] or choice["pinned"]:
            why = "repeated"
        elif choice["group"] not in GROUPS or (choice["title"], choice["artwork"]) not in self._columns:
            why = "others"
        if why:
            self.aside[why] += 1
        return why is None

    def _seen(self, visit: Visit, spot: int, choice: dict[str, Any], feedback: Feedback) -> Seen:
        """Let the viewer act, and add to the feedback."""
        late = self._taken >= self.steps // 2
        column = self._columns[choice["title"], choice["artwork"]]
        outcome = self._visits.outcome(visit, spot, column, self.world.era(late=late))
        shown = {"decision_id": choice["decision_id"]}
        feedback["impressions"].append(shown)
        if outcome.clicked:
            feedback["clicks"].append(shown)
            feedback["plays"].append({**shown, "seconds": outcome.seconds})
        at, falls, yardstick = (visit.viewer, visit.titles[spot]), self.world.falls[spot], self._yardsticks[late]
        return Seen(
            visit.viewer,
            GROUPS.index(choice["group"]),
            outcome.clicked,
            outcome.left,
            self._reward(outcome),
            float(yardstick.best[at] * falls),
            float(yardstick.single[at] * falls),
        )

    def _reward(self, outcome: Outcome) -> float:
        if not outcome.clicked or self.reward == "click":
            return float(outcome.clicked)
        return worth(outcome.seconds, self.play_seconds)
