"""`/titles`: the catalogue and editing it."""

import asyncio
import json
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.api.edit_bodies import ArtworkBody
from app.catalogue.editor import COMMAND_LINE
from app.catalogue.importing import import_folder
from app.wiring.catalogue import editor_in
from app.wiring.services import REFRESH_SECONDS
from app.wiring.stores import open_store
from assets.catalogue import Pin
from assets.importing.ingest import Ingest, ingest
from assets.revisions import Revisions
from tests.api.service import ADMIN, CLIENT, EDITOR, START, Catalogue, Service, is_problem, serving
from tests.assets.builders import put


async def titles(service: Service, headers: Mapping[str, str] = ADMIN) -> dict[str, Any]:
    answer = await service.http.get("/titles", headers=headers)
    assert answer.status_code == 200
    return {title["id"]: title for title in answer.json()["titles"]}


async def artwork(
    service: Service, name: str = "cupola", title: str = "countdown", headers: Mapping[str, str] = ADMIN
) -> Any:
    [found] = [each for each in (await titles(service, headers))[title]["artworks"] if each["id"] == name]
    return found


async def patch(service: Service, body: object, path: str = "/titles/countdown/artworks/cupola") -> Any:
    return await service.http.patch(path, json=body, headers=ADMIN)


async def test_the_titles_are_listed_with_their_artworks(service: Service) -> None:
    found = await titles(service)
    assert list(found) == ["big-buck-bunny", "cosmos-laundromat", "countdown"]
    assert [each["id"] for each in found["countdown"]["artworks"]] == [
        "cupola",
        "earthrise",
        "ignition",
        "sunset-pad",
    ]
    assert found["countdown"]["pins"] == []
    assert found["countdown"]["default"] == "cupola"
    cupola = found["countdown"]["artworks"][0]
    assert (cupola["status"], cupola["maturity"], cupola["valid_until"]) == ("active", 0, None)
    assert cupola["image"]["url"].startswith("/images/")


@pytest.mark.parametrize(
    ("query", "found", "total"),
    [
        ({}, ["big-buck-bunny", "cosmos-laundromat", "countdown"], 3),
        ({"limit": 2}, ["big-buck-bunny", "cosmos-laundromat"], 3),
        ({"limit": 2, "offset": 2}, ["countdown"], 3),
        ({"offset": 3}, [], 3),
        ({"search": "co"}, ["cosmos-laundromat", "countdown"], 2),
        ({"search": "co", "limit": 1, "offset": 1}, ["countdown"], 2),
        ({"search": " BUNNY  big"}, ["big-buck-bunny"], 1),
        ({"search": "down big"}, [], 0),
        ({"search": "RÜCK"}, ["countdown"], 1),
        ({"search": "\x00<script>"}, [], 0),
    ],
)
async def test_titles_are_found_by_words_and_listed_in_pages(
    service: Service, query: dict[str, str], found: list[str], total: int
) -> None:
    await service.change(replace(service.title(), names={"de": "Rückwärts"}))
    await service.refresh()
    answer = (await service.http.get("/titles", params=query)).json()
    assert ([each["id"] for each in answer["titles"]], answer["total"]) == (found, total)


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1001}, {"offset": -1}, {"search": "x" * 201}])
async def test_a_page_of_titles_that_is_not_valid_is_refused(service: Service, query: dict[str, str]) -> None:
    is_problem(await service.http.get("/titles", params=query), 422)


async def test_an_editor_sees_one_title_on_all_canvases_and_whether_its_images_are_served(
    service: Service,
) -> None:
    await patch(service, {"consent": {"of": "Ada", "withdrawn": True}})
    answer = await service.http.get("/titles/countdown", headers=EDITOR)
    listed = (await titles(service))["countdown"]
    cupola, earthrise, *_ = answer.json()["artworks"]
    assert list(cupola["crops"]) == ["16:9", "2:3", "1:1"]
    assert cupola["crops"]["16:9"] == {**cupola["image"], "box": [0.0, 0.0, 1.0, 1.0], "by_hand": False}
    portrait = cupola["crops"]["2:3"]
    assert portrait["width"] * 3 == portrait["height"] * 2
    assert (cupola["served"], earthrise["served"]) == (False, True)
    for artwork in (whole := answer.json())["artworks"]:
        del artwork["crops"], artwork["served"]
    assert whole == listed
    assert answer.headers["cache-control"] == "private, no-store"


async def test_one_title_is_shown_as_stored_although_this_worker_has_not_looked_yet(service: Service) -> None:
    await service.change(replace(service.title(), name="Down"))
    assert service.title().name == "Countdown"
    answer = await service.http.get("/titles/countdown", headers=EDITOR)
    assert answer.json()["name"] == "Down"


async def test_one_title_is_shown_to_editors_alone_and_has_to_be_there(service: Service) -> None:
    is_problem(await service.http.get("/titles/countdown"), 401)
    is_problem(await service.http.get("/titles/countdown", headers=CLIENT), 403)
    is_problem(await service.http.get("/titles/nothing", headers=EDITOR), 404)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "paused"),
        ("status", "withdrawn"),
        ("tags", ["space", "window"]),
        ("tags", []),
        ("alt", "The Earth through “Cupola” – ünïcode"),
        ("locales", ["de", "pt-BR"]),
        ("placements", ["hero"]),
        ("maturity", 16),
        ("valid_from", 1_700_000_000),
        ("valid_until", 1_900_000_000.5),
        ("name", "The cupola"),
        ("made", "ai-generated"),
        ("creator", "NASA"),
        ("creator", ""),
        ("licence", "CC0-1.0"),
        ("consent", {"of": "Ada L.", "until": 1_900_000_000, "withdrawn": False}),
    ],
)
async def test_each_field_of_an_artwork_can_be_changed_alone(service: Service, field: str, value: object) -> None:
    before = await artwork(service)
    answer = await patch(service, {field: value})
    assert answer.status_code == 200
    wanted = {**before, field: value}
    if field in {"alt", "made", "creator", "licence"}:
        wanted["image"] = {**before["image"], field: value}
    assert await artwork(service) == wanted
    assert [each for each in answer.json()["artworks"] if each["id"] == "cupola"] == [wanted]


async def test_of_a_consent_only_what_is_named_changes(service: Service) -> None:
    before = await artwork(service)
    for change, wanted in (
        ({"of": "Ada L."}, {"of": "Ada L.", "until": None, "withdrawn": False}),
        ({"until": 1_900_000_000}, {"of": "Ada L.", "until": 1_900_000_000, "withdrawn": False}),
        ({"withdrawn": True}, {"of": "Ada L.", "until": 1_900_000_000, "withdrawn": True}),
        ({"until": None, "withdrawn": False}, {"of": "Ada L.", "until": None, "withdrawn": False}),
        ({}, {"of": "Ada L.", "until": None, "withdrawn": False}),
    ):
        assert (await patch(service, {"consent": change})).status_code == 200
        assert (await artwork(service))["consent"] == wanted
    assert (await patch(service, {"consent": None})).status_code == 200
    assert await artwork(service) == before


async def test_a_withdrawn_consent_takes_the_picture_out_of_answers_and_images(service: Service) -> None:
    await service.http.put("/titles/countdown/pin", json={"artwork": "cupola"}, headers=ADMIN)
    url = (await service.get(profile="ada"))["image"]["url"]
    await patch(service, {"consent": {"of": "Ada L.", "withdrawn": True}})
    assert (await service.get(profile="ada"))["artwork"] != "cupola"
    is_problem(await service.http.get(url), 410)
    await patch(service, {"consent": {"withdrawn": False}})
    assert (await service.get(profile="ada"))["artwork"] == "cupola"


async def test_a_withdrawal_and_its_end_reach_all_artworks_of_the_same_file(service: Service) -> None:
    await service.change_artwork("earthrise", source=service.artwork("cupola").source)

    await patch(service, {"consent": {"of": "Ada L.", "withdrawn": True}})
    assert (await artwork(service, "earthrise"))["consent"] == (await artwork(service))["consent"]
    assert (await artwork(service, "ignition"))["consent"] is None
    url = (await artwork(service, "earthrise"))["image"]["url"]
    is_problem(await service.http.get(url), 410)

    await patch(service, {"consent": {"withdrawn": False}})
    assert (await artwork(service, "earthrise"))["consent"]["withdrawn"] is False
    assert (await service.http.get(url)).status_code == 200


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("2028-01-01", 1_830_297_600),
        ("2028-01-01T00:00:00Z", 1_830_297_600),
        ("2028-01-01T00:00:00", 1_830_297_600),
        ("2028-01-01T02:00:00+02:00", 1_830_297_600),
        ("2028-01-01 00:00:00.5", 1_830_297_600.5),
        ("1890000000", 1_890_000_000),
        ("9999-12-31T23:59:59-12:00", 253_402_343_999),
    ],
)
async def test_a_moment_may_be_a_date_and_is_answered_in_seconds(
    service: Service, said: str, seconds: float
) -> None:
    body = {"valid_until": said, "consent": {"of": "Ada L.", "until": said}}
    assert (await patch(service, body)).status_code == 200
    found = await artwork(service)
    assert (found["valid_until"], found["consent"]["until"]) == (seconds, seconds)
    answer = await service.http.put(
        "/titles/countdown/pin", json={"artwork": "cupola", "until": said}, headers=ADMIN
    )
    assert [pin["until"] for pin in answer.json()["pins"]] == [seconds]


async def test_a_date_before_1970_is_the_beginning_of_1970(service: Service) -> None:
    """The document allows all dates, and no clock was before."""
    for said in ("1969-12-31", "1969-12-31T23:59:59Z", "0001-01-01", "0001-01-01T00:00:00+14:00"):
        assert (await patch(service, {"valid_until": said})).status_code == 200
        assert (await artwork(service))["valid_until"] == 0


@pytest.mark.parametrize("said", ["tomorrow", "2028-02-30", "", "1st of May"])
async def test_text_that_is_no_moment_is_told_how_to_write_one(service: Service, said: str) -> None:
    body = f'{{"valid_until": {json.dumps(said)}}}'
    answer = await service.http.patch(
        "/titles/countdown/artworks/cupola",
        content=body,
        headers={**ADMIN, "Content-Type": "application/json"},
    )
    [error] = is_problem(answer, 422)["errors"]
    assert error["field"] == "valid_until"
    assert error["reason"].startswith("It should be Unix seconds or an ISO 8601 date, such as 2028-01-01 or")


@pytest.mark.parametrize("said", ["-1", "nan", "inf", "1e999"])
async def test_a_moment_that_can_not_be_is_refused_as_text_too(service: Service, said: str) -> None:
    problem = is_problem(await patch(service, {"valid_until": said}), 422)
    assert problem["errors"][0]["field"] == "valid_until"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"tags": ["No Slug"]}, "It should be 1 to 64 of a-z, 0-9 and hyphens"),
        ({"artwork": "cupola", "country": "Germany"}, "It should be a country's two letters"),
        ({"names": {"German": "Der Abzählreim"}}, "It should be a language tag (BCP 47)"),
    ],
)
async def test_text_of_the_wrong_form_is_told_the_right_one_in_words(
    service: Service, body: dict[str, Any], reason: str
) -> None:
    path = {"tags": "/artworks/cupola", "artwork": "/pin", "names": ""}[next(iter(body))]
    method = "PATCH" if "tags" in body else "PUT"
    answer = await service.http.request(method, f"/titles/countdown{path}", json=body, headers=ADMIN)
    assert is_problem(answer, 422)["errors"][0]["reason"].startswith(reason)


@pytest.mark.parametrize("field", ["valid_from", "valid_until"])
async def test_null_lifts_a_limit_in_time(service: Service, field: str) -> None:
    before = await artwork(service)
    await patch(service, {field: 1_700_000_000})
    assert (await patch(service, {field: None})).status_code == 200
    assert await artwork(service) == before


async def test_a_change_of_nothing_changes_nothing(service: Service) -> None:
    before = await titles(service)
    assert (await patch(service, {})).status_code == 200
    assert await titles(service) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": "gone"}, "status"),
        ({"stat": "paused"}, "stat"),
        ({"status": "paused", "id": "other"}, "id"),
        ({"tags": ["No Slug"]}, "tags.0"),
        ({"tags": "space"}, "tags"),
        ({"tags": ["a"] * 65}, "tags"),
        ({"alt": ""}, "alt"),
        ({"alt": "x" * 501}, "alt"),
        ({"maturity": 22}, "maturity"),
        ({"valid_from": "tomorrow"}, "valid_from"),
        ({"valid_until": -1}, "valid_until"),
        ({"made": "by hand"}, "made"),
        ({"name": ""}, "name"),
        ({"consent": "Ada L."}, "consent"),
        ({"consent": {"withdrawn": True}}, "consent.of"),
        ({"consent": {"of": ""}}, "consent.of"),
        ({"consent": {"of": "Ada L.", "until": -1}}, "consent.until"),
        ({"consent": {"of": "Ada L.", "from": 1}}, "consent.from"),
    ],
)
async def test_what_can_not_be_is_refused_with_its_field_and_changes_nothing(
    service: Service, body: dict[str, Any], field: str
) -> None:
    before = await titles(service)
    assert is_problem(await patch(service, body), 422)["errors"][0]["field"] == field
    assert await titles(service) == before


@pytest.mark.parametrize(
    "body",
    [
        {"locales": ["German"]},
        {"tags": ["calm", "dark", "calm"]},
        {"alt": " "},
        {"alt": "two\nlines"},
        {"valid_from": 20, "valid_until": 10},
        {"consent": {"of": "Ada L.", "withdrawn": None}},
        *({field: None} for field in ("status", "tags", "alt", "locales", "placements", "maturity")),
        *({field: None} for field in ("name", "made", "creator", "licence")),
    ],
)
async def test_what_the_catalogue_does_not_accept_is_refused(service: Service, body: dict[str, Any]) -> None:
    before = await titles(service)
    is_problem(await patch(service, body), 422)
    assert await titles(service) == before


@pytest.mark.parametrize("path", ["/titles/nothing/artworks/cupola", "/titles/countdown/artworks/nothing"])
async def test_what_is_not_there_can_not_be_changed(service: Service, path: str) -> None:
    assert "'nothing'" in is_problem(await patch(service, {"status": "paused"}, path), 404)["detail"]


# ---------------------------------------------------------------- titles


async def test_a_titles_own_fields_can_be_changed_and_the_rest_stays(service: Service) -> None:
    before = (await titles(service))["countdown"]
    change = {
        "name": "Count down",
        "names": {"de": "Der Abzählreim", "pt-BR": "Contagem"},
        "synopsis": "Ten, nine, eight.",
        "genres": ["documentary", "space"],
        "maturity": 6,
        "default": "ignition",
    }
    answer = await service.http.put("/titles/countdown", json=change, headers=ADMIN)
    change["revision"] = service.title().revision
    assert answer.json() == (await titles(service))["countdown"] == {**before, **change}
    await service.http.put("/titles/countdown", json={"maturity": 0}, headers=ADMIN)
    change["revision"] = service.title().revision
    assert (await titles(service))["countdown"] == {**before, **change, "maturity": 0}


@pytest.mark.parametrize(
    "body",
    [
        {"default": "nothing"},
        {"default": None},
        {"name": ""},
        {"name": None},
        {"genres": ["No Slug"]},
        {"names": {"German": "Der Abzählreim"}},
        {"names": {"de": ""}},
        {"names": ["Der Abzählreim"]},
        {"synopsis": "x" * 501},
        {"synopsis": None},
        {"artworks": []},
        {"id": "other"},
    ],
)
async def test_a_change_of_a_title_that_can_not_be_is_refused(service: Service, body: dict[str, Any]) -> None:
    before = await titles(service)
    is_problem(await service.http.put("/titles/countdown", json=body, headers=ADMIN), 422)
    assert await titles(service) == before


async def test_a_synopsis_can_be_cleared(service: Service) -> None:
    before = (await titles(service))["countdown"]
    for synopsis in ("Ten, nine, eight.", ""):
        await service.http.put("/titles/countdown", json={"synopsis": synopsis}, headers=ADMIN)
    assert (await titles(service))["countdown"] == before


async def test_a_new_title_has_nothing_to_show_yet(service: Service) -> None:
    answer = await service.http.put("/titles/new", json={"name": "New", "genres": ["comedy"]}, headers=ADMIN)
    assert answer.status_code == 201
    assert answer.json() == (await titles(service))["new"]
    assert {"name": "New", "genres": ["comedy"], "default": None, "artworks": []}.items() <= answer.json().items()
    assert (await service.http.put("/titles/new", json={"maturity": 6}, headers=ADMIN)).status_code == 200
    page = await service.http.post("/artwork", json={"titles": ["new", "countdown"]})
    assert page.json()["unavailable"] == ["new"]
    assert (await service.http.get("/artwork?title=new")).status_code in {404, 410}


@pytest.mark.parametrize("body", [{}, {"genres": ["comedy"]}, {"name": "New", "default": "first"}])
async def test_a_new_title_that_can_not_be_is_refused(service: Service, body: dict[str, Any]) -> None:
    is_problem(await service.http.put("/titles/new", json=body, headers=ADMIN), 422)
    assert "new" not in await titles(service)


async def test_a_title_that_was_taken_out_is_unknown(service: Service) -> None:
    id_ = (await service.get(profile="ada"))["decision_id"]
    answer = await service.http.delete("/titles/countdown", headers=ADMIN)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "countdown" not in await titles(service)
    is_problem(await service.http.get("/artwork?title=countdown&profile=ada"), 404)
    is_problem(await service.http.delete("/titles/countdown", headers=ADMIN), 404)
    assert (await service.http.post("/clicks", json={"decision_id": id_})).status_code == 202
    await service.close_windows()
    report = (await service.http.get("/report", headers=ADMIN)).json()
    assert report["titles"]["countdown"]["clicks"] == 1


async def test_an_artwork_can_be_taken_out_and_its_pins_go_with_it(service: Service) -> None:
    for body in ({"artwork": "ignition"}, {"artwork": "cupola", "placement": "hero"}):
        await service.http.put("/titles/countdown/pin", json=body, headers=ADMIN)
    url = (await artwork(service, "ignition"))["image"]["url"]
    answer = await service.http.delete("/titles/countdown/artworks/ignition", headers=ADMIN)
    assert (answer.status_code, answer.content) == (204, b"")
    found = (await titles(service))["countdown"]
    assert [each["id"] for each in found["artworks"]] == ["cupola", "earthrise", "sunset-pad"]
    assert [each["artwork"] for each in found["pins"]] == ["cupola"]
    is_problem(await service.http.get(url), 410)
    is_problem(await service.http.delete("/titles/countdown/artworks/ignition", headers=ADMIN), 404)


async def test_the_default_goes_last(service: Service) -> None:
    path = "/titles/big-buck-bunny/artworks"
    problem = is_problem(await service.http.delete(f"{path}/forest-brook", headers=ADMIN), 409)
    assert "morning-stretch" in problem["detail"]
    assert len((await titles(service))["big-buck-bunny"]["artworks"]) == 2
    for name in ("morning-stretch", "forest-brook"):
        assert (await service.http.delete(f"{path}/{name}", headers=ADMIN)).status_code == 204
    found = (await titles(service))["big-buck-bunny"]
    assert (found["default"], found["artworks"]) == (None, [])


# ---------------------------------------------------------------- documents that are lost


def document(service: Service, title: str) -> Path:
    return service.settings.data / "catalogue" / "titles" / f"{service.title(title).revision}.json"


@pytest.mark.parametrize("lost", [True, False])
async def test_a_title_whose_document_is_spoilt_can_not_be_changed_but_all_others_can(
    tmp_path: Path, catalogue: Catalogue, *, lost: bool
) -> None:
    async with serving(tmp_path, catalogue) as first:
        clock, path = first.clock, document(first, "countdown")
    if lost:
        path.unlink()
    else:
        path.write_bytes(b"{}")
    async with serving(tmp_path, catalogue, clock=clock) as service:
        for call in ("/titles/countdown", "/titles/countdown/artworks/cupola"):
            method = "PATCH" if "artworks" in call else "PUT"
            answer = await service.http.request(method, call, json={"name": "Other"}, headers=ADMIN)
            assert "'countdown'" in is_problem(answer, 409)["detail"]
        bunny = "/titles/big-buck-bunny"
        assert (await service.http.put(bunny, json={"name": "Bunny"}, headers=ADMIN)).status_code == 200
        assert (await service.http.put("/titles/new", json={"name": "New"}, headers=ADMIN)).status_code == 201
        assert (await service.http.delete("/titles/countdown", headers=ADMIN)).status_code == 204
        assert set(await titles(service)) == {"big-buck-bunny", "cosmos-laundromat", "new"}


async def test_who_consents_is_told_to_admins_alone(service: Service) -> None:
    before = await artwork(service, headers={})
    assert before == await artwork(service)
    await patch(service, {"consent": {"of": "Ada L."}, "creator": "Grace H.", "made": "drawn"})
    for headers in ({}, CLIENT, {"Authorization": "Bearer wrong"}):
        answer = await service.http.get("/titles", headers=headers)
        assert "Ada L." not in answer.text
        seen = await artwork(service, headers=headers)
        assert (seen["consent"], seen["creator"], seen["made"]) == (None, "Grace H.", "drawn")
        assert seen["image"]["url"] == before["image"]["url"]
    assert (await artwork(service))["consent"] == {"of": "Ada L.", "until": None, "withdrawn": False}


@pytest.mark.parametrize("way", ["withdrawn", "consent withdrawn", "consent over", "barred"])
async def test_nobody_is_handed_a_picture_that_may_not_be_seen_but_admins_who_edit_it(
    service: Service, way: str
) -> None:
    before, end = await artwork(service), service.clock.now / 1000 + 60
    await patch(service, {"made": "rendered", "consent": {"of": "Ada L.", "until": end}})
    assert (await artwork(service, headers={}))["image"] is not None
    if way == "consent over":
        service.clock.now += 60_000
    elif way == "barred":
        await service.http.patch("/catalogue", json={"barred": ["rendered"]}, headers=ADMIN)
    else:
        await patch(service, {"status": "withdrawn"} if way == "withdrawn" else {"consent": {"withdrawn": True}})
    seen = await artwork(service, headers={})
    assert (seen["image"], seen["made"]) == (None, "rendered")
    assert before["image"]["url"] not in (await service.http.get("/titles")).text
    assert (await artwork(service))["image"]["url"] == before["image"]["url"]


@pytest.mark.parametrize("way", ["withdrawn", "barred"])
async def test_a_picture_without_consent_is_hidden_from_others_too_and_comes_back(
    service: Service, way: str
) -> None:
    before = await titles(service, {})
    for hidden in (True, False):
        if way == "barred":
            barred = ["photographed"] if hidden else []
            await service.http.patch("/catalogue", json={"barred": barred}, headers=ADMIN)
        else:
            await patch(service, {"status": "withdrawn" if hidden else "active"})
        assert ((await artwork(service, headers={}))["image"] is None) == hidden
        assert (await artwork(service))["image"] is not None
    assert await titles(service, {}) == before


async def test_an_admins_listing_is_kept_by_nobody_and_another_one_never_unasked(service: Service) -> None:
    headers = (await service.http.get("/titles", headers=ADMIN)).headers
    assert headers["cache-control"] == "private, no-store"
    assert headers["vary"] == "Authorization, Cookie"
    headers = (await service.http.get("/titles")).headers
    assert headers["cache-control"] == "no-cache"
    assert headers["vary"] == "Authorization, Cookie"


# ---------------------------------------------------------------- pins


async def test_pins_are_listed_and_one_for_the_same_place_replaces_another(service: Service) -> None:
    async def put(**body: object) -> Any:
        answer = await service.http.put("/titles/countdown/pin", json=body, headers=ADMIN)
        assert answer.status_code == 200
        return answer.json()["pins"]

    assert len(await put(artwork="cupola")) == 1
    assert len(await put(artwork="cupola", placement="hero")) == 2
    pins = await put(artwork="ignition", placement="hero", until=2_000_000_000)
    assert [(pin["artwork"], pin["placement"]) for pin in pins] == [("cupola", None), ("ignition", "hero")]
    answer = await service.http.delete("/titles/countdown/pin", headers=ADMIN)
    assert answer.json()["pins"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"artwork": "nothing"}, 404),
        ({"artwork": "cupola", "country": "XX"}, 422),
        ({"artwork": "cupola", "placement": "Hero!"}, 422),
        ({"artwork": "cupola", "until": "soon"}, 422),
        ({"artwork": "cupola", "from": 1}, 422),
        ({"artwork": "cupola", "until": START / 1000}, 422),
        ({"artwork": "cupola", "until": "2020-01-01"}, 422),
    ],
)
async def test_a_pin_that_can_not_be_is_refused(service: Service, body: dict[str, Any], status: int) -> None:
    is_problem(await service.http.put("/titles/countdown/pin", json=body, headers=ADMIN), status)
    assert (await titles(service))["countdown"]["pins"] == []


CAN_NOT_ACT: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"status": "paused"}, {}, "is paused"),
    ({"status": "withdrawn"}, {}, "is withdrawn"),
    ({"valid_until": START / 1000}, {}, "valid_until"),
    ({"consent": {"of": "Ada", "until": START / 1000}}, {}, "consent"),
    ({"consent": {"of": "Ada", "withdrawn": True}}, {}, "consent"),
    ({"made": "ai-generated"}, {}, "bars this kind"),
    ({"placements": ["row"]}, {"placement": "hero"}, "pin it in row"),
    ({"valid_from": START / 1000 + 9}, {"until": START / 1000 + 9}, "valid_from"),
]


@pytest.mark.parametrize(("changes", "limits", "words"), CAN_NOT_ACT)
async def test_a_pin_that_nobody_would_see_is_refused(
    service: Service, changes: dict[str, Any], limits: dict[str, Any], words: str
) -> None:
    await service.http.patch("/catalogue", json={"barred": ["ai-generated"]}, headers=ADMIN)
    assert (await patch(service, changes)).status_code == 200
    body = {"artwork": "cupola", **limits}
    problem = is_problem(await service.http.put("/titles/countdown/pin", json=body, headers=ADMIN), 409)
    assert words in problem["detail"]
    for later in ({"placements": ["row"]}, {"valid_from": START / 1000 + 9}):
        fine = await service.http.patch("/titles/countdown/artworks/ignition", json=later, headers=ADMIN)
        assert fine.status_code == 200
        assert (await pin(service, artwork="ignition", until=START / 1000 + 10)).status_code == 200


async def pin(service: Service, **body: Any) -> httpx2.Response:
    return await service.http.put("/titles/countdown/pin", json=body, headers=ADMIN)


async def unpin(service: Service, query: str, status: int = 200) -> list[tuple[str | None, str | None]]:
    answer = await service.http.delete(f"/titles/countdown/pin{query}", headers=ADMIN)
    assert answer.status_code == status, answer.text
    return [(each["placement"], each["country"]) for each in (await titles(service))["countdown"]["pins"]]


async def test_one_pin_can_be_taken_away(service: Service) -> None:
    places = [(None, None), (None, "FR"), (None, "DE"), ("hero", None), ("hero", "DE"), ("hero", "FR")]
    for placement, country in places:
        await pin(service, artwork="cupola", placement=placement, country=country)
    for query, gone in (
        ("?country=FR", (None, "FR")),
        ("?placement=hero&country=DE", ("hero", "DE")),
        ("?placement=hero&country=", ("hero", None)),
        ("?placement=&country=", (None, None)),
    ):
        places.remove(gone)
        assert await unpin(service, query) == places
        assert await unpin(service, query, 404) == places
    assert await unpin(service, "?country=FRA", 422) == places
    assert await unpin(service, "?country=DE&plaecment=hero", 422) == places
    assert await unpin(service, "") == []


@pytest.mark.parametrize(("written", "meant"), [("UK", "GB"), ("uk", "GB"), ("de", "DE"), ("XK", "XK")])
async def test_a_pin_is_for_the_country_that_is_meant(service: Service, written: str, meant: str) -> None:
    assert (await pin(service, artwork="cupola", country="FR")).status_code == 200
    assert (await pin(service, artwork="earthrise", country=meant)).status_code == 200
    assert (await pin(service, artwork="cupola", country=written)).json()["pins"][1]["country"] == meant
    for hint in (written, meant):
        choice = await service.get(country=hint)
        assert (choice["artwork"], choice["pinned"]) == ("cupola", True)
    assert await unpin(service, f"?country={written}") == [(None, "FR")]


@pytest.mark.parametrize("country", ["XX", "EU", "T1", "DEU", "", "ß"])
async def test_a_pin_for_what_is_no_country_is_refused(service: Service, country: str) -> None:
    problem = is_problem(await pin(service, artwork="cupola", country=country), 422)
    assert [each["field"] for each in problem["errors"]] == ["country"]
    assert "a country's two letters (ISO 3166-1), such as DE" in problem["detail"]


async def test_a_pin_that_an_earlier_version_took_acts_and_can_be_taken_away(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    earlier = tuple(Pin("cupola", country=country) for country in ("UK", "XX", "FR"))
    title = replace(catalogue.titles["countdown"], pins=earlier)
    old = replace(catalogue, titles=catalogue.titles | {"countdown": title})
    async with serving(tmp_path, old) as service:
        for hint in ("UK", "GB", "gb"):
            choice = await service.get(country=hint)
            assert (choice["artwork"], choice["pinned"]) == ("cupola", True)
        assert not (await service.get(country="XX"))["pinned"]
        assert await unpin(service, "?country=XX") == [(None, "UK"), (None, "FR")]
        assert (await pin(service, artwork="earthrise", country="GB")).status_code == 200
        assert await unpin(service, "?country=UK") == [(None, "FR")]


@pytest.mark.parametrize(("written", "meant"), [("UK", "GB"), ("de", "DE")])
async def test_a_profile_is_in_the_country_that_its_attribute_means(
    service: Service, written: str, meant: str
) -> None:
    await pin(service, artwork="cupola", country=meant)
    body = {"attributes": {"country": written}}
    await service.http.put("/profiles?profile=ada", json=body, headers=ADMIN)
    assert (await service.get(profile="ada"))["pinned"]


async def test_pinning_an_unknown_title_is_not_found(service: Service) -> None:
    is_problem(await service.http.put("/titles/nothing/pin", json={"artwork": "cupola"}, headers=ADMIN), 404)
    is_problem(await service.http.delete("/titles/nothing/pin", headers=ADMIN), 404)


# ---------------------------------------------------------------- many workers


async def test_what_one_worker_is_told_every_other_sees_when_it_looks_as_it_does_within_a_second(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue) as one, serving(tmp_path, catalogue, clock=one.clock) as other:

        async def seen() -> dict[str, Any]:
            await other.refresh()
            return await titles(other)

        assert REFRESH_SECONDS < 1
        await patch(one, {"status": "paused"})
        assert (await seen())["countdown"]["artworks"][0]["status"] == "paused"
        await one.http.put("/titles/countdown/pin", json={"artwork": "ignition"}, headers=ADMIN)
        assert (await seen())["countdown"]["pins"]
        assert (await other.get(profile="ada"))["artwork"] == "ignition"
        await one.http.put("/titles/countdown", json={"name": "Another"}, headers=ADMIN)
        assert (await seen())["countdown"]["name"] == "Another"
        await one.http.delete("/titles/countdown", headers=ADMIN)
        assert "countdown" not in await seen()


async def test_edits_at_the_same_time_all_survive(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue) as one, serving(tmp_path, catalogue, clock=one.clock) as other:
        names = ["cupola", "earthrise", "ignition", "sunset-pad"]
        edits = [
            patch(worker, {"tags": [f"tag-{number}"]}, f"/titles/countdown/artworks/{name}")
            for number, name in enumerate(names)
            for worker in ((one, other)[number % 2],)
        ]
        edits.append(other.http.put("/titles/big-buck-bunny", json={"name": "Bunny"}, headers=ADMIN))
        edits.append(one.http.delete("/titles/cosmos-laundromat", headers=ADMIN))
        answers = await asyncio.gather(*edits)
        assert [answer.status_code for answer in answers] == [200] * 5 + [204]
        await one.services.live_catalogue.refresh()  # as it does four times a second
        found = await titles(one)
        assert [each["tags"] for each in found["countdown"]["artworks"]] == [[f"tag-{n}"] for n in range(4)]
        assert found["big-buck-bunny"]["name"] == "Bunny"
        assert "cosmos-laundromat" not in found


async def test_edits_of_one_worker_wait_for_one_another(service: Service) -> None:
    edits = [
        patch(service, {"alt": f"Edit {number}"}, f"/titles/countdown/artworks/{name}")
        for number in range(12)
        for name in ("cupola", "earthrise")
    ]
    assert {answer.status_code for answer in await asyncio.gather(*edits)} == {200}


async def test_neither_an_edit_nor_taking_it_up_keeps_requests_waiting(
    tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path, catalogue) as one, serving(tmp_path, catalogue, clock=one.clock) as other:
        threads: dict[str, set[str]] = {}
        calls = {name: getattr(Revisions, name) for name in ("title", "catalogue", "put_title", "put_catalogue")}
        for name, call in calls.items():

            def noted(*given: Any, name: str = name, call: Any = call, **named: Any) -> Any:
                threads.setdefault(name, set()).add(threading.current_thread().name)
                return call(*given, **named)

            monkeypatch.setattr(Revisions, name, noted)
        await patch(one, {"alt": "Another"})
        await other.services.live_catalogue.refresh()
        assert (await artwork(other))["image"]["alt"] == "Another"
        await one.services.editor.titles()
        assert set(threads) == set(calls)
        assert threading.main_thread().name not in set.union(*threads.values())


async def test_what_is_edited_while_an_import_runs_survives_it(
    tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path / "data", catalogue) as service:
        pictures = tmp_path / "pictures"
        for name in ("countdown/cupola", "countdown/brand-new", "cosmos-laundromat/lonely-hill"):
            put(pictures / f"{name}.jpg")
        before = await titles(service)

        async def edit() -> None:
            store = open_store(service.settings)
            editor = editor_in(service.settings, store)
            withdrawn = ArtworkBody(status="withdrawn", tags=("edited",))
            await editor.change_artwork(COMMAND_LINE, "countdown", "cupola", withdrawn.applied)
            await editor.change_artwork(COMMAND_LINE, "countdown", "ignition", ArtworkBody(maturity=18).applied)
            await editor.pin(COMMAND_LINE, "countdown", Pin("ignition"), START / 1000)
            await editor.delete(COMMAND_LINE, "cosmos-laundromat")
            await store.close()

        def edited_meanwhile(*given: Any, **named: Any) -> Ingest:
            result = ingest(*given, workers=1, **named)
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(asyncio.run, edit()).result()
            return result

        monkeypatch.setattr("app.catalogue.importing.ingest", edited_meanwhile)
        rows = await import_folder(editor_in(service.settings, service.store), service.services.images, pictures)
        await service.services.live_catalogue.refresh()

        assert {row.artwork: row.outcome for row in rows if row.outcome in {"new", "changed"}} == {
            "cupola": "changed",
            "brand-new": "new",
            "lonely-hill": "changed",
        }
        found = await titles(service)
        assert set(found) == {"big-buck-bunny", "countdown"}
        cupola, earthrise, ignition, _, new = found["countdown"]["artworks"]
        assert (cupola["status"], cupola["tags"]) == ("withdrawn", ["edited"])
        assert cupola["image"]["url"] != before["countdown"]["artworks"][0]["image"]["url"]
        assert earthrise == before["countdown"]["artworks"][1]
        assert ignition["maturity"] == 18
        assert new["id"] == "brand-new"
        assert [each["artwork"] for each in found["countdown"]["pins"]] == ["ignition"]


async def test_edits_outlive_a_restart(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue) as service:
        await patch(service, {"alt": "Changed"})
        clock = service.clock
    async with serving(tmp_path, catalogue, clock=clock) as again:
        assert (await artwork(again))["alt"] == "Changed"
