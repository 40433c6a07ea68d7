"""How often a viewer was shown each candidate before: known to a decision, logged with it, and explained."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as changed

from app.records import DECISIONS, Decision, decode_decision, encode
from tests.api.service import ADMIN, CLIENT, Catalogue, Service, serving

ALWAYS: dict[str, Any] = {"hold_seconds": 0, "learn_cap": 0, "title_cap": 0}
"""Each request draws, and each showing counts."""


async def decisions(service: Service) -> list[Decision]:
    return [decode_decision(body) for kind, body in await service.records() if kind in DECISIONS]


async def show(service: Service, times: int, **asked: Any) -> Any:
    for _ in range(times):
        choice = await service.get(profile="ada", **asked)
    await service.close_windows()
    return choice


def expected(before: list[Decision], decision: Decision) -> tuple[int, ...]:
    """Return how often each candidate was shown in decisions before."""
    counts = tuple(sum(each.artwork == artwork for each in before) for artwork in decision.candidates)
    return counts if any(counts) else ()


async def why(service: Service, choice: Any, **headers: Any) -> list[str]:
    answer = await service.http.get(f"/decisions/{choice['decision_id']}/why", **headers)
    reasons: list[str] = answer.json()["reasons"]
    return reasons


async def test_a_decision_knows_the_showings_whose_windows_have_closed(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    async with serving(tmp_path, catalogue, **ALWAYS) as service:
        await show(service, 5)
        choice = await service.get(profile="ada")
        *before, latest = await decisions(service)
        assert {each.showings for each in before} == {()}
        assert b"showings" not in encode(before[0])
        assert latest.showings == expected(before, latest)
        assert sum(latest.showings) == 5
        record = (await service.http.get(f"/decisions/{choice['decision_id']}", headers=ADMIN)).json()
        assert record["showings"] == list(latest.showings)
        assert dict(zip(record["candidates"], record["showings"], strict=True))[record["artwork"]] == sum(
            each.artwork == record["artwork"] for each in before
        )


async def test_other_titles_viewers_and_nobody_have_their_own(catalogue: Catalogue, tmp_path: Path) -> None:
    async with serving(tmp_path, catalogue, **ALWAYS) as service:
        await show(service, 3)
        await service.get("cosmos-laundromat", profile="ada")
        await service.get(profile="ben")
        await service.get()
        assert [each.showings for each in (await decisions(service))[3:]] == [(), (), ()]


async def test_they_add_a_few_bytes_to_a_decision(catalogue: Catalogue, tmp_path: Path) -> None:
    async with serving(tmp_path, catalogue, **ALWAYS) as service:
        await show(service, 6)
        await service.get(profile="ada")
        latest = (await decisions(service))[-1]
        assert any(latest.showings)
        added = len(encode(latest)) - len(encode(changed(latest, showings=())))
        assert added == len(',"showings":[]') + 2 * len(latest.candidates) - 1


async def test_the_reason_names_the_number_to_who_may_know_it(catalogue: Catalogue, tmp_path: Path) -> None:
    async with serving(tmp_path, catalogue, **ALWAYS) as service:
        first = await show(service, 40)
        assert len(await why(service, first, headers=CLIENT)) == 1
        for _ in range(20):
            choice = await service.get(profile="ada")
            latest = (await decisions(service))[-1]
            count = latest.showings[latest.chosen]
            [_, reason] = await why(service, choice, headers=CLIENT)
            said = "once" if count == 1 else f"{count} times"
            assert (f"seen this artwork at least {said} before" in reason) == (count > 0)
            assert ("had not seen this artwork before" in reason) == (count == 0)
            assert "seen" not in str(await why(service, choice)), "a value about a viewer is for who has a key"


@pytest.mark.parametrize("group", ["best_single", "uniform"])
async def test_control_groups_record_them_and_do_not_use_them(
    catalogue: Catalogue, tmp_path: Path, group: str
) -> None:
    shares: dict[str, Any] = {f"{group}_share": 1}
    async with serving(tmp_path, catalogue, **ALWAYS, **shares) as service:
        before = (await show(service, 4)) and (await decisions(service))[-1]
        choice = await service.get(profile="ada")
        latest = (await decisions(service))[-1]
        assert (latest.group, sum(latest.showings)) == (group, 4)
        if group == "uniform":
            assert latest.probabilities == before.probabilities
        assert len(await why(service, choice, headers=CLIENT)) == 1


async def test_an_erasure_takes_them_from_the_profile_and_from_the_log(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    async with serving(tmp_path, catalogue, **ALWAYS) as service:
        await show(service, 3)
        await show(service, 1)
        assert sum((await decisions(service))[-1].showings) == 3
        await service.http.delete("/profiles", params={"profile": "ada"}, headers=CLIENT)
        assert {each.showings for each in await decisions(service)} == {()}
        await service.learn()
        await service.get(profile="ada")
        assert (await decisions(service))[-1].showings == ()


async def test_shown_pictures_are_chosen_less_where_viewers_tire(catalogue: Catalogue, tmp_path: Path) -> None:
    """Viewers click a picture at the first showing and never again; the next decision for them knows it."""
    async with serving(tmp_path, catalogue, **ALWAYS) as service:
        for _ in range(6):
            for viewer in range(25):
                choice = await service.get(profile=f"viewer-{viewer}")
                latest = (await decisions(service))[-1]
                if not latest.showings or not latest.showings[latest.chosen]:
                    await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
            await service.close_windows()
        newcomers = [f"newcomer-{viewer}" for viewer in range(25)]
        for _ in range(2):  # once to be shown a picture, and once to be shown that one or another
            for newcomer in newcomers:
                await service.get(profile=newcomer)
            await service.close_windows()
        chances = [
            (probability, shown)
            for each in (await decisions(service))[-25:]
            for probability, shown in zip(each.probabilities, each.showings, strict=True)
        ]
        new = [probability for probability, shown in chances if not shown]
        old = [probability for probability, shown in chances if shown]
        assert sum(new) / len(new) > 1.5 * sum(old) / len(old)
