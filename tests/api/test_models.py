"""`/models`: snapshots, which of them may be promoted, and the orders about them."""

import asyncio
from dataclasses import asdict, replace
from typing import Any

import httpx2
import pytest

from app.learning.bases import resume
from app.learning.examples import context_of
from app.records import Kind, decode_decision
from app.store.protocol import Snapshot
from bandit.learners import new_learner
from bandit.logistic.prior import Tuning
from bandit.policy import Learner
from bandit.types import Example
from tests.api.service import ADMIN, EDITOR, Service, is_problem, listening
from tests.e2e.service import keyart

FROZEN = "/models/frozen"


async def listed(service: Service) -> Any:
    answer = await service.http.get("/models", headers=ADMIN)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def promote(service: Service, number: int, **body: Any) -> httpx2.Response:
    return await service.http.post(f"/models/{number}/promotion", json=body, headers=ADMIN)


async def visited(service: Service, viewers: int = 60, clicks: int = 2) -> None:
    """Let viewers come, of whom every second one clicks, whatever is shown."""
    await service.learn()
    for number in range(viewers):
        id_ = (await service.get(profile=str(number)))["decision_id"]
        if number % clicks == 0:
            await service.http.post("/clicks", json={"decision_id": id_})
    await service.close_windows()


async def use(service: Service, learner: Learner) -> None:
    """Publish a learner, as a trainer does."""
    token = await service.store.state.lead("test", 60_000)
    assert token is not None
    fold = await resume(service.store, service.services.live_catalogue)
    fold.learner = learner
    await service.store.state.commit(token, fold.progress(fold.snapshot()))
    await service.services.model.refresh()


async def taught(service: Service, artwork: str, times: int = 30) -> int:
    """Keep a candidate that has only seen clicks on one artwork, and return its number."""
    learner = new_learner()
    live_title = service.services.live_catalogue.get("countdown")
    assert live_title
    records = [each for each in await service.store.log.read(0, 10_000) if each.kind == Kind.DECISION]
    for record in records * times:
        decision = decode_decision(record.body)
        actions = [live_title.actions[each] for each in decision.candidates]
        reward = float(decision.artwork == artwork)
        context = context_of(decision, actions)
        learner.learn(Example(context, actions, decision.chosen, decision.propensity, reward))
    [incumbent] = await service.store.state.snapshots(limit=1)
    return await service.store.state.keep_candidate(replace(incumbent, learner=learner.snapshot()))


async def test_snapshots_are_listed_with_their_roles_and_the_one_in_use(service: Service) -> None:
    await visited(service)
    candidate = await taught(service, "cupola", 1)
    found = await listed(service)
    assert [each["snapshot"] for each in found["models"] if each["role"] == "candidate"] == [candidate]
    [used] = [each for each in found["models"] if each["used"]]
    assert used["tuning"] == asdict(Tuning())
    assert (used["role"], used["learner"], used["snapshot"]) == (
        "incumbent",
        "logistic",
        service.services.model.snapshot,
    )
    assert used["position"] == (await service.store.log.head()).position
    assert (found["frozen_by"], found["promotion_by"], found["promoting"]) == (None, None, False)


async def test_a_fit_snapshot_is_promoted_by_a_record_with_its_author_and_reason(service: Service) -> None:
    await visited(service)
    number = next(each["snapshot"] for each in (await listed(service))["models"] if each["used"])
    fitness = (await service.http.get(f"/models/{number}/fitness", headers=ADMIN)).json()
    assert (fitness["decisions"], fitness["entropy"]) == (60, fitness["entropy_in_use"])
    assert 0 < fitness["entropy"] <= 2
    low, high = fitness["interval"]
    assert low <= fitness["over_best_single"] <= high
    answer = await promote(service, number, why="As good as any")
    assert answer.status_code == 200, answer.text
    by = answer.json()["promotion_by"]
    assert (by["role"], by["name"], by["why"]) == ("admin", "key", "As good as any")
    assert answer.json()["promoting"]
    edits = (await service.http.get("/edits", headers=EDITOR)).json()["edits"]
    assert edits[0]["operation"] == f"promote {number}"
    [chosen] = await service.store.state.snapshots("chosen")
    known = await service.store.state.snapshot(number)
    assert known
    assert chosen.learner == known.learner


async def test_a_collapsed_snapshot_is_refused(service: Service) -> None:
    await visited(service)
    number = await taught(service, "cupola")
    await use(service, new_learner())
    fitness = (await service.http.get(f"/models/{number}/fitness", headers=ADMIN)).json()
    assert fitness["entropy"] < 0.5
    assert fitness["entropy_in_use"] > 1.9
    refused = is_problem(await promote(service, number), 409)["detail"]
    assert "its choices are collapsed" in refused
    assert await service.store.state.snapshots("chosen") == []


async def test_a_snapshot_that_is_worse_than_the_best_single_picture_is_refused(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.evaluation.fitness.LEAST_ENTROPY", 0.0)
    await service.learn()
    for number in range(200):
        choice = await service.get(profile=str(number))
        if choice["artwork"] == "cupola":
            await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
    await service.close_windows()
    refused = is_problem(await promote(service, await taught(service, "ignition")), 409)["detail"]
    assert "it is worse than the best single picture" in refused
    assert (await promote(service, await taught(service, "cupola"))).status_code == 200


async def test_a_few_rewards_say_nothing_about_a_snapshot(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.evaluation.fitness.LEAST_ENTROPY", 0.0)
    await service.learn()
    clicks = 0
    for number in range(80):
        choice = await service.get(profile=str(number))
        if choice["artwork"] == "cupola" and clicks < 8:
            clicks += 1
            await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
    await service.close_windows()
    number = await taught(service, "ignition")
    fitness = (await service.http.get(f"/models/{number}/fitness", headers=ADMIN)).json()
    assert fitness["decisions"] >= 50
    async with listening(service.app) as address:
        settings = {
            "port": address.rpartition(":")[2],
            "admin_key": ADMIN["Authorization"].removeprefix("Bearer "),
        }
        told = await asyncio.to_thread(keyart, service.settings.data, "models", "--fitness", **settings)
    assert f"Snapshot {number}: the entropy of its choices is" in told.stdout, told.stderr
    assert (fitness["over_best_single"], fitness["interval"]) == (None, None)
    assert (await promote(service, number)).status_code == 200


@pytest.mark.parametrize("learner", [b"broken", b""])
async def test_a_snapshot_that_does_not_load_is_refused(service: Service, learner: bytes) -> None:
    await service.learn()
    number = await service.store.state.keep_candidate(Snapshot(0, "candidate", 1, 1, 0, b"", learner))
    refused = is_problem(await promote(service, number), 409)["detail"]
    assert f"Snapshot {number} is not fit to be promoted" in refused
    [candidate] = [each for each in (await listed(service))["models"] if each["role"] == "candidate"]
    assert candidate["learner"] is None
    assert candidate["tuning"] is None


async def test_what_is_not_there_is_refused(service: Service) -> None:
    await service.learn()
    is_problem(await promote(service, 99), 404)
    is_problem(await service.http.get("/models/99/fitness", headers=ADMIN), 404)
    is_problem(await promote(service, 0), 422)
    is_problem(await service.http.post("/models/rollback", json={}, headers=ADMIN), 409)
    assert (await service.http.post("/models/rollback", json={}, headers=EDITOR)).status_code == 403


async def test_a_freeze_is_an_order_of_which_an_alarm_reminds_until_the_thaw(service: Service) -> None:
    await service.learn()
    answer = await service.http.put(FROZEN, json={"frozen": True, "why": "A campaign"}, headers=ADMIN)
    assert answer.json()["frozen_by"]["why"] == "A campaign"
    await service.refresh()
    assert "KeyartModelFrozen" in {alarm.name for alarm in (await service.services.watch.look()).alarms}
    assert "keyart_model_frozen 1.0" in (await service.http.get("/metrics")).text
    span = {"since": 0, "until": 1}
    refused = await service.http.post("/interventions/quarantines", json=span, headers=ADMIN)
    assert "thaw it first" in is_problem(refused, 409)["detail"]
    for _ in range(2):
        answer = await service.http.put(FROZEN, json={"frozen": False}, headers=ADMIN)
        assert (answer.json()["frozen_by"], answer.json()["promoting"]) == (None, True)
    edits = (await service.http.get("/edits", headers=EDITOR)).json()["edits"]
    assert [each["operation"] for each in edits] == ["thaw", "freeze"]
