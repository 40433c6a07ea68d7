"""`/edits`: every change of the catalogue, with who made it, when, and what it was before."""

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

from app.catalogue.edit_entries import MOST_ENTRIES
from app.catalogue.editor import COMMAND_LINE
from app.catalogue.importing import import_folder
from app.wiring.catalogue import editor_in
from assets.catalogue import Title
from tests.api.service import ADMIN, EDITOR, Catalogue, Service, serving
from tests.assets.builders import a_picture, encoded, put

TITLE = "/titles/countdown"
CUPOLA = f"{TITLE}/artworks/cupola"


async def edits(service: Service, **query: Any) -> list[dict[str, Any]]:
    answer = await service.http.get("/edits", params=query, headers=EDITOR)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["edits"]
    return found


async def change(service: Service, method: str, path: str, json: Any = None, headers: Any = ADMIN) -> None:
    answer = await service.http.request(method, path, json=json, headers=headers)
    assert answer.is_success, answer.text


async def test_an_edit_says_who_when_what_and_what_it_was_before(service: Service) -> None:
    await change(service, "PATCH", CUPOLA, {"status": "paused", "tags": ["space"], "made": "photographed"}, EDITOR)
    [edit] = await edits(service)
    assert (edit["role"], edit["name"], edit["at"]) == ("editor", "key", service.clock.now / 1000)
    assert (edit["operation"], edit["title"], edit["artwork"]) == ("change artwork", "countdown", "cupola")
    assert edit["before"] == {"artworks": {"cupola": {"status": "active", "tags": ["cupola"]}}}
    assert edit["after"] == {"artworks": {"cupola": {"status": "paused", "tags": ["space"]}}}
    assert edit["revision_after"] == service.title().revision != edit["revision_before"]


async def test_every_way_to_change_the_catalogue_is_recorded(service: Service) -> None:
    await change(service, "PUT", "/titles/new", {"name": "New"})
    await change(service, "PUT", TITLE, {"name": "Down", "genres": ["drama"]})
    await change(service, "PUT", f"{TITLE}/pin", {"artwork": "ignition", "country": "DE"})
    await change(service, "DELETE", f"{TITLE}/pin?country=DE")
    await change(service, "PATCH", "/catalogue", {"barred": ["ai-generated"]})
    await change(service, "DELETE", f"{TITLE}/artworks/ignition")
    await change(service, "DELETE", "/titles/new")
    pin = {"artwork": "ignition", "placement": None, "country": "DE", "until": None}
    nothing: dict[str, Any] = {"synopsis": "", "names": {}, "genres": [], "maturity": 0, "default": None}
    new = {"name": "New", **nothing, "artworks": {}, "pins": []}
    recorded = [
        (each["operation"], each["title"], each["artwork"], each["before"], each["after"])
        for each in reversed(await edits(service))
    ]
    named = {"name": "Countdown", "genres": []}, {"name": "Down", "genres": ["drama"]}
    assert recorded[:5] == [
        ("put title", "new", None, None, new),
        ("put title", "countdown", None, *named),
        ("pin", "countdown", "ignition", {"pins": []}, {"pins": [pin]}),
        ("unpin", "countdown", None, {"pins": [pin]}, {"pins": []}),
        ("bar", None, None, {"barred": []}, {"barred": ["ai-generated"]}),
    ]
    assert recorded[5][:3] == ("delete artwork", "countdown", "ignition")
    assert recorded[5][3]["artworks"]["ignition"]["alt"] == "A half orange picture"
    assert recorded[5][4] == {"artworks": {"ignition": None}}
    assert recorded[6] == ("delete title", "new", None, new, None)
    assert len(recorded) == 7


async def test_an_upload_is_recorded_with_the_picture_that_it_brought(service: Service) -> None:
    file = {"file": ("liftoff.png", encoded(a_picture((640, 360), "lime")))}
    answer = await service.http.post(f"{TITLE}/artworks", files=file, headers=ADMIN)
    assert answer.status_code == 201, answer.text
    [edit] = await edits(service)
    assert (edit["operation"], edit["artwork"]) == ("upload", "liftoff")
    assert edit["before"] == {"artworks": {"liftoff": None}}
    assert edit["after"]["artworks"]["liftoff"]["source"] == service.artwork("liftoff").source


async def test_an_import_is_recorded_as_the_command_lines(service: Service, tmp_path: Path) -> None:
    put(tmp_path / "in" / "countdown" / "liftoff.jpg", encoded(a_picture((640, 360), "lime")))
    put(tmp_path / "in" / "another" / "one.jpg", encoded(a_picture((640, 360), "pink")))
    await import_folder(editor_in(service.settings, service.store), service.services.images, tmp_path / "in")
    recorded = {each["title"]: each for each in await edits(service)}
    assert {(each["role"], each["operation"]) for each in recorded.values()} == {("command line", "import")}
    assert recorded["another"]["before"] is None
    assert list(recorded["countdown"]["after"]["artworks"]) == ["liftoff"]


async def test_an_import_of_very_many_titles_is_one_entry(service: Service) -> None:
    many = {f"title-{number}": Title(f"title-{number}", "Title") for number in range(MOST_ENTRIES + 1)}
    await service.services.editor.merge(COMMAND_LINE, many, {})
    [edit] = await edits(service)
    assert (edit["title"], edit["before"], edit["after"]) == (None, None, {"titles": list(many)})


async def test_what_changes_nothing_or_is_refused_is_not_recorded(service: Service) -> None:
    await change(service, "PATCH", CUPOLA, {"status": "active"})
    await change(service, "DELETE", f"{TITLE}/pin")
    assert (await service.http.delete(f"{TITLE}/artworks/none", headers=ADMIN)).status_code == 404
    assert await edits(service) == []


async def test_a_session_is_told_by_its_name(service: Service) -> None:
    session = await service.http.post("/session", json={"key": "the-editor-key-of-tests"})
    assert session.status_code == 204
    await change(service, "DELETE", TITLE, headers={"Origin": "http://localhost"})
    name = (await service.http.get("/session")).json()["name"]
    service.http.cookies.clear()
    [edit] = await edits(service)
    assert (edit["role"], edit["name"]) == ("editor", name)


async def test_edits_at_once_by_two_workers_are_all_recorded(tmp_path: Path, catalogue: Catalogue) -> None:
    async with (
        serving(tmp_path, catalogue) as one,
        serving(tmp_path, catalogue, clock=one.clock) as other,
    ):
        tags = [f"tag-{number}" for number in range(6)]
        patches = [change([one, other][n % 2], "PATCH", CUPOLA, {"tags": [tag]}) for n, tag in enumerate(tags)]
        await asyncio.gather(*patches)
        chain = [(each["before"], each["after"]) for each in reversed(await edits(one))]
    assert len(chain) == 6
    assert all(after == before for (_, after), (before, _) in pairwise(chain))


async def test_edits_are_read_page_by_page_and_by_title(service: Service) -> None:
    for number in range(3):
        await change(service, "PUT", TITLE, {"name": f"Name {number}"})
        await change(service, "PUT", "/titles/other", {"name": f"Name {number}"})
    seen: list[int] = []
    query: dict[str, int] = {"limit": 4}
    while True:
        page = (await service.http.get("/edits", params=query, headers=ADMIN)).json()
        seen += [each["id"] for each in page["edits"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 6
    assert {each["title"] for each in await edits(service, title="other")} == {"other"}


async def test_what_an_edit_was_before_can_be_sent_back(service: Service) -> None:
    was = service.artwork("cupola")
    await change(service, "PATCH", CUPOLA, {"alt": "Another", "consent": {"of": "Ada"}, "valid_until": 2e9})
    [edit] = await edits(service)
    await change(service, "PATCH", CUPOLA, edit["before"]["artworks"]["cupola"])
    assert service.artwork("cupola") == was
