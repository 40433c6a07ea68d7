"""`GET /profiles/records`: all that the log has of a person, and of nobody else."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.records import DECISIONS, decode_decision
from tests.api.service import CLIENT, Catalogue, Service, serving

decode = msgspec.json.Decoder().decode_lines


async def records(service: Service, profile: str) -> list[dict[str, Any]]:
    answer = await service.http.get("/profiles/records", params={"profile": profile}, headers=CLIENT)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/jsonl"
    assert answer.headers["cache-control"] == "private, no-store"
    found: list[dict[str, Any]] = decode(answer.content)
    return found


async def send(service: Service, what: str, body: dict[str, Any]) -> None:
    answer = await service.http.post(f"/{what}", json=body)
    assert answer.status_code == 202, answer.text


async def test_a_person_gets_their_decisions_and_feedback_and_nobody_else_s(service: Service) -> None:
    profile = {"attributes": {"country": "DE"}, "audit": {"born": "1990s"}}
    await service.http.put("/profiles", params={"profile": "ada"}, json=profile, headers=CLIENT)
    mine = await service.get(profile="ada", device="tv", timezone="Europe/Berlin")
    other = await service.get(profile="bob")
    for id_ in (mine["decision_id"], other["decision_id"]):
        await send(service, "clicks", {"decision_id": id_})
        await send(service, "plays", {"decision_id": id_, "seconds": 30})

    decision, click, play, end = await records(service, "ada")
    assert (decision["kind"], decision["title"], decision["artwork"]) == ("decision", "countdown", mine["artwork"])
    assert decision["attributes"].items() >= {"country": "DE", "device": "tv"}.items()
    assert decision["audit"] == {"born": "1990s"}
    assert decision["timezone"] == "Europe/Berlin"
    assert sum(decision["probabilities"]) == pytest.approx(1)
    assert decision["time"].endswith("Z")
    assert (click["kind"], click["decision"]) == ("click", decision["position"])
    assert (play["kind"], play["decision"], play["seconds"]) == ("play", decision["position"], 30)
    assert end["kind"] == "end"
    assert end["records"] == 3
    assert end["position"] >= play["position"]


async def test_another_s_decision_that_names_the_pseudonym_is_not_theirs(service: Service) -> None:
    await service.get(profile="ada")
    [mine] = [r for r in await service.store.log.read(0, 100) if r.kind in DECISIONS]
    pseudonym = decode_decision(mine.body).profile
    assert pseudonym
    await service.get(profile="bob", device=pseudonym)
    assert [each["kind"] for each in await records(service, "ada")] == ["decision", "end"]


async def test_a_hold_that_is_shown_again_is_there_twice(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, reward_window_seconds=10, hold_seconds=3600) as service:
        first = await service.get(profile="ada")
        service.clock.now += 60_000
        assert (await service.get(profile="ada"))["decision_id"] == first["decision_id"]
        decision, again, end = await records(service, "ada")
        assert (again["kind"], again["decision"]) == ("shown again", decision["position"])
        assert end["records"] == 2


async def test_a_stranger_has_none_and_an_erased_person_has_none_any_more(service: Service) -> None:
    assert [each["kind"] for each in await records(service, "nobody")] == ["end"]
    await send(service, "clicks", {"decision_id": (await service.get(profile="ada"))["decision_id"]})
    assert len(await records(service, "ada")) == 3
    await service.http.delete("/profiles", params={"profile": "ada"}, headers=CLIENT)
    assert [each["kind"] for each in await records(service, "ada")] == ["end"]


async def test_records_on_later_pages_of_the_log_are_found(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.viewers.own_records.PAGE", 3)
    ids = [(await service.get(profile=f"viewer-{number % 4}"))["decision_id"] for number in range(12)]
    for id_ in ids:
        await send(service, "clicks", {"decision_id": id_})
    kinds = [each["kind"] for each in await records(service, "viewer-1")]
    assert kinds.count("decision") >= 1
    assert kinds.count("click") >= 1
    assert kinds[-1] == "end"
