"""`GET /report/audit` and `keyart audit`: differences between viewers, over what was shown."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.records import Kind, Reference, encode
from tests.api.service import ADMIN, EDITOR, Catalogue, Service, is_problem, serving
from tests.e2e.service import keyart

LIKED, OTHER = "ignition", "earthrise"


async def audited(service: Service, **query: str) -> Any:
    answer = await service.http.get("/report/audit", params=query, headers=EDITOR)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def visit(service: Service, name: str, count: int) -> None:
    """Let viewers come, of whom those in Germany click one picture, and the others another one."""
    for number in range(count):
        country, liked = ("DE", LIKED) if number % 2 else ("FR", OTHER)
        choice = await service.get(profile=f"{name} {number}", country=country)
        if choice["artwork"] == liked:
            await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})


@pytest.fixture
async def learned(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Service]:
    shares: dict[str, Any] = {"best_single_share": 0, "uniform_share": 0, "default_share": 0}
    async with serving(tmp_path, catalogue, learn_cap=0, stranger_cap=0, **shares) as service:
        await visit(service, "first", 200)
        await service.close_windows()
        yield service


async def test_a_difference_that_the_policy_learned_is_named(learned: Service) -> None:
    await visit(learned, "then", 160)
    found = await audited(learned, title="countdown")
    named = {(each["dimension"], each["value"], each["label"]) for each in found["differences"] if each["named"]}
    assert {("country", "DE", LIKED), ("country", "FR", OTHER)} <= named
    assert found["decisions"] == 360
    assert found["differences"][0]["says"].startswith("If country is “")

    shown = await audited(learned, title="countdown", size="1")
    assert not any(each["named"] for each in shown["differences"])


async def test_the_command_says_the_same_of_the_whole_log(learned: Service) -> None:
    await visit(learned, "then", 160)
    done = keyart(learned.settings.data, "audit", "--title", "countdown", "--json")
    assert json.loads(done.stdout) == await audited(learned, title="countdown")
    told = keyart(learned.settings.data, "audit", "--title", "countdown")
    assert "differences of at least 5% that chance does not explain." in told.stdout
    assert "- If country is “DE”, the policy shows “ignition” " in told.stdout
    few = keyart(learned.settings.data, "audit", "--title", "big-buck-bunny")
    assert "decisions of the policy are too few: a comparison needs 30 viewers" in few.stdout
    unknown = keyart(learned.settings.data, "audit", "--title", "nothing")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "There is no title 'nothing'" in unknown.stderr


async def test_pictures_that_nobody_saw_do_not_count(service: Service) -> None:
    seen = await service.get(profile="ada", deferred="true")
    await service.get(profile="bob", deferred="true")
    assert (await audited(service))["decisions"] == 0
    await service.http.post("/impressions", json=[{"decision_id": seen["decision_id"]}])
    profile = (await service.http.get("/profiles", params={"profile": "ada"}, headers=ADMIN)).json()
    counts = profile["group"] == "personalized"
    assert (await audited(service, title="countdown"))["decisions"] == int(counts)


async def test_a_decision_that_was_taken_back_does_not_count(learned: Service) -> None:
    head = (await learned.store.log.head()).position
    [newest] = [r for r in await learned.store.log.latest(head + 1, 500) if r.kind == Kind.DECISION][:1]
    with closing(sqlite3.connect(learned.settings.data / "log.sqlite", isolation_level=None)) as log:
        void = encode(Reference(newest.position))
        log.execute("INSERT INTO log VALUES (?, ?, ?, ?)", (head + 1, learned.clock.now, Kind.VOID, void))
    assert (await audited(learned))["decisions"] == 199


async def test_an_unknown_title_is_named(service: Service) -> None:
    problem = is_problem(await service.http.get("/report/audit?title=nothing", headers=EDITOR), 404)
    assert "There is no title 'nothing'" in problem["detail"]
