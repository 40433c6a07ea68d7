"""`GET /experiments`: from viewers and their clicks to the lift, through the whole service."""

from pathlib import Path
from typing import Any

from tests.api.service import ADMIN, CLIENT, START, Catalogue, Service, serving
from tests.builders import Clock

WINDOW_S = 3_600
COMPARED: dict[str, Any] = {
    "best_single_share": 0.5,
    "uniform_share": 0,
    "hold_seconds": 0,
    "reward_window_seconds": 60,
    "lift_window": WINDOW_S,
    "learn_cap": 0,
}


async def listed(service: Service) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.http.get("/experiments", headers=ADMIN)).json()["experiments"]
    return found


async def visit(service: Service, profile: str | None, *, clicks: bool = False) -> dict[str, Any]:
    choice: dict[str, Any] = await service.get(profile=profile, headers=CLIENT)
    if clicks:
        await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
    return choice


async def pass_time(service: Service, seconds: float) -> None:
    service.clock.now += round(seconds * 1000)
    await service.close_windows()


async def test_each_profile_counts_once_when_its_window_is_over(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, **COMPARED) as service:
        groups: dict[str, str] = {}
        for number in range(24):
            choice = await visit(service, f"viewer-{number}", clicks=number % 2 == 0)
            groups[f"viewer-{number}"] = choice["group"]
        await visit(service, None)
        await service.close_windows()
        await visit(service, "viewer-0", clicks=True)
        await visit(service, "viewer-1")
        await pass_time(service, 1)
        opted_out: dict[str, Any] = {"params": {"profile": "viewer-2"}, "json": {"personalize": False}}
        assert (await service.http.patch("/profiles", **opted_out, headers=CLIENT)).status_code == 200
        await visit(service, "viewer-2", clicks=True)

        [before] = await listed(service)
        assert {each["open"] for each in before["groups"].values()} > {0}
        assert {each["profiles"] for each in before["groups"].values()} == {0}
        assert "No viewer's first 3600 seconds are over yet." in before["says"]

        await pass_time(service, WINDOW_S * 1.1)
        [after] = await listed(service)
        for group in ("personalized", "best_single"):
            members = [who for who, of in groups.items() if of == group]
            rewards = [int(who.split("-")[1]) % 2 == 0 for who in members]
            total = sum(rewards) + ("viewer-0" in members)
            found = after["groups"][group]
            assert (found["profiles"], found["open"], found["rewarded"]) == (len(members), 0, sum(rewards))
            assert found["reward"] == round(total / len(members), 6)
            assert found["reported"] == 0, "a click is no report of an impression"
        assert (after["lift"], after["ended"], after["left"]) == (None, None, 0)
        assert after["says"].startswith("It is not known yet whether Keyart pays. 24 viewers are counted;")
        report = (await service.http.get("/report", headers=ADMIN)).json()
        assert (report["lift"], report["says"], report["warning"]) == (None, after["says"], after["warning"])


async def test_impressions_that_are_sent_are_counted(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, **COMPARED) as service:
        for number in range(6):
            choice = await visit(service, f"viewer-{number}")
            if number < 4:
                await service.http.post("/impressions", json={"decision_id": choice["decision_id"]})
        await service.close_windows()
        [found] = await listed(service)
    assert sum(each["reported"] for each in found["groups"].values()) == 4


async def test_other_shares_begin_another_experiment_and_equal_ones_do_not(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    clock, settings = Clock(START), [COMPARED, COMPARED, {**COMPARED, "best_single_share": 0.4}]
    for each in settings:
        async with serving(tmp_path, catalogue, clock=clock, **each) as service:
            await visit(service, "ada")
            await service.close_windows()
            found = await listed(service)
    assert [each["groups"]["best_single"]["share"] for each in found] == [0.4, 0.5]
    assert [bool(each["ended"]) for each in found] == [False, True]
    assert found[1]["left"] == 1, "the window of the only viewer was open"
    assert sum(each["open"] for each in found[0]["groups"].values()) == 1


async def test_an_erased_profile_leaves_the_sums(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, **COMPARED) as service:
        for who in ("ada", "ben"):
            await visit(service, who, clicks=True)
        await service.close_windows()
        await service.http.delete("/profiles", params={"profile": "ada"}, headers=CLIENT)
        await service.close_windows()
        [found] = await listed(service)
    assert sum(each["open"] for each in found["groups"].values()) == 1
