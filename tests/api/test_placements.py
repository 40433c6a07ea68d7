"""A placement that is not on the list is none of its own."""

from pathlib import Path

from app.records import DECISIONS, decode_decision
from tests.api.service import CLIENT, Catalogue, Service, serving


async def placements(service: Service) -> list[object]:
    """Return the placements that are in the log's decisions."""
    found = await service.records()
    return [decode_decision(body).attributes["placement"] for kind, body in found if kind in DECISIONS]


async def test_a_placement_that_is_not_on_the_list_counts_as_row_and_is_named(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue, placements="row, kiosk") as service:
        asked = {"title": "countdown", "profile": "ada", "placement": "made-up"}
        answer = await service.http.get("/artwork", params=asked, headers={"Accept": "application/json"})
        assert answer.headers["X-Ignored"] == "placement"
        page = await service.http.post("/artwork", json={"titles": ["countdown"], "placement": "made-up"})
        assert page.json()["ignored"] == ["placement"]
        await service.get(placement="kiosk")
        assert await placements(service) == ["row", "row", "kiosk"]


async def test_made_up_placements_make_no_new_choice_for_a_viewer_who_has_one(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue, hold_seconds=3600, placements="row") as service:
        ids = {(await service.get(profile="ada", placement=f"x{n}"))["decision_id"] for n in range(5)}
        assert len(ids) == 1
        answer = await service.http.post(
            "/clicks", json={"profile": "ada", "title": "countdown", "placement": "x9"}, headers=CLIENT
        )
        assert answer.json()["recorded"] == 1


async def test_without_a_list_all_placements_are_taken(service: Service) -> None:
    await service.get(placement="anything")
    assert await placements(service) == ["anything"]
