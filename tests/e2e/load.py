"""Viewers who never stop, and who remember every answer they got."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.client import Connection, NoAnswerError
from tests.e2e.conftest import ARTWORKS, TITLES, artwork_id, title_id

KINDS = "impressions", "clicks", "plays"
REGULARS = 8
VIEWERS = 10
PAUSE = 0.004
"""A breath between requests: the machine is shared with the service that is tested."""
Fact = tuple[str, str, float]
"""Kind, decision id, seconds."""


@dataclass(slots=True)
class Heard:
    """What the service acknowledged, and what was said to it without an answer."""

    artworks: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    recorded: Counter[Fact] = field(default_factory=Counter)
    duplicates: Counter[Fact] = field(default_factory=Counter)
    unanswered: Counter[Fact] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    held: int = 0
    fallbacks: int = 0

    def choice(self, choice: dict[str, Any]) -> str | None:
        id_: str | None = choice["decision_id"]
        if id_ is None:
            self.fallbacks += 1
        else:
            self.held += choice["held"]
            self.artworks.setdefault(id_, set()).add((choice["title"], choice["artwork"]))
        return id_


class Viewer:
    """Asks for pictures, some held and some fresh, alone or by the page, and says what it did with them."""

    def __init__(self, port: int, heard: Heard, dice: random.Random):
        self._connection, self._second = Connection(port), Connection(port)
        self._heard, self._dice = heard, dice

    async def run(self) -> None:
        try:
            while True:
                try:
                    await self._visit()
                except* OSError:  # no answer, or nobody listens just now
                    await asyncio.sleep(0.02)
                await asyncio.sleep(PAUSE)
        finally:
            self._connection.close()
            self._second.close()

    async def _visit(self) -> None:
        what = self._dice.random()
        if what < 0.15:
            ids = await self._page()
        else:
            ids = await self._single(what)
        for id_ in ids:
            await self._react(id_)

    async def _single(self, what: float) -> list[str]:
        query = {"title": title_id(self._dice.randrange(TITLES)), "country": self._dice.choice(("DE", "FR", "JP"))}
        if what < 0.75:
            query["profile"] = f"regular {self._dice.randrange(REGULARS)}"
        elif what < 0.95:
            query["profile"] = f"new {self._dice.getrandbits(60)}"
        if self._dice.random() < 0.2:
            query["deferred"] = "true"
        choice = await self._ask("GET", "/artwork", query)
        id_ = self._heard.choice(choice) if choice else None
        return [id_] if id_ else []

    async def _page(self) -> list[str]:
        titles = [title_id(title) for title in self._dice.sample(range(TITLES), 4)]
        body = {"profile": f"regular {self._dice.randrange(REGULARS)}", "placement": "page", "titles": titles}
        page = await self._ask("POST", "/artwork", body)
        ids = [self._heard.choice(choice) for choice in page["choices"]] if page else []
        return [id_ for id_ in ids if id_ and self._dice.random() < 0.5]

    async def _ask(self, method: str, path: str, what: dict[str, Any]) -> Any:
        if method == "GET":
            status, answer = await self._connection.get(path, **what)
        else:
            status, answer = await self._connection.post(path, what)
        self._heard.statuses[status] += 1
        assert status == 200, f"{method} {path} answered {status}: {answer}"
        return answer

    async def _react(self, id_: str) -> None:
        if self._dice.random() < 0.5:
            await self._say(("impressions", id_, 0.0))
        if self._dice.random() < 0.3:
            fact = ("clicks", id_, 0.0)
            if self._dice.random() < 0.3:  # twice at once, perhaps to two workers
                await self._say_twice(fact)
            else:
                await self._say(fact)
        if self._dice.random() < 0.2:
            for _ in range(self._dice.randrange(1, 3)):
                await self._say(("plays", id_, round(self._dice.uniform(1, 1000), 6)))

    async def _say_twice(self, fact: Fact) -> None:
        async with asyncio.TaskGroup() as both:
            both.create_task(self._say(fact))
            both.create_task(self._say(fact, self._second))

    async def _say(self, fact: Fact, connection: Connection | None = None) -> None:
        kind, id_, seconds = fact
        item = {"decision_id": id_, "seconds": seconds} if kind == "plays" else {"decision_id": id_}
        try:
            status, answer = await (connection or self._connection).post(f"/{kind}", item)
        except (NoAnswerError, asyncio.CancelledError):
            self._heard.unanswered[fact] += 1
            raise
        self._heard.statuses[status] += 1
        assert status == 202, f"/{kind} answered {status} to {item}: {answer}"
        assert not answer["rejected"]
        self._heard.recorded[fact] += answer["recorded"]
        self._heard.duplicates[fact] += answer["duplicates"]


async def edit(port: int, key: str, dice: random.Random) -> None:
    """Change the catalogue now and then: tags, pins, paused artworks."""
    connection = Connection(port, key)
    try:
        while True:
            await asyncio.sleep(0.5)
            title = dice.randrange(TITLES)
            artwork = artwork_id(title, dice.randrange(1, ARTWORKS))
            path = f"/titles/{title_id(title)}"
            calls: list[tuple[str, str, object]] = [
                ("PATCH", f"{path}/artworks/{artwork}", {"tags": [f"tag-{dice.randrange(20)}"]}),
                ("PATCH", f"{path}/artworks/{artwork}", {"status": dice.choice(("active", "paused"))}),
                ("PUT", f"{path}/pin", {"artwork": artwork_id(title, 0), "country": "JP"}),
                ("DELETE", f"{path}/pin", None),
            ]
            try:
                status, answer = await connection.send(*dice.choice(calls))
                assert status in {200, 204}, json.dumps(answer)
            except OSError:
                continue
    finally:
        connection.close()


@asynccontextmanager
async def under_load(port: int, key: str, dice: random.Random) -> AsyncIterator[Heard]:
    """Keep viewers and an editor busy for the length of the block; what goes wrong with one of them is raised."""
    heard = Heard()
    viewers = [Viewer(port, heard, random.Random(dice.random())) for _ in range(VIEWERS)]
    async with meanwhile(*(viewer.run() for viewer in viewers), edit(port, key, random.Random(dice.random()))):
        yield heard


@asynccontextmanager
async def meanwhile(*actions: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Let them go on for the length of the block; what goes wrong with one of them is raised."""
    tasks = [asyncio.create_task(action) for action in actions]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
