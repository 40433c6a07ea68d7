"""`/catalogue`: what holds for all titles."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.catalogue.editor import COMMAND_LINE
from app.wiring.catalogue import editor_in
from tests.api.service import ADMIN, Catalogue, Service, is_problem, serving


async def catalogue_of(service: Service) -> Any:
    answer = await service.http.get("/catalogue", headers=ADMIN)
    assert answer.status_code == 200
    return answer.json()


async def bar(service: Service, *ways: str) -> Any:
    return await service.http.patch("/catalogue", json={"barred": ways}, headers=ADMIN)


async def test_the_catalogue_names_its_revision_and_what_is_not_served(service: Service) -> None:
    before = await catalogue_of(service)
    assert before == {"revision": service.services.live_catalogue.name, "titles": 3, "barred": []}
    answer = await bar(service, "ai-generated", "undeclared", "ai-generated")
    assert answer.json() == await catalogue_of(service)
    after = answer.json()
    assert (after["titles"], after["barred"]) == (3, ["undeclared", "ai-generated"])
    assert after["revision"] == service.services.live_catalogue.name != before["revision"]
    assert (await bar(service)).json() == before


async def test_a_service_without_a_catalogue_says_so(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, Catalogue({}, catalogue.images)) as service:
        nothing: dict[str, Any] = {"revision": None, "titles": 0, "barred": []}
        assert await catalogue_of(service) == nothing | {"revision": service.services.live_catalogue.name}
        assert (await service.http.get("/titles")).json() == {"titles": [], "total": 0}
        assert (await bar(service, "drawn")).json()["barred"] == ["drawn"]
        assert (await catalogue_of(service))["titles"] == 0


async def test_what_is_barred_is_not_served_and_comes_back_when_it_is_no_longer(service: Service) -> None:
    path = "/titles/cosmos-laundromat/artworks/lonely-hill"
    await service.http.patch(path, json={"made": "ai-generated"}, headers=ADMIN)
    url = (await service.get("cosmos-laundromat", profile="ada"))["image"]["url"]
    assert (await service.http.get(url)).status_code == 200
    await bar(service, "ai-generated")
    is_problem(await service.http.get(url), 410)
    page = await service.http.post("/artwork", json={"profile": "ada", "titles": ["cosmos-laundromat"]})
    assert (page.json()["choices"], page.json()["unavailable"]) == ([], ["cosmos-laundromat"])
    await bar(service)
    assert (await service.get("cosmos-laundromat", profile="ada"))["image"]["url"] == url
    assert (await service.http.get(url)).status_code == 200


async def test_a_title_that_is_edited_does_not_change_what_is_barred_nor_the_other_way_round(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue) as one, serving(tmp_path, catalogue, clock=one.clock) as other:
        edits = [
            worker.http.put(f"/titles/{title}", json={"maturity": 6}, headers=ADMIN)
            for title in catalogue.titles
            for worker in (one, other)
        ]
        answers = await asyncio.gather(*edits, bar(one, "drawn"))
        assert {answer.status_code for answer in answers} == {200}
        assert (await catalogue_of(other))["barred"] == ["drawn"]
        await other.refresh()
        listed = (await other.http.get("/titles")).json()["titles"]
        assert {title["maturity"] for title in listed} == {6}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"barred": ["by hand"]}, "barred.0"),
        ({"barred": "drawn"}, "barred"),
        ({"barred": None}, "body"),
        ({"barring": []}, "barring"),
        ({"titles": {}}, "titles"),
    ],
)
async def test_a_change_that_can_not_be_is_refused(service: Service, body: dict[str, Any], field: str) -> None:
    before = await catalogue_of(service)
    answer = await service.http.patch("/catalogue", json=body, headers=ADMIN)
    assert is_problem(answer, 422)["errors"][0]["field"] == field
    assert await catalogue_of(service) == before


async def test_a_change_of_nothing_changes_nothing(service: Service) -> None:
    await bar(service, "drawn")
    before = await catalogue_of(service)
    assert (await service.http.patch("/catalogue", json={}, headers=ADMIN)).json() == before


# ---------------------------------------------------------------- a catalogue that is lost

WAYS = ["missing", "damaged"]


def document(service: Service) -> Path:
    return service.settings.data / "catalogue" / "catalogues" / f"{service.services.live_catalogue.name}.json"


def spoil(path: Path, way: str) -> None:
    if way == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])


@pytest.fixture(params=WAYS)
async def lost(request: pytest.FixtureRequest, tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Service]:
    """A service that was started after its catalogue's document was spoilt."""
    async with serving(tmp_path, catalogue) as before:
        path = document(before)
        await bar(before, "drawn")
        await bar(before)
        assert path == document(before)
    spoil(path, request.param)
    async with serving(tmp_path, catalogue, clock=before.clock, trained=False) as service:
        yield service


async def test_a_service_that_can_not_read_its_catalogue_asks_to_come_back(
    lost: Service, catalogue: Catalogue
) -> None:
    name = catalogue.titles["countdown"].artworks[0].crop("16:9").name(640, "webp")
    for answer in (
        await lost.http.get("/artwork?title=countdown&profile=ada"),
        await lost.http.post("/artwork", json={"profile": "ada", "titles": ["countdown"]}),
        await lost.http.get(f"/images/{name}"),
        await lost.http.get("/titles"),
    ):
        problem = is_problem(answer, 503)
        assert "cannot read the catalogue" in problem["detail"]
        assert str(lost.settings.data) not in problem["detail"]
        assert int(answer.headers["retry-after"]) > 0


async def test_a_catalogue_that_can_not_be_read_can_not_be_edited(lost: Service) -> None:
    for method, path, body in (
        ("GET", "/catalogue", None),
        ("PATCH", "/catalogue", {}),
        ("PATCH", "/catalogue", {"barred": []}),
        ("PUT", "/titles/countdown", {"maturity": 6}),
        ("PATCH", "/titles/countdown/artworks/cupola", {"maturity": 6}),
        ("DELETE", "/titles/countdown", None),
        ("PUT", "/titles/countdown/pin", {"artwork": "cupola"}),
    ):
        answer = await lost.http.request(method, path, json=body, headers=ADMIN)
        assert is_problem(answer, 409)["detail"].endswith("import the catalogue again.")


async def test_an_import_takes_the_place_of_a_catalogue_that_can_not_be_read(
    lost: Service, catalogue: Catalogue
) -> None:
    editor = editor_in(lost.settings, lost.store)
    with capture_logs() as logged:
        assert await editor.titles() == {}
    [line] = logged
    assert (line["event"], line["log_level"]) == ("catalogue_unreadable", "warning")
    await editor.merge(COMMAND_LINE, {"countdown": catalogue.titles["countdown"]}, {}, ["ai-generated"])
    await lost.refresh()
    assert (await lost.get(profile="ada"))["title"] == "countdown"
    assert (await catalogue_of(lost))["barred"] == ["ai-generated"]
    assert [title["id"] for title in (await lost.http.get("/titles")).json()["titles"]] == ["countdown"]


async def test_the_same_catalogue_put_again_is_taken_up_within_a_second(
    lost: Service, catalogue: Catalogue
) -> None:
    await editor_in(lost.settings, lost.store).merge(COMMAND_LINE, catalogue.titles, {})
    lost.clock.now += 1000
    await lost.refresh()
    assert (await lost.get(profile="ada"))["title"] == "countdown"
    assert (await catalogue_of(lost))["titles"] == 3


@pytest.mark.parametrize("way", WAYS)
async def test_a_service_that_runs_goes_on_with_the_catalogue_that_it_has(service: Service, way: str) -> None:
    spoil(document(service), way)
    await service.refresh()
    url = (await service.get(profile="ada"))["image"]["url"]
    assert (await service.http.get(url)).status_code == 200
    assert (await service.http.get("/titles")).status_code == 200
    is_problem(await service.http.get("/catalogue", headers=ADMIN), 409)
