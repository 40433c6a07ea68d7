"""`GET /titles/{title}/probabilities`: which viewers are shown which artwork, and how probable that is."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from app.evaluation import viewer_sample
from app.evaluation.title_probabilities import FEWEST, KEPT_MS
from tests.api.service import ADMIN, CLIENT, EDITOR, Catalogue, Service, is_problem, serving

PATH = "/titles/countdown/probabilities"


async def told(service: Service, path: str = PATH) -> Any:
    service.services.probability_reporter._kept.clear()  # noqa: SLF001  ten seconds later
    answer = await service.http.get(path, headers=EDITOR)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ask(service: Service, many: int, name: str, **hints: Any) -> list[Any]:
    return [await service.get(profile=f"{name}-{number}", **hints) for number in range(many)]


async def love(service: Service, **artworks: str) -> None:
    """Let eight viewers of each name click on one artwork only."""
    for _ in range(12):
        for name, artwork in artworks.items():
            for choice in await ask(service, 8, name):
                if choice["artwork"] == artwork:
                    await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
        service.clock.now += service.settings.hold_ms + 1
    await service.close_windows()


def viewers(cells: list[Any]) -> dict[str | None, int]:
    return {cell["value"]: cell["viewers"] for cell in cells}


async def test_each_viewer_counts_once_under_each_dimension(service: Service) -> None:
    await ask(service, 6, "a", device="tv", country="DE")
    await ask(service, 6, "a", device="tv", country="DE", title="big-buck-bunny")
    await ask(service, 9, "b", device="phone")
    answer = await told(service)
    assert (answer["viewers"], answer["pinned"], answer["excluded"], answer["missing"]) == (15, 0, 0, None)
    assert viewers(answer["device"]["values"]) == {"phone": 9, "tv": 6}
    assert viewers(answer["country"]["values"]) == {None: 9, "DE": 6}
    assert viewers(answer["taste"]["values"]) == {None: 15}
    assert answer["device"]["others"] is None


async def test_the_numbers_are_the_probabilities_of_the_decisions(service: Service) -> None:
    chosen = await ask(service, 8, "a", device="tv")
    logged = (await service.http.get(f"/decisions/{chosen[0]['decision_id']}", headers=ADMIN)).json()
    answer = await told(service)
    [tv] = answer["device"]["values"]
    expected = dict(zip(logged["candidates"], logged["probabilities"], strict=True))
    assert tv["probabilities"] == pytest.approx(expected, abs=0.0006)
    assert answer["all"] == tv["probabilities"]
    assert answer["snapshot"] == logged["snapshot"]


async def test_what_was_learned_of_a_taste_is_seen(service: Service) -> None:
    for _ in range(3):  # after the first, chance may have shown one of the two pictures to hardly anybody
        await love(service, ada="cupola", bob="earthrise")
    await ask(service, 8, "new", title="big-buck-bunny")
    answer = await told(service)
    by_taste = {cell["value"]: cell["probabilities"]["cupola"] for cell in answer["taste"]["values"]}
    assert len(by_taste) >= 2, answer["taste"]
    assert max(by_taste.values()) > answer["all"]["cupola"] > min(by_taste.values())


async def test_taste_and_showings_are_those_of_now(service: Service) -> None:
    """The latest decision was made before the click, and knows no taste."""
    for choice in await ask(service, 6, "ada"):
        await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
    assert viewers((await told(service))["taste"]["values"]) == {None: 6}
    await service.close_windows()
    service.clock.now += service.settings.hold_ms
    answer = await told(service)
    taste = answer["taste"]
    assert None not in viewers(taste["values"])
    assert sum(viewers(taste["values"]).values()) + (taste["others"] or {"viewers": 0})["viewers"] == 6
    chosen = await ask(service, 6, "ada")
    logged = [
        (await service.http.get(f"/decisions/{each['decision_id']}", headers=ADMIN)).json() for each in chosen
    ]
    for at, artwork in enumerate(logged[0]["candidates"]):
        mean = sum(each["probabilities"][at] for each in logged) / 6
        assert answer["all"][artwork] == pytest.approx(mean, abs=0.0006)


async def test_few_viewers_are_never_a_number_of_their_own(service: Service) -> None:
    await ask(service, FEWEST, "a", device="tv")
    await ask(service, FEWEST + 4, "b", device="phone")
    await ask(service, 1, "c", device="janes-own")
    await ask(service, 1, "d", device="joes-own")
    device = (await told(service))["device"]
    assert viewers(device["values"]) == {"phone": FEWEST + 4}, "the tv joins the two, whose mean would be known"
    assert device["others"]["viewers"] == FEWEST + 2
    await ask(service, FEWEST, "e", device="web")
    await ask(service, FEWEST - 2, "f", device="new")
    device = (await told(service))["device"]
    assert viewers(device["values"]) == {"phone": FEWEST + 4, "tv": FEWEST, "web": FEWEST}
    assert device["others"]["viewers"] == FEWEST
    assert "own" not in str(device)


async def test_many_values_are_bounded_and_no_viewer_is_lost(service: Service) -> None:
    for number in range(20):
        await ask(service, FEWEST, f"kind-{number}", device=f"kind-{number:02}")
    device = (await told(service))["device"]
    assert sum(viewers(device["values"]).values()) + device["others"]["viewers"] == 20 * FEWEST
    assert len(device["values"]) == 12


async def test_too_few_viewers_are_a_sentence(service: Service) -> None:
    assert "No profile has asked" in (await told(service))["missing"]
    await ask(service, FEWEST - 1, "a", device="tv")
    answer = await told(service)
    assert "at least 5 viewers" in answer["missing"]
    assert (answer["all"], answer["taste"], answer["country"], answer["device"]) == (None,) * 4


async def test_bots_the_logged_out_and_the_forgotten_are_not_counted(service: Service) -> None:
    await ask(service, 6, "a")
    await service.get()
    await service.get(profile="robot", headers={"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"})
    await service.http.put("/profiles", params={"profile": "no"}, json={"personalize": False}, headers=CLIENT)
    await service.get(profile="no")
    assert (await told(service))["viewers"] == 6


async def test_pins_and_limits_are_counted_apart(service: Service) -> None:
    await ask(service, 6, "a", country="DE")
    await ask(service, 5, "b", country="FR")
    await service.http.put(
        "/profiles", params={"profile": "kid"}, json={"attributes": {"maturity": 0}}, headers=CLIENT
    )
    await service.get(profile="kid")
    pin = {"artwork": "cupola", "country": "DE"}
    assert (await service.http.put("/titles/countdown/pin", json=pin, headers=EDITOR)).is_success
    assert (await service.http.put("/titles/countdown", json={"maturity": 6}, headers=EDITOR)).is_success
    await service.refresh()
    answer = await told(service)
    assert (answer["viewers"], answer["pinned"], answer["excluded"]) == (5, 6, 1)
    assert viewers(answer["country"]["values"]) == {"FR": 5}


async def test_a_paused_artwork_has_no_probability(service: Service) -> None:
    await ask(service, 6, "a")
    path = "/titles/countdown/artworks/cupola"
    assert (await service.http.patch(path, json={"status": "paused"}, headers=EDITOR)).is_success
    await service.refresh()
    answer = await told(service)
    assert answer["all"]["cupola"] == 0
    assert sum(answer["all"].values()) == pytest.approx(1, abs=0.01)


async def test_every_hindrance_is_a_sentence(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path / "untrained", catalogue, trained=False) as service:
        await ask(service, 1, "a")
        assert "No profile has asked" in (await told(service))["missing"], "fallbacks are no decisions"
        assert (await told(service))["snapshot"] is None
    async with serving(tmp_path / "off", catalogue, serve="default") as service:
        assert "KEYART_SERVE" in (await told(service))["missing"]
        assert (await service.http.put("/titles/empty", json={"name": "Empty"}, headers=EDITOR)).is_success
    async with serving(tmp_path / "empty", catalogue) as service:
        assert (await service.http.put("/titles/empty", json={"name": "Empty"}, headers=EDITOR)).is_success
        assert (await told(service, "/titles/empty/probabilities"))[
            "missing"
        ] == "The title has no picture yet. Add one."


async def test_unknown_titles_and_other_keys_are_refused(service: Service) -> None:
    is_problem(await service.http.get("/titles/nothing/probabilities", headers=EDITOR), 404)
    is_problem(await service.http.get(PATH), 401)
    is_problem(await service.http.get(PATH, headers=CLIENT), 403)


async def test_an_answer_is_kept_until_the_title_changes(service: Service) -> None:
    await ask(service, 6, "a")
    first = await told(service)
    await ask(service, 6, "b")
    kept = (await service.http.get(PATH, headers=EDITOR)).json()
    assert kept == first, f"it is kept for {KEPT_MS} ms"
    assert (await service.http.put("/titles/countdown", json={"name": "Other"}, headers=EDITOR)).is_success
    await service.refresh()
    assert (await service.http.get(PATH, headers=EDITOR)).json()["viewers"] == 12


async def test_pictures_are_chosen_while_it_computes(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two editors who ask at the same moment get one computation, and requests pass between its parts."""
    await ask(service, 120, "a")
    monkeypatch.setattr("app.evaluation.turns.WORK_MS", 0)
    order: Counter[str] = Counter()

    async def answered() -> Any:
        answer = await service.http.get(PATH, headers=EDITOR)
        order["reports"] += 1
        return answer.json()

    async def chosen() -> None:
        for number in range(10):
            await service.get(profile=f"meanwhile-{number}")
            order["during"] += not order["reports"]

    one, other, _ = await asyncio.gather(answered(), answered(), chosen())
    assert one == other
    assert order["during"] == 10


async def test_only_the_end_of_the_log_is_read(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    await ask(service, 30, "a", device="old")
    await ask(service, 10, "b", device="tv")
    monkeypatch.setattr(viewer_sample, "MOST_RECORDS", 8)
    monkeypatch.setattr(viewer_sample, "CHUNK", 4)
    assert (await told(service))["viewers"] == 8
    monkeypatch.setattr(viewer_sample, "MOST_VIEWERS", 6)
    assert (await told(service))["viewers"] == 6
