"""Where a page shows a picture, as its client says: it is in the log, and influences nothing."""

from typing import Any

import msgspec
import pytest

from app.records import (
    DECISIONS,
    Decision,
    Feedback,
    Kind,
    Reference,
    Spot,
    decode_decision,
    decode_feedback,
    decode_reference,
    encode,
)
from tests.api.service import ADMIN, Service

SPOT = {"release": "tv-4.2.0", "page": "home", "row": "new", "column": 3}
TITLES = ["countdown", "big-buck-bunny"]


async def ask(service: Service, **fields: Any) -> Any:
    answer = await service.http.post("/artwork", json={"titles": TITLES, "profile": "ada", **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def decisions(service: Service) -> dict[str, Spot | None]:
    """Return the spot of each title's last decision."""
    logged = [decode_decision(body) for kind, body in await service.records() if kind in DECISIONS]
    return {decision.title: decision.spot for decision in logged}


async def last(service: Service, kind: Kind) -> Spot | None:
    return decode_feedback([body for each, body in await service.records() if each == kind][-1]).spot


async def test_a_decision_has_release_page_row_and_column_of_its_title(service: Service) -> None:
    spots = {"countdown": {"row": "new", "column": 3}}
    answer = await ask(service, release="tv-4.2.0", page="home", spots=spots)
    assert answer["ignored"] == []
    assert await decisions(service) == {
        "countdown": Spot("tv-4.2.0", "home", "new", 3),
        "big-buck-bunny": Spot("tv-4.2.0", "home"),
    }


async def test_a_column_may_be_text_as_attributes_are(service: Service) -> None:
    [first, _] = (await ask(service, spots={"countdown": {"column": "12"}}))["choices"]
    assert (await decisions(service))["countdown"] == Spot(column=12)
    for text, column in (("12", 12), ("9" * 5000, None), ("²", None), ("-1", None)):
        service.clock.now += service.settings.window_ms
        await service.get(profile="ada")
        item = {"decision_id": first["decision_id"], "page": "home", "column": text}
        assert (await service.http.post("/clicks", json=item)).json()["recorded"] == 1
        assert await last(service, Kind.CLICK) == Spot(page="home", column=column)


@pytest.mark.parametrize("what", ["impressions", "clicks", "plays"])
async def test_feedback_has_the_spot_that_it_names(service: Service, what: str) -> None:
    kind = Kind[what[:-1].upper()]
    first, second = (await ask(service))["choices"]
    item = {"decision_id": first["decision_id"], "seconds": 5}
    assert (await service.http.post(f"/{what}", json=item | SPOT)).status_code == 202
    assert await last(service, kind) == Spot(**SPOT)  # type: ignore[arg-type]
    assert (await service.http.post(f"/{what}", json=item | {"decision_id": second["decision_id"]})).json()
    assert await last(service, kind) is None


@pytest.mark.parametrize(
    "value", ["", "a b", "https://shop.example/?who=ada", "x" * 65, 7, -1, 10**9, True, [], {}, None]
)
async def test_a_value_that_is_not_valid_never_costs_picture_or_feedback(service: Service, value: Any) -> None:
    faulty = {"release": value, "page": value, "spots": {"countdown": {"row": value, "column": str(value)}}}
    answer = await ask(service, **faulty)
    assert set(answer["ignored"]) <= faulty.keys()
    assert set((await decisions(service)).values()) == {None}
    item = {"decision_id": answer["choices"][0]["decision_id"], **dict.fromkeys(SPOT, value)}
    if value == 7:
        del item["column"]  # a valid one
    assert (await service.http.post("/clicks", json=item)).json()["recorded"] == 1
    assert await last(service, Kind.CLICK) is None


async def test_it_makes_no_other_choice_and_a_hold_keeps_the_first(service: Service) -> None:
    before = await ask(service, page="home")
    after = await ask(service, page="search")
    assert [choice["decision_id"] for choice in before["choices"]] == [
        choice["decision_id"] for choice in after["choices"]
    ]
    assert set((await decisions(service)).values()) == {Spot(page="home")}
    assert "home" not in str(
        [decode_decision(body).attributes for kind, body in await service.records() if kind in DECISIONS]
    )


async def test_a_hold_that_is_shown_again_records_where(service: Service) -> None:
    """Each exposure has a spot of its own, and the decision keeps the first."""
    await ask(service, page="home", deferred=False)
    service.clock.now += service.settings.window_ms
    await ask(service, page="search", deferred=False, spots={"countdown": {"row": "found", "column": 0}})
    shown = [decode_reference(body) for kind, body in await service.records() if kind == Kind.EXPOSURE]
    assert [reference.spot for reference in shown] == [
        Spot(page="search", row="found", column=0),
        Spot(page="search"),
    ]
    assert set((await decisions(service)).values()) == {Spot(page="home")}
    service.clock.now += service.settings.window_ms
    await service.get(profile="ada")
    [*_, plain] = [body for kind, body in await service.records() if kind == Kind.EXPOSURE]
    assert plain == encode(Reference(shown[0].decision))


async def test_the_record_of_a_decision_tells_it(service: Service) -> None:
    spotted = (await ask(service, page="home"))["choices"][0]["decision_id"]
    record = (await service.http.get(f"/decisions/{spotted}", headers=ADMIN)).json()
    assert record["spot"] == {"release": None, "page": "home", "row": None, "column": None}
    plain = (await service.get("cosmos-laundromat"))["decision_id"]
    assert (await service.http.get(f"/decisions/{plain}", headers=ADMIN)).json()["spot"] is None


def test_records_of_before_are_read_and_records_without_a_spot_are_as_before() -> None:
    old = b'{"nonce":"AQI=","title":"a","revision":"r","candidates":["x"],"chosen":0,"probabilities":[1.0]}'
    assert decode_decision(old).spot is None
    assert encode(decode_decision(old)) == old
    assert encode(decode_feedback(b'{"decision":1,"opened":2}')) == b'{"decision":1,"opened":2}'
    assert decode_feedback(encode(Feedback(1, 2, spot=Spot(row="new")))).spot == Spot(row="new")


def test_erasure_removes_it_from_a_decision() -> None:
    decision = Decision(b"1", "a", "r", ("x",), 0, (1.0,), profile="p", spot=Spot(page="home"))
    assert decision.forgotten().spot is None
    assert msgspec.structs.replace(decision, spot=None).forgotten() == decision.forgotten()
