"""`/candidate`: what an operator orders about the candidate in the shadow, and what is known of it."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from app.data_folder import DataFolder
from app.evaluation.candidate_learner import learner_of
from app.learning import shadow
from app.learning.candidate_file import CandidateFile, Kept
from app.learning.candidate_fold import Mixture
from app.learning.examples import context_of
from app.learning.shadow import Parts, Shadow
from app.records import Decision, Kind, Record, decode_decision, decode_terms
from app.viewers.erasure import erase
from bandit.exploration import with_floor
from bandit.learners import restored
from tests.api.service import ADMIN, CLIENT, EDITOR, Service, is_problem
from tests.api.test_models import taught, use, visited

LOW = "logistic,spread=0.3"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAVE_SECONDS", "QUIET_SECONDS", "IDLE_SECONDS"):
        monkeypatch.setattr(shadow, name, 0.0)


async def start(service: Service, policy: str = LOW, **body: object) -> httpx2.Response:
    return await service.http.put("/candidate", json={"policy": policy, **body}, headers=ADMIN)


async def shown(service: Service) -> Any:
    answer = await service.http.get("/candidate", headers=ADMIN)
    assert answer.status_code == 200, answer.text
    return answer.json()["candidate"]


async def promote(service: Service) -> httpx2.Response:
    return await service.http.post("/candidate/promotion", json={"why": "Better"}, headers=ADMIN)


async def caught_up(service: Service) -> None:
    """Let the process of the shadow run until it has saved the log's end, or until it has nothing to do."""
    file = CandidateFile(DataFolder(service.services.settings.data).candidate)
    stop, services = asyncio.Event(), service.services
    parts = Parts(learner_of, Mixture(0.02), lambda _: services.candidates.promote_by_rule())
    task = asyncio.create_task(Shadow(service.store, services.live_catalogue, file, parts).run(stop))
    async with asyncio.timeout(60):
        while (found := await shown(service)) and found["behind"] and not task.done():  # noqa: ASYNC110  it sets no event
            await asyncio.sleep(0.005)
    stop.set()
    await task


async def test_a_candidate_is_a_record_with_its_author_and_reason(service: Service) -> None:
    assert await shown(service) is None
    answer = await start(service, why="Half the spread")
    assert answer.status_code == 200, answer.text
    found = await shown(service)
    assert (found["policy"], found["by"]["name"], found["by"]["why"]) == (LOW, "key", "Half the spread")
    assert (found["by_rule"], found["saved"], found["paired"], found["position"]) == (False, None, None, 0)
    assert found["condition"] == "starting"
    assert "has saved nothing yet" in found["promotion"]
    [record] = [each for each in await service.store.log.read(0, 1000) if each.kind == Kind.INTERVENTION]
    assert record.position == found["by"]["position"]
    assert LOW.encode() in record.body
    edits = (await service.http.get("/edits", headers=EDITOR)).json()["edits"]
    assert edits[0]["operation"] == f"start candidate {LOW}"


async def test_the_comparison_is_shown_and_a_conclusion(service: Service) -> None:
    await visited(service)
    await start(service)
    await caught_up(service)
    before = await shown(service)
    assert (before["caught_up"], before["behind"], before["paired"]["decisions"]) == (True, 0, 0)
    assert (before["condition"], before["lag_seconds"], before["remedy"]) == ("following", 0, "")
    assert "keyart candidate promote" in before["promotion"]
    for number in range(1000, 1030):
        await service.get(profile=str(number))
    await service.close_windows()
    await caught_up(service)
    after = await shown(service)
    assert 0 < after["paired"]["decisions"] <= 30
    assert after["paired"]["interval"] is None
    assert after["paired"]["says"].startswith("Nothing can be concluded yet")


async def test_there_is_one_candidate_at_a_time(service: Service) -> None:
    await start(service)
    position = (await shown(service))["by"]["position"]
    assert (await start(service)).status_code == 200
    assert (await shown(service))["by"]["position"] == position
    refused = is_problem(await start(service, "logistic,spread=3"), 409)["detail"]
    assert LOW in refused
    assert (await service.http.delete("/candidate?why=Enough", headers=ADMIN)).json() == {"candidate": None}
    assert (await start(service, "logistic,spread=3", by_rule=True)).status_code == 200
    assert (await shown(service))["by_rule"] is True


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("uniform", "learns nothing"),
        ("nobody", "There is no policy"),
        ("logistic,spread=-1", "is not valid"),
        ("logistic,spread", "write it as NAME=VALUE"),
        ("logistic,without=country", "settings alone determine both"),
        ("logistic,floor=1", "settings alone determine both"),
        ("mine.py:Popular", "is a file"),
    ],
)
async def test_a_policy_that_cannot_be_served_is_refused(service: Service, policy: str, said: str) -> None:
    assert said in is_problem(await start(service, policy), 422)["detail"]
    assert await shown(service) is None


async def test_a_fit_candidate_is_promoted_and_is_no_candidate_any_more(service: Service) -> None:
    await visited(service)
    await start(service)
    await caught_up(service)
    answer = await promote(service)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"candidate": None}
    [chosen] = await service.store.state.snapshots("chosen")
    [kept] = await service.store.state.snapshots("candidate")
    assert chosen.learner == kept.learner
    models = (await service.http.get("/models", headers=ADMIN)).json()
    assert models["promotion_by"]["why"] == "Better"
    assert models["promoting"]


async def test_what_is_not_ready_is_refused(service: Service) -> None:
    assert "There is no candidate" in is_problem(await promote(service), 409)["detail"]
    await start(service)
    assert "has saved nothing yet" in is_problem(await promote(service), 409)["detail"]


async def test_a_candidate_that_learned_from_an_erased_profile_is_refused(service: Service) -> None:
    await visited(service)
    await start(service)
    await caught_up(service)
    records = [each for each in await service.store.log.read(0, 1000) if each.kind == Kind.DECISION]
    pseudonym = next(each for each in map(_profile, records) if each)
    await erase(service.store.log, pseudonym)
    assert "was erased just now" in is_problem(await promote(service), 409)["detail"]
    assert await service.store.state.snapshots("candidate") == []
    await caught_up(service)
    assert "was erased since" in is_problem(await promote(service), 409)["detail"]


async def test_a_collapsed_candidate_is_refused_and_stays(service: Service) -> None:
    await visited(service)
    number = await taught(service, "cupola")
    await use(service, learner_of("logistic"))
    collapsed = await service.store.state.snapshot(number)
    assert collapsed
    await start(service)
    await caught_up(service)
    _write(service, await kept_of(service), collapsed.learner)
    assert "its choices are collapsed" in is_problem(await promote(service), 409)["detail"]
    assert (await shown(service))["policy"] == LOW


def _profile(record: Record) -> str | None:
    return decode_decision(record.body).profile


async def kept_of(service: Service) -> Kept:
    file = CandidateFile(DataFolder(service.services.settings.data).candidate)
    found = file.read((await shown(service))["by"]["position"])
    assert found
    return found


def _write(service: Service, kept: Kept, learner: bytes) -> None:
    file = CandidateFile(DataFolder(service.services.settings.data).candidate)
    file.write(replace(kept, learner=learner))


@pytest.mark.parametrize("headers", [CLIENT, EDITOR, {}])
async def test_only_an_admin_orders(service: Service, headers: dict[str, str]) -> None:
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/promotion")):
        answer = await service.http.request(method, f"/candidate{path}", json={"policy": LOW}, headers=headers)
        assert answer.status_code in {401, 403}


# ---------------------------------------------------------------- the canary


async def serve(service: Service, share: float) -> httpx2.Response:
    return await service.http.put("/candidate/serving", json={"share": share}, headers=ADMIN)


async def groups_of(service: Service) -> dict[str, str]:
    """Return a profile of each group that has any."""
    found = {}
    for profile in (f"new {number}" for number in range(40)):
        answer = await service.http.get("/profiles", params={"profile": profile}, headers=ADMIN)
        found[str(answer.json()["group"])] = profile
    return found


async def latest(service: Service) -> Decision:
    [record] = await service.store.log.latest((await service.store.log.head()).position + 1, 1)
    return decode_decision(record.body)


async def until(service: Service, groups: set[str]) -> dict[str, str]:
    async with asyncio.timeout(30):
        while (found := await groups_of(service)).keys() != groups:  # noqa: ASYNC110  the worker sets no event
            await asyncio.sleep(0.05)
    return found


async def served_to_everyone(service: Service) -> None:
    """Let the candidate decide for all profiles that are not in a control."""
    await visited(service)
    await start(service)
    await caught_up(service)
    answer = await serve(service, 0.5)
    assert answer.status_code == 200, answer.text


async def test_the_canary_is_decided_by_the_candidate_with_its_own_propensities(service: Service) -> None:
    assert (await groups_of(service)).keys() == {"personalized"}
    await served_to_everyone(service)
    who = (await until(service, {"personalized", "canary"}))["canary"]
    assert (await shown(service))["serves"] is True
    await service.get(profile=who)
    decision = await latest(service)
    kept = await kept_of(service)
    live_title = service.services.live_catalogue.at(decision.title, decision.revision)
    actions = [live_title.actions[each] for each in decision.candidates]
    alone = restored(kept.learner).probabilities(context_of(decision, actions), actions)
    floor = service.services.settings.exploration_floor
    assert decision.probabilities == pytest.approx(with_floor(alone, floor), abs=1e-12)
    assert (decision.group, decision.snapshot) == ("canary", None)

    experiment = await service.store.log.begun()
    assert experiment
    shares = decode_terms(experiment.terms).shares
    assert (shares["canary"], round(shares["personalized"], 9)) == (0.5, 0.5)
    await serve(service, 0)
    await until(service, {"personalized"})
    experiment = await service.store.log.begun()
    assert experiment
    assert "canary" not in decode_terms(experiment.terms).shares


async def test_without_a_usable_candidate_the_learner_in_use_decides_and_it_is_said(service: Service) -> None:
    await served_to_everyone(service)
    who = (await until(service, {"personalized", "canary"}))["canary"]
    DataFolder(service.services.settings.data).candidate.write_bytes(b"broken")
    async with asyncio.timeout(30):
        while (await shown(service))["serves"]:  # noqa: ASYNC110  the worker sets no event
            await asyncio.sleep(0.05)
    await service.get(profile=who)
    decision = await latest(service)
    assert (decision.group, decision.snapshot) == ("canary", service.services.model.snapshot)
    assert (await shown(service))["share"] == 0.5
    await service.http.delete("/candidate", headers=ADMIN)
    await until(service, {"personalized"})


async def test_a_candidate_that_has_not_caught_up_is_not_served(service: Service) -> None:
    assert "There is no candidate" in is_problem(await serve(service, 0.1), 409)["detail"]
    await start(service)
    assert "has not caught up" in is_problem(await serve(service, 0.1), 409)["detail"]
    is_problem(await serve(service, 0.6), 422)
    assert (await serve(service, 0)).status_code == 200
