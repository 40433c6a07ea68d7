"""`/impressions`, `/clicks`, `/plays`: what viewers did."""

import json
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clock import moment
from app.records import Kind, decode_feedback
from app.serving.decision_id import DecisionIds
from app.settings import GRACE_MS
from app.store.protocol import Event
from tests.api.service import ADMIN, CLIENT, Catalogue, Service, is_problem, send, serving

ROUTES = ("/impressions", "/clicks", "/plays")


@pytest.fixture
async def id_(service: Service) -> str:
    return str((await service.get(profile="ada"))["decision_id"])


async def post(service: Service, route: str, body: object, **headers: str) -> Any:
    answer = await service.http.post(route, json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()


def counts(recorded: int, duplicates: int = 0) -> dict[str, Any]:
    return {"recorded": recorded, "duplicates": duplicates, "rejected": []}


@pytest.mark.parametrize("route", ROUTES)
async def test_feedback_is_recorded_once_and_a_repeat_is_a_duplicate(
    service: Service, id_: str, route: str
) -> None:
    body = {"decision_id": id_, "seconds": 42}
    assert await post(service, route, body) == counts(1)
    assert await post(service, route, body) == counts(0, 1)
    assert await post(service, route, [body, body]) == counts(0, 2)


async def test_what_is_acknowledged_is_in_the_log_once(service: Service, id_: str) -> None:
    for _ in range(2):
        for route in ROUTES:
            await post(service, route, {"decision_id": id_, "seconds": 5})
    kinds = [kind for kind, _ in await service.records() if kind in {Kind.IMPRESSION, Kind.CLICK, Kind.PLAY}]
    assert sorted(kinds) == [Kind.IMPRESSION, Kind.CLICK, Kind.PLAY]


async def test_feedback_says_how_long_ago_it_happened(service: Service, id_: str) -> None:
    """An app that had no network sends it later. Clocks differ, so it may seem older than the decision."""
    service.clock.now += 60_000
    late = [
        {"decision_id": id_, "seconds": n + 1, "seconds_ago": ago} for n, ago in enumerate([59.5, 100, 4.9, 0])
    ]
    assert await post(service, "/plays", late) == counts(4)
    feedback = [decode_feedback(body) for kind, body in await service.records() if kind == Kind.PLAY]
    assert [each.ago for each in feedback] == [59_500, 60_000, 0, 0]
    [own] = [each for each in await own_records(service, "ada") if each.get("seconds") == 1]
    assert own["time"] == moment(service.clock.now - 59_500)


@pytest.mark.parametrize(
    ("ago", "reason"),
    [
        (-1, "between 0 and 315360000, not -1"),
        (1e300, "between 0 and 315360000, not 1e+300"),
        ("1", "a number, not '1'"),
        (None, "a number, not None"),
        (True, "a number, not True"),
        (121, "The seconds_ago are 121, but the decision is only 60 seconds old"),
    ],
)
async def test_feedback_from_before_its_decision_is_rejected(
    service: Service, id_: str, ago: object, reason: str
) -> None:
    service.clock.now += 60_000
    by_title = {"profile": "ada", "title": "countdown", "seconds_ago": ago}
    for item, headers in (({"decision_id": id_, "seconds_ago": ago}, {}), (by_title, CLIENT)):
        answer = await service.http.post("/clicks", json=item, headers=headers)
        assert answer.status_code == 422
        assert reason in answer.json()["rejected"][0]["reason"]


async def own_records(service: Service, profile: str) -> list[dict[str, Any]]:
    answer = await service.http.get("/profiles/records", params={"profile": profile}, headers=CLIENT)
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_a_longer_play_is_news_and_a_shorter_one_is_not(service: Service, id_: str) -> None:
    assert await post(service, "/plays", {"decision_id": id_, "seconds": 10}) == counts(1)
    assert await post(service, "/plays", {"decision_id": id_, "seconds": 11.5}) == counts(1)
    assert await post(service, "/plays", {"decision_id": id_, "seconds": 3}) == counts(0, 1)


async def test_a_new_exposure_of_a_hold_takes_a_click_of_its_own(service: Service, id_: str) -> None:
    assert await post(service, "/clicks", {"decision_id": id_}) == counts(1)
    service.clock.now += service.settings.window_ms + 1
    await service.get(profile="ada")
    assert await post(service, "/clicks", {"decision_id": id_}) == counts(1)


async def test_the_rejected_are_named_and_the_others_recorded(service: Service, id_: str) -> None:
    items = [{"decision_id": "x"}, {"decision_id": id_, "seconds": 1}, 7, {}, {"decision_id": id_, "seconds": -1}]
    answer = await post(service, "/plays", items)
    assert (answer["recorded"], answer["duplicates"]) == (1, 0)
    assert [item["index"] for item in answer["rejected"]] == [0, 2, 3, 4]
    assert all(item["reason"].endswith(".") for item in answer["rejected"])
    assert "-1" in answer["rejected"][3]["reason"]


async def test_when_all_are_rejected_the_answer_is_a_problem_that_names_them(service: Service) -> None:
    problem = is_problem(await service.http.post("/clicks", json=[{"decision_id": "x"}, {}]), 422)
    assert [item["index"] for item in problem["rejected"]] == [0, 1]


async def test_a_thousand_items_are_taken_and_one_more_is_not(service: Service, id_: str) -> None:
    item = {"decision_id": id_}
    assert await post(service, "/clicks", [item] * 1000) == counts(1, 999)
    problem = is_problem(await service.http.post("/clicks", json=[item] * 1001), 422)
    assert "1001" in problem["detail"]


async def test_a_beacon_in_plain_text_is_read_as_json(service: Service, id_: str) -> None:
    body = json.dumps({"decision_id": id_})
    for kind in ("text/plain;charset=UTF-8", "text/plain", "application/json"):
        answer = await service.http.post("/clicks", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 202
    assert (await send(service.app, "POST", "/clicks", body=[body.encode()])).status == 202


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"{",
        b"\xff\xfe",
        b"\x00",
        b"[]",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"decision_id": NaN}',
        b"NaN",
        b'"text"',
        b"null",
        b"7",
        b"[[]]",
        b'{"decision_id": "\\ud800"}',
        b"1" + b"0" * 5000,
    ],
)
async def test_what_is_no_feedback_is_refused(service: Service, body: bytes) -> None:
    for route in ROUTES:
        is_problem(await service.http.post(route, content=body), 422)


@pytest.mark.parametrize(
    "seconds",
    ["-1", "604801", "1e999", "-1e999", "NaN", "Infinity", '"42"', "true", "null", "[]", "1" + "0" * 400],
)
async def test_seconds_that_are_no_length_of_time_are_refused(service: Service, id_: str, seconds: str) -> None:
    body = f'{{"decision_id": "{id_}", "seconds": {seconds}}}'
    is_problem(await service.http.post("/plays", content=body), 422)


async def test_a_play_without_seconds_is_refused(service: Service, id_: str) -> None:
    problem = is_problem(await service.http.post("/plays", json={"decision_id": id_}), 422)
    assert "seconds" in problem["rejected"][0]["reason"]


@settings(max_examples=150)
@given(
    body=st.one_of(
        st.binary(max_size=40),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(st.sampled_from(["decision_id", "profile", "title", "seconds"]), inner)
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
    ),
    route=st.sampled_from(ROUTES),
    trusted=st.booleans(),
)
async def test_no_body_makes_it_fail(service: Service, body: bytes, route: str, trusted: bool) -> None:
    is_problem(await service.http.post(route, content=body, headers=CLIENT if trusted else {}), 422)


# ---------------------------------------------------------------- decision ids


@pytest.fixture
def never_asked(service: Service, id_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test fail if the log is asked or told anything of an event."""

    async def refuse(events: Sequence[Event]) -> list[bool]:
        raise AssertionError(f"The log was asked about {events}.")

    for name in ("log_feedback", "holds", "records"):
        monkeypatch.setattr(service.store.log, name, refuse)


async def reasons(service: Service, ids: Sequence[object]) -> list[str]:
    problem = is_problem(await service.http.post("/clicks", json=[{"decision_id": each} for each in ids]), 422)
    return [item["reason"] for item in problem["rejected"]]


@pytest.mark.usefixtures("never_asked")
async def test_an_id_with_any_of_its_bytes_altered_is_refused_without_a_look_up(
    service: Service, id_: str
) -> None:
    data = urlsafe_b64decode(id_)
    altered = [
        urlsafe_b64encode(data[:n] + bytes([data[n] ^ bit]) + data[n + 1 :]).decode()
        for n in range(len(data))
        for bit in (1, 0x80)
    ]
    assert len(await reasons(service, altered)) == len(altered) == 72
    assert (
        len(
            await reasons(
                service,
                [id_[:n] + "A" * (id_[n] != "A") + "B" * (id_[n] == "A") + id_[n + 1 :] for n in range(48)],
            )
        )
        == 48
    )


@pytest.mark.usefixtures("never_asked")
async def test_an_id_written_in_another_way_is_refused_without_a_look_up(service: Service, id_: str) -> None:
    variants = [
        id_ + "=",
        id_ + "A",
        id_ + "\n",
        " " + id_,
        id_[:-1],
        id_.lower(),
        id_.upper(),
        id_[:20] + "\n" + id_[20:],
        id_.translate(str.maketrans("-_", "+/")) + "=",
        "\uff21" + id_[1:],
        "",
        "A" * 48,
        "A" * 100_000,
        None,
        7,
        [id_],
        {"id": id_},
    ]
    assert len(await reasons(service, variants)) == len(variants)


@pytest.mark.usefixtures("never_asked")
async def test_an_id_signed_with_another_key_is_refused_without_a_look_up(service: Service, id_: str) -> None:
    lasts = service.settings.hold_ms + service.settings.window_ms + GRACE_MS
    known = service.services.recorder._ids.verify(id_, service.clock.now)  # noqa: SLF001
    forged = DecisionIds([b"\0" * 32], lasts).sign(known)
    assert forged[:20] == id_[:20]
    assert "forged" in (await reasons(service, [forged]))[0]


async def test_an_id_is_accepted_until_hold_and_window_and_seven_days_are_over(
    service: Service, id_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasts = service.settings.hold_ms + service.settings.window_ms + 7 * 86_400_000
    service.clock.now += lasts
    assert await post(service, "/clicks", {"decision_id": id_}) == counts(1)
    service.clock.now += 1

    async def refuse(events: Sequence[Event]) -> list[bool]:
        raise AssertionError(f"The log was asked about {events}.")

    monkeypatch.setattr(service.store.log, "log_feedback", refuse)
    assert "expired" in (await reasons(service, [id_]))[0]


async def test_an_id_of_another_service_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path / "one", catalogue) as one, serving(tmp_path / "other", catalogue) as other:
        id_ = (await one.get(profile="ada"))["decision_id"]
        assert len(await reasons(other, [id_])) == 1


# ---------------------------------------------------------------- by profile and title


@pytest.mark.usefixtures("id_")
@pytest.mark.parametrize("headers", [ADMIN, CLIENT])
async def test_a_backend_may_name_profile_and_title_instead(service: Service, headers: dict[str, str]) -> None:
    body = {"profile": "ada", "title": "countdown"}
    assert await post(service, "/clicks", body, **headers) == counts(1)
    assert await post(service, "/clicks", body, **headers) == counts(0, 1)


@pytest.mark.usefixtures("id_")
async def test_without_a_key_nobody_may_name_a_profile(service: Service) -> None:
    body = {"profile": "ada", "title": "countdown"}
    problem = is_problem(await service.http.post("/clicks", json=body), 422)
    assert "key" in problem["rejected"][0]["reason"]
    wrong = {"Authorization": "Bearer wrong"}
    is_problem(await service.http.post("/clicks", json=body, headers=wrong), 422)


@pytest.mark.usefixtures("id_")
@pytest.mark.parametrize(
    "body",
    [
        {"profile": "bob", "title": "countdown"},
        {"profile": "ada", "title": "big-buck-bunny"},
        {"profile": "ada", "title": "countdown", "placement": "hero"},
        {"profile": "ada"},
        {"profile": 7, "title": "countdown"},
        {"profile": "ada", "title": ["countdown"]},
        {"profile": "ada", "title": "countdown", "placement": None},
    ],
)
async def test_what_was_never_chosen_can_not_be_clicked(service: Service, body: dict[str, Any]) -> None:
    is_problem(await service.http.post("/clicks", json=body, headers=CLIENT), 422)


async def test_by_profile_the_latest_pick_is_meant(service: Service, id_: str) -> None:
    service.clock.now += service.settings.hold_ms
    latest = (await service.get(profile="ada"))["decision_id"]
    assert latest != id_
    await post(service, "/clicks", {"profile": "ada", "title": "countdown"}, **CLIENT)
    assert await post(service, "/clicks", {"decision_id": latest}) == counts(0, 1)
    assert await post(service, "/clicks", {"decision_id": id_}) == counts(1)


async def test_a_failing_log_is_never_acknowledged(
    service: Service, id_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(events: Sequence[Event]) -> list[bool]:
        raise OSError("disk full: secret details")

    monkeypatch.setattr(service.store.log, "log_feedback", fail)
    answer: httpx2.Response = await service.http.post("/clicks", json={"decision_id": id_})
    assert "secret" not in is_problem(answer, 500)["detail"]


async def test_while_the_log_is_locked_feedback_is_refused_for_now(
    service: Service, id_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.store.sqlite.log.PATIENCE_SECONDS", 0.05)
    other = sqlite3.connect(service.settings.data / "log.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = await service.http.post("/clicks", json={"decision_id": id_})
    other.execute("ROLLBACK")
    other.close()
    is_problem(refused, 503)
    assert refused.headers["retry-after"] == "1"
    assert await post(service, "/clicks", {"decision_id": id_}) == counts(1)


async def test_on_a_full_disk_pictures_are_fallbacks_and_clicks_are_to_be_sent_again(service: Service) -> None:
    """A database that may not grow stands for the disk: SQLite says the same."""
    ids = [(await service.get())["decision_id"] for _ in range(60)]
    clicks = [{"decision_id": id_} for id_ in ids]
    service.store.log._writer.execute("PRAGMA max_page_count=1").fetchone()  # noqa: SLF001  the disk is no caller's
    answer = await service.http.post("/clicks", json=clicks)
    problem = is_problem(answer, 503)
    assert "send the same later" in problem["detail"]
    assert answer.headers["retry-after"] == "5"
    while (await service.get(profile="ada"))["decision_id"]:
        service.clock.now += service.settings.hold_ms
    service.store.log._writer.execute("PRAGMA max_page_count=1000000").fetchone()  # noqa: SLF001
    assert await post(service, "/clicks", clicks) == counts(60)
    assert (await service.get(profile="ada"))["decision_id"]
