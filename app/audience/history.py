"""The visits of the sample viewers before the first visitor comes: the service learns their taste from them."""

import asyncio
import random
from collections.abc import Collection, Iterator, Sequence
from itertools import count
from typing import Any, NamedTuple

from app.audience.service import Service, ServiceError

SECONDS = 11.0
"""How long the visits last, so that all of them are learned 20 s after the service is ready."""
VISITS = 24
"""How often each viewer comes."""
AT_ONCE = 4
LOOKED = 0.85
"""The share of a page's pictures that a viewer looks at."""
OPENED = {0: 0.06, 1: 0.35, 2: 0.6}
"""How likely a viewer opens a picture with so many tags that it likes, or more, and none that it dislikes."""
DISLIKED = 0.02
SHORTEST_PLAY, LONGEST_PLAY = 600, 3000
"""Seconds."""
SEED = 13


class Regular(NamedTuple):
    """A viewer who comes often. `hints` go with each request; the service never gets the tastes."""

    profile: str
    hints: dict[str, str]
    likes: Collection[str]
    dislikes: Collection[str]

    def opens(self, tags: Collection[str], u: float) -> bool:
        """Say whether this viewer opens a picture with these tags, at the quantile `u`."""
        if any(tag in self.dislikes for tag in tags):
            return u < DISLIKED
        liked = sum(tag in self.likes for tag in tags)
        return u < OPENED[min(liked, max(OPENED))]


class History:
    """Plays the visits, spread evenly over their time. The same seed gives the same order and the same dice.

    The number of pictures that were seen is `seen`, and that of the titles that were opened is `opened`.
    """

    def __init__(
        self,
        service: Service,
        regulars: Sequence[Regular],
        titles: Sequence[dict[str, Any]],
        *,
        visits: int = VISITS,
        seconds: float = SECONDS,
    ):
        self._service, self._titles = service, [title["id"] for title in titles]
        self._tags = {
            (title["id"], artwork["id"]): artwork["tags"] for title in titles for artwork in title["artworks"]
        }
        dice = random.Random(SEED)  # noqa: S311  a simulation
        self._visits = [each for _ in range(visits) for each in dice.sample(regulars, len(regulars))]
        self._seconds = seconds
        self.seen = self.opened = 0

    async def play(self) -> None:
        """Let the viewers come, several at a time. Raises `ServiceError`."""
        numbers, began = count(), asyncio.get_running_loop().time()
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(AT_ONCE):
                    tasks.create_task(self._come(numbers, began))
        except* ServiceError as several:
            raise several.exceptions[0] from None

    async def _come(self, numbers: Iterator[int], began: float) -> None:
        loop = asyncio.get_running_loop()
        for number in numbers:
            if number >= len(self._visits) or loop.time() > began + self._seconds:  # a slow machine plays fewer
                return
            await asyncio.sleep(max(0.0, began + number * self._seconds / len(self._visits) - loop.time()))
            await self._visit(self._visits[number], random.Random(f"{SEED} {number}"))  # noqa: S311

    async def _visit(self, viewer: Regular, dice: random.Random) -> None:
        shown = []
        for choice in await self._service.page(viewer.profile, self._titles, viewer.hints):
            looking, opening, watching = dice.random(), dice.random(), dice.uniform(SHORTEST_PLAY, LONGEST_PLAY)
            if looking < LOOKED and choice["decision_id"]:
                opens = viewer.opens(self._tags.get((choice["title"], choice["artwork"]), ()), opening)
                shown.append(({"decision_id": choice["decision_id"]}, opens, round(watching)))
        clicks = [seen for seen, opens, _ in shown if opens]
        plays = [{**seen, "seconds": seconds} for seen, opens, seconds in shown if opens]
        for kind, items in (("impressions", [seen for seen, *_ in shown]), ("clicks", clicks), ("plays", plays)):
            if items:
                await self._service.tell(kind, items)
        self.seen, self.opened = self.seen + len(shown), self.opened + len(clicks)
