"""`GET /decisions/{id}` tells what raised and lowered the score of each candidate."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bandit.exploration import with_floor
from bandit.types import Case
from tests.api.service import ADMIN, CLIENT, Catalogue, Service, in_group, listening, serving
from tests.e2e.service import keyart

LIKED, OTHER = "ignition", "earthrise"


async def explained(service: Service, id_: str) -> tuple[Any, Any]:
    answer = await service.http.get(f"/decisions/{id_}", headers=ADMIN)
    assert answer.status_code == 200, answer.text
    record = answer.json()
    return record, record["explanation"]


async def visit(service: Service, count: int) -> None:
    """Let viewers come: those from Germany click one picture, and those from nowhere another one."""
    for number in range(count):
        place: dict[str, Any] = {"country": "DE"} if number % 2 else {}
        choice = await service.get(profile=f"visitor {number}", **place)
        if choice["artwork"] == (LIKED if place else OTHER):
            await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
    await service.close_windows()


@pytest.fixture
async def visited(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Service]:
    settings: dict[str, Any] = {"learn_cap": 0, "stranger_cap": 0, "uniform_share": 0.2, "exploration_floor": 0.05}
    async with serving(tmp_path, catalogue, **settings) as service:
        await visit(service, 240)
        yield service


async def decided(service: Service, country: str = "DE") -> str:
    profile = await in_group(service, "personalized")
    return str((await service.get(profile=profile, country=country))["decision_id"])


def adds_up(record: Any) -> None:
    """Check that the parts are all of the log-odds, and that these chances were drawn with."""
    candidates = record["explanation"]["candidates"]
    assert [each["artwork"] for each in candidates] == record["candidates"]
    assert [each["probability"] for each in candidates] == record["probabilities"]
    assert with_floor([each["best"] for each in candidates], 0.05) == pytest.approx(record["probabilities"])
    for each in candidates:
        told = [reason["log_odds"] for reason in (*each["raised"], *each["lowered"])]
        assert sum(told) + each["rest"] == pytest.approx(each["log_odds"])
        assert all(reason["log_odds"] > 0 for reason in each["raised"])
        assert all(reason["log_odds"] < 0 for reason in each["lowered"])


async def test_the_parts_add_up_to_what_was_drawn_with_and_name_what_viewers_liked(visited: Service) -> None:
    record, explanation = await explained(visited, await decided(visited))
    adds_up(record)
    assert explanation["decided"]
    assert explanation["snapshot"] == record["snapshot"]
    assert "which decided" in explanation["says"]
    best = max(explanation["candidates"], key=lambda each: each["best"])
    assert best["artwork"] == LIKED
    assert any("If country is “DE”, viewers react better to" in each["reason"] for each in best["raised"])
    assert any(
        f"Without the attribute country, “{OTHER}” would be the likeliest" in change
        for change in explanation["instead"]
    )


async def test_a_kept_snapshot_that_decided_explains_and_not_the_current_one(visited: Service) -> None:
    id_ = await decided(visited)
    await visit(visited, 40)
    record, explanation = await explained(visited, id_)
    assert explanation["snapshot"] == record["snapshot"] != visited.services.model.snapshot
    assert explanation["decided"]
    adds_up(record)


async def test_without_the_snapshot_that_decided_it_is_the_current_one_and_says_so(
    visited: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await decided(visited)
    await visit(visited, 40)

    async def none(_: int) -> None:
        """It is not kept."""

    monkeypatch.setattr(visited.store.state, "snapshot", none, raising=False)
    record, explanation = await explained(visited, id_)
    assert explanation["snapshot"] == visited.services.model.snapshot
    assert not explanation["decided"]
    assert f"snapshot {record['snapshot']}, which decided, is not kept" in explanation["says"]


async def test_for_a_group_without_the_policy_it_says_who_decided(visited: Service) -> None:
    profile = await in_group(visited, "uniform")
    _, explanation = await explained(visited, (await visited.get(profile=profile))["decision_id"])
    assert explanation["says"].startswith("The policy did not decide: the viewer's group gets each candidate")
    assert explanation["candidates"]


async def test_a_pin_is_named(visited: Service) -> None:
    await visited.http.put("/titles/countdown/pin", json={"artwork": LIKED}, headers=ADMIN)
    _, explanation = await explained(visited, await decided(visited))
    assert explanation["says"].startswith("The policy did not decide: an editor pinned the picture.")


async def test_default_pictures_that_an_operator_ordered_are_no_pins(visited: Service) -> None:
    ordered = await visited.http.put("/interventions/serving", json={"pictures": "default"}, headers=ADMIN)
    assert ordered.is_success, ordered.text
    await visited.services.switch.refresh()
    _, explanation = await explained(visited, await decided(visited))
    assert "an operator had ordered default pictures" in explanation["says"]


async def test_of_an_erased_viewer_no_attribute_is_left(visited: Service) -> None:
    profile = await in_group(visited, "personalized")
    id_ = (await visited.get(profile=profile, country="DE"))["decision_id"]
    await visited.http.delete("/profiles", params={"profile": profile}, headers=CLIENT)
    _, explanation = await explained(visited, id_)
    assert "The viewer was erased" in explanation["says"]
    assert "DE" not in str(explanation)


async def test_the_command_shows_it_and_names_an_unknown_id(visited: Service) -> None:
    id_ = await decided(visited)
    async with listening(visited.app) as address:
        settings = {
            "port": address.rpartition(":")[2],
            "admin_key": ADMIN["Authorization"].removeprefix("Bearer "),
        }
        told = await asyncio.to_thread(keyart, visited.settings.data, "explain", id_, **settings)
        assert told.returncode == 0, told.stderr
        assert "which decided" in told.stdout
        assert "If country is “DE”, viewers react better to" in told.stdout
        assert "Without the attribute country" in told.stdout
        unknown = await asyncio.to_thread(keyart, visited.settings.data, "explain", "nonsense", **settings)
        assert unknown.returncode == 1
        assert "is not one of this service's" in unknown.stderr


class Whole:
    """A policy whose scores have no parts."""

    def remembered(self, case: Case) -> list[float]:
        return [1 / len(case.actions)] * len(case.actions)


async def test_a_learner_without_parts_is_named(visited: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    id_ = await decided(visited)
    monkeypatch.setattr("app.evaluation.score_explanation.restored", lambda _: Whole())
    _, explanation = await explained(visited, id_)
    assert "have no parts" in explanation["missing"]
    assert explanation["candidates"] == []
