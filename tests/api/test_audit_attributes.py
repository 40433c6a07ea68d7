"""Audit attributes: recorded with each decision of their profile, and read by nothing that chooses or learns."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace as changed

from app.fields import MOST_ATTRIBUTES, MOST_CHANGES
from app.learning.fold import Fold
from app.learning.totals import NoTastes
from app.records import DECISIONS, Decision, Record, decode_decision, encode
from app.store.protocol import FoldState, Log
from app.viewers.viewer import Profile, decode_profile, recorded_viewer
from bandit.learners import new_learner
from tests.api.service import ADMIN, CLIENT, Catalogue, Service, is_problem, serving

SECRET = "zanzibarjazz"
AUDIT = {"gender": SECRET, "born": 1990, "veteran": True}


async def change(service: Service, status: int = 200, profile: str = "ada", **body: Any) -> Any:
    answer = await service.http.patch("/profiles", params={"profile": profile}, json=body, headers=CLIENT)
    assert answer.status_code == status, answer.text
    return answer.json()


async def decided(service: Service, **asked: Any) -> Decision:
    """Ask for a picture and return the decision that is in the log."""
    await service.get(**asked)
    return [decode_decision(body) for kind, body in await service.records() if kind in DECISIONS][-1]


async def test_they_are_set_kept_and_removed_like_attributes(service: Service) -> None:
    assert (await change(service, audit=AUDIT))["audit"] == AUDIT
    known = await change(service, attributes={"age": 36}, audit={"born": None})
    assert (known["attributes"], known["audit"]) == ({"age": 36}, {"gender": SECRET, "veteran": True})
    assert (await change(service, personalize=True))["audit"] == {"gender": SECRET, "veteran": True}
    answer = await service.http.get("/profiles", params={"profile": "ada"}, headers=CLIENT)
    assert answer.json()["audit"] == {"gender": SECRET, "veteran": True}
    deleted = await service.http.delete("/profiles", params={"profile": "ada"}, headers=CLIENT)
    assert deleted.status_code == 204
    answer = await service.http.get("/profiles", params={"profile": "ada"}, headers=CLIENT)
    assert answer.json()["audit"] == {}


async def test_a_name_is_never_in_both(service: Service) -> None:
    await change(service, attributes={"gender": "f", "age": 36})
    refused = await service.http.patch(
        "/profiles", params={"profile": "ada"}, json={"audit": {"gender": "f"}}, headers=CLIENT
    )
    problem = is_problem(refused, 422)
    assert "'gender' as an attribute and as an audit attribute" in str(problem)
    assert (await change(service, personalize=True))["audit"] == {}
    moved = await change(service, attributes={"gender": None}, audit={"gender": "f"})
    assert (moved["attributes"], moved["audit"]) == ({"age": 36}, {"gender": "f"})
    assert "'gender'" in str(await change(service, 422, attributes={"gender": "m"}))


@pytest.mark.parametrize("name", ["country", "device", "hour", "language", "maturity", "placement", "timezone"])
async def test_a_name_that_requests_put_into_the_context_is_refused(service: Service, name: str) -> None:
    assert f"must not have '{name}'" in str(await change(service, 422, audit={name: 12}))
    assert (await change(service, audit={name: None}))["audit"] == {}


@pytest.mark.parametrize(
    "audit",
    [{"a b": "x"}, {"": "x"}, {"x" * 65: "x"}, {"a": "x" * 129}, {"a": []}, {"a": {"b": "c"}}, [], "text"],
)
async def test_names_and_values_are_checked_like_those_of_attributes(service: Service, audit: Any) -> None:
    await change(service, 422, audit=audit)
    await change(service, 422, attributes=audit)


async def test_they_are_bounded_like_attributes(service: Service) -> None:
    await change(service, audit={f"a{i}": "x" * 128 for i in range(MOST_ATTRIBUTES)})
    await change(service, attributes={f"b{i}": "x" * 128 for i in range(MOST_ATTRIBUTES)})
    assert "33 audit attributes; keep at most 32" in str(await change(service, 422, audit={"one": "more"}))
    await change(service, 422, audit={f"c{i}": None for i in range(MOST_CHANGES + 1)})


async def test_a_decision_records_them_and_nothing_tells_them(service: Service) -> None:
    await change(service, audit=AUDIT)
    choice = await service.get(profile="ada")
    [decision] = [decode_decision(body) for kind, body in await service.records() if kind in DECISIONS]
    assert decision.audit == AUDIT
    for path in (f"/decisions/{choice['decision_id']}", f"/decisions/{choice['decision_id']}/why"):
        answer = await service.http.get(path, headers=ADMIN)
        assert answer.status_code == 200
        assert SECRET not in answer.text
        assert "veteran" not in answer.text


@pytest.mark.parametrize("group", ["best_single", "uniform"])
async def test_decisions_of_the_control_groups_record_them_too(
    catalogue: Catalogue, tmp_path: Path, group: str
) -> None:
    shares: dict[str, Any] = {f"{group}_share": 1}
    async with serving(tmp_path, catalogue, **shares) as service:
        await change(service, audit=AUDIT)
        decision = await decided(service, profile="ada")
        assert (decision.group, decision.audit) == (group, AUDIT)


async def test_a_viewer_who_opted_out_or_is_a_bot_has_none(service: Service) -> None:
    await change(service, audit=AUDIT)
    assert (await decided(service, profile="ada", headers={"User-Agent": "Googlebot/2.1"})).audit == {}
    await change(service, personalize=False)
    assert (await decided(service, profile="ada")).audit == {}


async def test_they_do_not_reach_the_policy(catalogue: Catalogue, tmp_path: Path) -> None:
    """A decision has equal probabilities with and without them, also after decisions with them taught."""
    async with serving(tmp_path, catalogue, hold_seconds=0, learn_cap=0) as service:
        for number in range(40):
            choice = await service.get(profile=f"viewer-{number}", device="tv")
            if number % 2:
                await change(service, profile=f"viewer-{number}", audit={"gender": SECRET})
                await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
        await service.close_windows()
        without = await decided(service, profile="ada")
        await change(service, audit=AUDIT)
        with_them = await decided(service, profile="ada")
        assert with_them.audit == AUDIT
        assert len(set(without.probabilities)) > 1
        assert with_them.probabilities == without.probabilities
        assert (with_them.attributes, with_them.taste) == (without.attributes, without.taste)


class WithoutAudit:
    """A log whose decisions have no audit attributes."""

    def __init__(self, log: Log):
        self._log = log

    async def records(self, positions: Collection[int]) -> dict[int, Record]:
        found = await self._log.records(positions)
        return {position: self._without(record) for position, record in found.items()}

    @staticmethod
    def _without(record: Record) -> Record:
        decision = decode_decision(record.body)
        assert decision.audit == AUDIT
        return changed(record, body=encode(changed(decision, audit={})))


async def test_they_do_not_reach_the_learner(catalogue: Catalogue, tmp_path: Path) -> None:
    """A log with them and one without them are learned to the same snapshot, to the last byte."""
    async with serving(tmp_path, catalogue, hold_seconds=0, learn_cap=0, title_cap=0) as service:
        await change(service, audit=AUDIT)
        for _ in range(12):
            choice = await service.get(profile="ada", device="tv")
            await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
        service.clock.now += service.settings.window_ms + 1
        await service.store.log.tick(0)

        async def learned(log: Log) -> bytes:
            state = FoldState(0, None, {})
            fold = Fold(log, NoTastes(), service.services.live_catalogue, new_learner(), state, None)
            await fold.feed(await service.store.log.read(0, 1000))
            assert fold.seen.examples == 12
            return fold.learner.snapshot()

        with_them = await learned(service.store.log)
        assert with_them == await learned(cast("Log", WithoutAudit(service.store.log)))
        assert SECRET.encode() not in with_them


def test_records_and_profiles_of_before_are_read_and_are_written_as_before() -> None:
    old = b'{"nonce":"AQI=","title":"a","revision":"r","candidates":["x"],"chosen":0,"probabilities":[1.0]}'
    assert decode_decision(old).audit == {}
    assert encode(decode_decision(old)) == old
    known = b'{"attributes":{"age":40.0},"personalize":false}'
    assert decode_profile(known) == Profile({"age": 40.0}, personalize=False)
    assert encode(decode_profile(known)) == known


def test_erasure_removes_them_from_a_decision() -> None:
    decision = Decision(b"1", "a", "r", ("x",), 0, (1.0,), profile="p", audit={"gender": "f"})
    assert decision.forgotten().audit == {}


async def test_an_attribute_that_is_declared_as_unused_is_seen_by_no_policy(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue, unused_attributes="age, country ,hour") as service:
        await change(service, attributes={"age": 36, "genre": "comedy"}, audit={"gender": "f"})
        own = await decided(service, profile="ada", country="DE", device="tv")
        assert own.attributes == {"genre": "comedy", "device": "tv", "placement": "row"}
        assert own.audit.keys() == {"age", "country", "gender", "hour"}
        assert (own.audit["age"], own.audit["country"]) == (36, "DE")
        nobody = await decided(service, country="DE", device="tv")
        assert (nobody.attributes, nobody.audit) == ({"device": "tv", "placement": "row"}, {})


async def test_a_limit_holds_although_no_policy_uses_its_attribute(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, unused_attributes="maturity,language") as service:
        await service.change_artwork("ignition", maturity=18)
        await service.refresh()
        await change(service, attributes={"maturity": 6})
        decision = await decided(service, profile="ada")
        assert "ignition" not in decision.candidates
        assert "maturity" not in decision.attributes
        assert recorded_viewer(decision).maturity == 6, "reports show the same candidates"
