"""`GET /report/series` and `GET /report/shares`."""

from math import log
from typing import Any

import pytest

from tests.api.service import ADMIN, CLIENT, EDITOR, Service, is_problem

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


async def series(service: Service, **query: Any) -> Any:
    answer = await service.http.get("/report/series", params=query, headers=EDITOR)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def shares(service: Service, **query: Any) -> Any:
    answer = await service.http.get("/report/shares", params=query, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def show(service: Service, *, click: bool = False, **query: Any) -> str:
    """Show a picture, and return its artwork."""
    body = {"titles": ["countdown"], "deferred": False, **query}
    answer = await service.http.post("/artwork", json=body)
    assert answer.status_code == 200, answer.text
    [choice] = answer.json()["choices"]
    if click:
        await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
    return str(choice["artwork"])


async def test_an_hour_has_the_exposures_whose_windows_closed_in_it(service: Service) -> None:
    await show(service, profile="ada", device="tv", release="tv-1", click=True)
    await service.close_windows()
    service.clock.now += 2 * HOUR_MS
    await show(service, profile="bob", device="phone")
    await service.close_windows()

    found = await series(service, by="group")
    assert (found["step"], len(found["times"]), found["left_off"]) == ("hour", 24, 0)
    [group] = found["series"]
    assert (group["group"], group["device"], group["release"]) == ("personalized", None, None)
    assert [(n, each) for n, each in enumerate(group["exposures"]) if each] == [(21, 1), (23, 1)]
    assert group["clicks"] == [0] * 21 + [1, 0, 0]
    assert group["reward"] == [None] * 21 + [1.0, None, 0.0]
    assert group["interval"][22] is None
    low, high = group["interval"][23]
    assert (low, 0 < high < 1) == (0.0, True)
    assert (group["totals"]["exposures"], group["totals"]["reward"]) == (2, 0.5)
    assert found["from"] == found["times"][0]
    assert found["times"][-1] <= found["until"] < found["times"][-1][:14] + "59:59Z"
    assert found["complete_since"] == "2026-09-21T00:00:00Z", "the log begins on this day"


async def test_the_dimensions_that_are_asked_for_part_the_series(service: Service) -> None:
    await show(service, profile="ada", device="tv", release="tv-1")
    await show(service, profile="ada", device="tv", release="tv-2", placement="hero")
    await show(service, profile="bob", click=True)
    await service.close_windows()
    for by, expected in (
        ("device", {(None, "tv", None): 2, (None, "unknown", None): 1}),
        ("release,device", {(None, "tv", "tv-1"): 1, (None, "tv", "tv-2"): 1, (None, "unknown", "unknown"): 1}),
        ("group,group", {("personalized", None, None): 3}),
    ):
        found = (await series(service, by=by))["series"]
        sums = {(s["group"], s["device"], s["release"]): sum(s["exposures"]) for s in found}
        assert sums == expected, by
        assert [s["totals"]["exposures"] for s in found] == sorted(sums.values(), reverse=True)


async def test_days_are_sums_of_hours(service: Service) -> None:
    for _ in range(3):
        await show(service, profile="ada", click=True)
        await service.close_windows()
        service.clock.now += 9 * HOUR_MS
    days, hours = await series(service, step="day", span="7d"), await series(service, span="7d")
    assert (len(days["times"]), len(hours["times"])) == (7, 168)
    [by_day], [by_hour] = days["series"], hours["series"]
    assert by_day["totals"] == by_hour["totals"]
    assert sum(by_day["clicks"]) == 3
    for day, exposures in zip(days["times"], by_day["exposures"], strict=True):
        of_hours = zip(hours["times"], by_hour["exposures"], strict=True)
        assert exposures == sum(n for time, n in of_hours if time[:10] == day[:10]) or day < hours["from"]


async def test_nothing_counted_is_an_answer_too(service: Service) -> None:
    found = await series(service, span="90d", by="group,device,release")
    assert (found["series"], found["complete_since"], len(found["times"])) == ([], "2026-09-21T00:00:00Z", 2160)
    found = await shares(service, title="countdown", days=2)
    assert (found["kept"], found["artworks"], len(found["days"])) == (False, [], 2)


async def test_shares_add_up_to_one_in_each_group_and_day(service: Service) -> None:
    artworks = [await show(service, profile=f"p{n}") for n in range(12)]
    await service.close_windows()
    service.clock.now += DAY_MS
    await show(service, profile="ada")
    await service.close_windows()

    found = await shares(service, title="countdown", days=3)
    assert (found["kept"], found["days"][-1]) == (True, found["until"][:10])
    groups = {each["artwork"]: each["groups"]["personalized"] for each in found["artworks"]}
    for artwork, group in groups.items():
        assert group["exposures"][1] == artworks.count(artwork) or artwork not in artworks
        assert group["share"][0] is None
    for day, exposures in ((1, 12), (2, 1)):
        assert sum(group["exposures"][day] for group in groups.values()) == exposures
        assert sum(group["share"][day] for group in groups.values()) == pytest.approx(1, abs=1e-5)
    [group] = found["entropy"].items()
    parts = [artworks.count(artwork) / 12 for artwork in set(artworks)]
    expected = sum(part * log(1 / part) for part in parts) / log(len(parts))
    assert group == ("personalized", [None, pytest.approx(expected, abs=1e-5), None]), "one is no choice"
    assert (await shares(service, title="no-such-title"))["kept"] is False


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("/report/series?by=group,colour", "by"),
        ("/report/series?by=", "by"),
        ("/report/series?by=" + "group," * 20 + "group", "by"),
        ("/report/series?step=week", "step"),
        ("/report/series?span=1y", "span"),
        ("/report/shares", "title"),
        ("/report/shares?title=A%20film", "title"),
        ("/report/shares?title=countdown&days=0", "days"),
        ("/report/shares?title=countdown&days=401", "days"),
    ],
)
async def test_a_faulty_query_is_refused_in_a_sentence(service: Service, query: str, field: str) -> None:
    problem = is_problem(await service.http.get(query, headers=EDITOR), 422)
    assert problem["detail"].startswith(f"{field}: It ") or problem["detail"].startswith(f"{field}: Input"), (
        problem
    )


@pytest.mark.parametrize("path", ["/report/series", "/report/shares?title=countdown"])
async def test_series_are_for_editors_and_admins(service: Service, path: str) -> None:
    for headers, status in ((ADMIN, 200), (EDITOR, 200), (CLIENT, 403), ({}, 401)):
        answer = await service.http.get(path, headers=headers)
        assert answer.status_code == status, headers
        if status == 200:
            assert answer.headers["Cache-Control"] == "private, no-store"
