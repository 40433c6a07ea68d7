"""`/interventions`: orders of operators that hold at once, and that teach nothing wrong."""

from typing import Any

import httpx2
import msgspec
import pytest

from app.interventions import SETTING, Order
from app.records import Kind
from tests.api.service import ADMIN, CLIENT, EDITOR, Service, is_problem

SERVING = "/interventions/serving"
DEFAULT = "cupola"


async def order(service: Service, path: str = SERVING, **body: Any) -> Any:
    answer = await service.http.put(path, json=body, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    await service.refresh()
    return answer.json()


async def record_of(service: Service, id_: str) -> Any:
    return (await service.http.get(f"/decisions/{id_}", headers=ADMIN)).json()


async def chosen_otherwise(service: Service) -> str:
    """Return a profile that holds a picture which is not the default."""
    for number in range(200):
        if (await service.get(profile=f"viewer {number}"))["artwork"] != DEFAULT:
            return f"viewer {number}"
    raise AssertionError("Every viewer got the default, so that the test would say nothing.")


async def test_everyone_gets_the_default_and_a_hold_of_a_chosen_picture_ends(service: Service) -> None:
    profile = await chosen_otherwise(service)
    await order(service, pictures="default", why="The new pictures are wrong")
    choices = [await service.get(profile=name) for name in (profile, *map(str, range(20)))]
    assert {choice["artwork"] for choice in choices} == {DEFAULT}
    assert not any(choice["fallback"] for choice in choices)
    assert (await service.get())["artwork"] == DEFAULT
    await order(service, pictures="policy")
    again = [await service.get(profile=str(number)) for number in range(20)]
    assert {choice["held"] for choice in again} == {False}
    assert len({choice["artwork"] for choice in again}) > 1


async def test_a_decision_says_that_nothing_was_drawn(service: Service) -> None:
    await order(service, pictures="default")
    choice = await service.get(profile="ada")
    found = await record_of(service, choice["decision_id"])
    assert (found["switched"], found["pinned"], found["propensity"]) == (True, True, 1.0)
    assert found["drawn_again"] == found["artwork"] == DEFAULT
    why = (await service.http.get(f"/decisions/{choice['decision_id']}/why")).json()
    assert "An operator ordered default pictures" in why["reasons"][0]


async def test_nothing_is_learned_from_default_pictures_and_they_are_outside_the_lift(service: Service) -> None:
    await service.learn()
    before = service.services.model.learner.snapshot()
    await order(service, pictures="default")
    for number in range(10):
        id_ = (await service.get(profile=str(number)))["decision_id"]
        recorded = await service.http.post("/clicks", json={"decision_id": id_})
        assert recorded.status_code == 202
    await service.close_windows()
    assert service.services.model.learner.snapshot() == before
    report = (await service.http.get("/report", headers=ADMIN)).json()
    assert {group: rates["exposures"] for group, rates in report["groups"].items() if rates["exposures"]} == {
        "pinned": 10
    }
    await order(service, pictures="policy")
    for number in range(10):
        await service.get(profile=f"later {number}")
    await service.close_windows()
    assert service.services.model.learner.snapshot() != before


async def test_an_editors_pin_still_applies(service: Service) -> None:
    await service.http.put("/titles/countdown/pin", json={"artwork": "ignition"}, headers=ADMIN)
    await order(service, pictures="default")
    choice = await service.get(profile="ada")
    assert choice["artwork"] == "ignition"
    assert not (await record_of(service, choice["decision_id"]))["switched"]


async def test_a_viewer_who_may_not_see_the_default_gets_another_picture(service: Service) -> None:
    await order(service, pictures="default")
    await service.change_artwork(DEFAULT, locales=("fr",))
    await service.refresh()
    assert (await service.get(profile="ada", language="de"))["artwork"] != DEFAULT
    assert (await service.get(profile="bob", language="fr"))["artwork"] == DEFAULT


async def test_an_order_is_a_record_and_an_edit_and_ordering_it_twice_is_neither(service: Service) -> None:
    for _ in range(2):
        found = await order(service, pictures="default", why="A rights holder asked")
        assert found["serving"] == "default"
        by = found["serving_by"]
        assert (by["role"], by["name"], by["why"]) == ("admin", "key", "A rights holder asked")
    shown = (await service.http.get("/interventions", headers=ADMIN)).json()
    assert shown["serving_by"] == by
    await order(service, pictures="policy")
    records = [each for each in await service.store.log.read(0, 1000) if each.kind == Kind.INTERVENTION]
    assert records[0].position == by["position"]
    orders = [msgspec.json.decode(each.body, type=Order) for each in records]
    assert [(each.what, each.why) for each in orders] == [
        ("serving default", "A rights holder asked"),
        ("serving policy", ""),
    ]
    edits = (await service.http.get("/edits", headers=EDITOR)).json()["edits"]
    assert [(each["operation"], each["title"], each["before"], each["after"]) for each in edits] == [
        ("serving policy", None, {"serving": "default"}, {"serving": "policy"}),
        (
            "serving default",
            None,
            {"serving": "policy"},
            {"serving": "default", "why": "A rights holder asked"},
        ),
    ]


@pytest.mark.parametrize("headers", [{}, EDITOR, CLIENT])
async def test_orders_are_for_admins(service: Service, headers: dict[str, str]) -> None:
    answer = await service.http.put(SERVING, json={"pictures": "default"}, headers=headers)
    is_problem(answer, 403 if headers else 401)
    assert await service.store.log.setting(SETTING) is None


@pytest.mark.parametrize(
    "body",
    [{}, {"pictures": "none"}, {"pictures": "default", "why": "a\nb"}, {"pictures": "default", "why": "a" * 501},
     {"pictures": "default", "until": 1}, [], "default"],
)  # fmt: skip
async def test_an_order_that_is_not_valid_changes_nothing(service: Service, body: Any) -> None:
    answer: httpx2.Response = await service.http.put(SERVING, json=body, headers=ADMIN)
    is_problem(answer, 422)
    assert await service.store.log.setting(SETTING) is None


async def test_the_editors_see_that_the_policy_decides_nothing(service: Service) -> None:
    await order(service, pictures="default")
    answer = await service.http.get("/titles/countdown/probabilities", headers=EDITOR)
    assert "an operator ordered default pictures" in answer.json()["missing"]


async def test_an_alarm_reminds_of_the_order_for_as_long_as_it_is_in_force(service: Service) -> None:
    await order(service, pictures="default", why="Wrong pictures")
    told = {alarm.name: alarm for alarm in (await service.services.watch.look()).alarms}
    assert "by admin (key): Wrong pictures." in told["KeyartServingDefault"].says
    assert "keyart_serving_default 1.0" in (await service.http.get("/metrics")).text
    await order(service, pictures="policy")
    assert "KeyartServingDefault" not in {alarm.name for alarm in (await service.services.watch.look()).alarms}
    assert "keyart_serving_default 0.0" in (await service.http.get("/metrics")).text


# ---------------------------------------------------------------- learning and quarantines

LEARNING, QUARANTINES = "/interventions/learning", "/interventions/quarantines"


async def post(service: Service, **body: Any) -> httpx2.Response:
    return await service.http.post(QUARANTINES, json=body, headers=ADMIN)


async def test_a_pause_is_an_order_of_which_an_alarm_reminds(service: Service) -> None:
    found = await order(service, LEARNING, state="paused", why="Clicks of the TV app are missing")
    assert (found["learning"], found["learning_by"]["why"]) == ("paused", "Clicks of the TV app are missing")
    assert (await service.get(profile="ada"))["fallback"] is False
    told = {alarm.name: alarm.says for alarm in (await service.services.watch.look()).alarms}
    assert "Clicks of the TV app" in told["KeyartLearningPaused"]
    assert "keyart_learning_paused 1.0" in (await service.http.get("/metrics")).text
    found = await order(service, LEARNING, state="running")
    assert (found["learning"], found["learning_by"]) == ("running", None)
    assert not (await service.services.watch.look()).seen.in_force.learning_paused


async def test_a_quarantine_keeps_its_span_its_device_and_its_author_until_it_is_lifted(service: Service) -> None:
    now = service.clock.now / 1000
    answer = await post(service, since="2026-01-01", until=now + 60, device="tv", why="Release 7.2")
    assert answer.status_code == 201, answer.text
    [found] = answer.json()["quarantines"]
    assert (found["since"], found["until"], found["device"]) == (1767225600.0, now + 60, "tv")
    assert (found["by"]["role"], found["by"]["name"], found["by"]["why"]) == ("admin", "key", "Release 7.2")
    assert len((await post(service, since="2026-01-01", until=now + 60, device="tv")).json()["quarantines"]) == 1
    await service.refresh()
    assert "KeyartQuarantine" in {alarm.name for alarm in (await service.services.watch.look()).alarms}
    assert "keyart_quarantine_at_work 1.0" in (await service.http.get("/metrics")).text
    number = found["by"]["position"]
    [record] = [each for each in await service.store.log.read(0, 1000) if each.kind == Kind.QUARANTINE]
    assert record.position == number
    lifted = await service.http.delete(f"{QUARANTINES}/{number}?why=Wrong+span", headers=ADMIN)
    assert lifted.json()["quarantines"] == []
    is_problem(await service.http.delete(f"{QUARANTINES}/{number}", headers=ADMIN), 404)
    await service.refresh()
    assert "KeyartQuarantine" not in {alarm.name for alarm in (await service.services.watch.look()).alarms}
    assert "keyart_quarantine_at_work 0.0" in (await service.http.get("/metrics")).text
    edits = (await service.http.get("/edits", headers=EDITOR)).json()["edits"]
    assert [each["operation"] for each in edits] == ["lift quarantine", "quarantine"]
    assert edits[0]["after"] == {"quarantines": [], "why": "Wrong span"}


@pytest.mark.parametrize(
    ("since", "until", "more"),
    [(10, 10, {}), (20, 10, {}), (-1, 10, {}), ("soon", 10, {}), (1, 1e300, {}), (0, 10, {"device": ""}),
     (0, 10, {"device": "a" * 65}), (0, 10, {"country": "DE"})],
)  # fmt: skip
async def test_a_quarantine_that_is_not_valid_is_refused(
    service: Service, since: object, until: object, more: dict[str, Any]
) -> None:
    is_problem(await post(service, since=since, until=until, **more), 422)
    assert await service.store.log.setting(SETTING) is None


async def test_there_is_a_most_of_quarantines_and_those_past_retention_make_room(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.operations.interventions.MOST_QUARANTINES", 3)
    now = service.clock.now / 1000
    for number in range(3):
        assert (await post(service, since=now + number, until=now + 9)).status_code == 201
    is_problem(await post(service, since=now + 4, until=now + 9), 409)
    service.clock.now += service.settings.window_ms + round(service.settings.retention_days * 86_400_000)
    assert (await post(service, since=now + 4, until=now + 9)).status_code == 201
