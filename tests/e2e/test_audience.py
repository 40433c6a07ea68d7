"""A scripted audience: one attribute decides which picture appeals, and no tag tells."""

import asyncio
import json
import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.api.queries import ArtworkQuery
from app.api.services import Services
from app.catalogue.live import LiveCatalogue
from app.catalogue.setting import SETTING
from app.evaluation.report import Report
from app.learning.fold import Fold
from app.records import Kind
from app.settings import Settings
from app.wiring.catalogue import revisions_in
from app.wiring.services import build
from bandit.learners import new_learner
from tests.api.service import settings_of
from tests.e2e.client import Connection
from tests.e2e.conftest import ARTWORKS, TITLES, Start, artwork_id, title_id
from tests.e2e.ledger import opened
from tests.e2e.service import soon, until
from tests.memory import MemoryStore

pytestmark = pytest.mark.long

COUNTRIES = "DE", "FR", "JP", "BR"
PROFILES = 3000
Z = 3.09
"""So many standard errors lie above 0 by chance once in a thousand times."""


@dataclass(frozen=True, slots=True)
class Script:
    """Viewers of each country like one picture of each title, every country another one, and none by its words."""

    likes: float
    else_: float
    dice: random.Random = field(default_factory=lambda: random.Random(20_260_101))

    def visit(self) -> tuple[str, str, str]:
        """Return a profile, its country and the title that it comes by."""
        number = self.dice.randrange(PROFILES)
        return f"viewer {number}", COUNTRIES[number % len(COUNTRIES)], title_id(self.dice.randrange(TITLES))

    def clicks(self, country: str, title: str, artwork: str) -> bool:
        return self.dice.random() < (self.likes if artwork == liked(country, title) else self.else_)


def liked(country: str, title: str) -> str:
    number = int(title.rpartition("-")[2])
    return artwork_id(number, (COUNTRIES.index(country) + number) % ARTWORKS)


@dataclass(frozen=True, slots=True)
class Rate:
    clicks: int
    exposures: int

    @classmethod
    def between(cls, before: Report, after: Report, group: str) -> "Rate":
        then, now = before["groups"][group], after["groups"][group]
        return cls(now["clicks"] - then["clicks"], now["exposures"] - then["exposures"])

    @property
    def rate(self) -> float:
        return self.clicks / self.exposures

    @property
    def variance(self) -> float:
        return self.rate * (1 - self.rate) / self.exposures

    def __str__(self) -> str:
        return f"{self.rate:.1%} of {self.exposures}"


def assert_above(before: Report, after: Report, margin: float = 0.0) -> None:
    """Judge by what was reported between two moments: personalization is above by more than chance explains.

    The difference of the two click rates, less `margin`, is more than 3.09 standard errors: without any effect,
    one run in a thousand would pass.
    """
    personalized = Rate.between(before, after, "personalized")
    control = Rate.between(before, after, "best_single")
    error = math.sqrt(personalized.variance + control.variance)
    difference = personalized.rate - control.rate
    uniform = Rate.between(before, after, "uniform")
    told = (
        f"personalized {personalized}, best_single {control}, uniform {uniform}: "
        f"{difference:+.1%} ± {Z * error:.1%} at 99.9 %"
    )
    print(told)  # noqa: T201  shown with -s, and where it fails
    assert difference - Z * error > margin, told


# ---------------------------------------------------------------- in process


class Stage:
    """The services and a fold over one store in memory, at a clock that moves when told to."""

    def __init__(self, data: Path):
        self.now = 1_700_000_000_000
        patient = (
            60_000  # milliseconds: on a busy machine a decision may take long, and a fallback teaches nothing
        )
        self.settings = settings_of(
            preset="demo", data=data, admin_key="the-key-of-a-stage", decision_timeout_ms=patient
        )
        self.store = MemoryStore(lambda: self.now)

    async def set(self) -> Services:
        async with opened(self.settings.data) as real:
            name = await real.log.setting(SETTING)
        assert name
        await self.store.log.swap_setting(SETTING, None, name)
        await self.store.log.declare(json.dumps(_rules(self.settings)).encode())
        services = await build(self.settings, self.store, lambda: self.now)
        await services.live_catalogue.refresh()
        live_catalogue = LiveCatalogue(self.store.log, revisions_in(self.settings))
        await live_catalogue.refresh()
        counted = await self.store.state.fold_state()
        self.fold = Fold(
            self.store.log, self.store.state, live_catalogue, new_learner(self.settings.learner), counted, None
        )
        token = await self.store.state.lead("the test", 10**9)
        assert token
        self.token = token
        await self.train(services)
        return services

    async def train(self, services: Services) -> None:
        """Do what a trainer and a following worker do in the course of a second."""
        await self.store.log.tick(0)
        while records := await self.store.log.read(self.fold.position, 1000):
            await self.fold.feed(records)
        progress = self.fold.progress(self.fold.snapshot())
        await self.store.state.commit(self.token, progress)
        self.fold.settle(progress)
        await services.model.refresh()
        services.best_single.look_again()


def _rules(settings: Settings) -> dict[str, Any]:
    rules = settings.reward_rules()
    return {"window": rules.window, "reward": rules.reward, "learn_cap": rules.learn_cap}


async def play_in_process(stage: Stage, services: Services, script: Script, decisions: int) -> None:
    """Let 50 viewers a second come, and close the last windows."""
    for number in range(decisions):
        profile, country, title = script.visit()
        live_title = services.live_catalogue.get(title)
        assert live_title
        query = ArtworkQuery(profile=profile, title=title, country=country)
        choice = await services.personalizer.choose_one(query, live_title)
        assert choice["decision_id"]
        if script.clicks(country, title, choice["artwork"]):
            click = {"decision_id": choice["decision_id"]}
            await services.recorder.record(Kind.CLICK, click, trusted=False)
        stage.now += 20
        if number % 50 == 49:
            await stage.train(services)
    stage.now += stage.settings.window_ms
    await stage.train(services)


async def test_the_personalized_group_ends_above_the_best_single_picture(data: Path) -> None:
    stage, script = Stage(data), Script(likes=0.3, else_=0.1)
    services = await stage.set()
    await play_in_process(stage, services, script, 6000)
    before = await services.reporter.report()
    await play_in_process(stage, services, script, 6000)
    after = await services.reporter.report()

    assert sum(group["exposures"] for group in after["groups"].values()) == 12_000
    assert_above(before, after, margin=0.02)


# ---------------------------------------------------------------- over HTTP


async def play_over_http(port: int, script: Script, decisions: int, viewers: int = 8) -> tuple[int, int]:
    """Let the audience come through several connections at once; return the decisions and clicks logged."""
    left = iter(range(decisions))
    counts = await asyncio.gather(*(_watch(port, script, left) for _ in range(viewers)))
    return sum(decided for decided, _ in counts), sum(clicked for _, clicked in counts)


async def _watch(port: int, script: Script, left: Any) -> tuple[int, int]:
    connection, decided, clicked = Connection(port), 0, 0
    for _ in left:
        profile, country, title = script.visit()
        status, choice = await connection.get("/artwork", profile=profile, title=title, country=country)
        assert status == 200
        if choice["fallback"]:  # the machine was busy: nothing is logged of it
            continue
        decided += 1
        if script.clicks(country, title, choice["artwork"]):
            status, answer = await connection.post("/clicks", {"decision_id": choice["decision_id"]})
            assert (status, answer["recorded"]) == (202, 1)
            clicked += 1
    connection.close()
    return decided, clicked


async def reported(ask: Callable[[], Awaitable[Report]], exposures: int) -> Report:
    """Return the report once the windows of so many exposures have closed."""
    deadline = asyncio.get_running_loop().time() + 30
    while True:
        report = await ask()
        if sum(group["exposures"] for group in report["groups"].values()) >= exposures:
            return report
        assert asyncio.get_running_loop().time() < deadline, f"not {exposures} exposures in {report['groups']}"
        await asyncio.sleep(0.2)


async def test_the_personalized_group_ends_above_the_best_single_picture_over_http(start: Start) -> None:
    service = await asyncio.to_thread(start, preset="demo")
    script = Script(likes=0.4, else_=0.1)
    connection = Connection(service.port, service.key)

    async def ask() -> Report:
        status, answer = await connection.get("/report")
        assert status == 200
        report: Report = answer
        return report

    decided, clicked = await play_over_http(service.port, script, 4000)
    before = await reported(ask, decided)
    more, clicked_more = await play_over_http(service.port, script, 4000)
    after = await reported(ask, decided + more)
    connection.close()

    assert sum(group["exposures"] for group in after["groups"].values()) == decided + more
    assert sum(group["clicks"] for group in after["groups"].values()) == clicked + clicked_more
    assert_above(before, after)


async def test_a_click_is_in_use_long_before_its_window_closes(start: Start) -> None:
    """The window is open for 600 s. Meanwhile the taste changes, and the next decision knows it."""
    service = await asyncio.to_thread(start, hold_seconds=0, reward_window_seconds=600, best_single_share=0)
    connection = Connection(service.port, service.key)
    profile = "ada"
    status, before = await connection.get("/profiles", profile=profile)
    assert (status, before["taste"]) == (200, {})
    await soon("a decision is made", lambda: service.get("/readyz")[0] == 200)
    _, choice = await connection.get("/artwork", profile=profile, title=title_id(0))
    status, answer = await connection.post("/clicks", {"decision_id": choice["decision_id"]})
    assert (status, answer["recorded"]) == (202, 1)

    def taste() -> dict[str, float]:
        _, body = service.get(f"/profiles?profile={profile}", key=service.key)
        found: dict[str, float] = json.loads(body)["taste"]
        return found

    learned = until("the click shows in the taste", taste)
    assert learned[choice["artwork"]] > 0
    _, next_choice = await connection.get("/artwork", profile=profile, title=title_id(1))
    _, record = await connection.get(f"/decisions/{next_choice['decision_id']}")
    connection.close()
    assert learned == pytest.approx(_taste_in(record))


def _taste_in(record: dict[str, Any]) -> dict[str, float]:
    return dict(record["taste"])
