"""Originals: kept in private, gone with the consent; and crops that are made again from them."""

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.catalogue import rendering
from app.catalogue.importing import import_folder
from app.wiring.catalogue import editor_in, originals_in
from assets.rendering import workers
from assets.rendering.original_names import files_of
from tests.api.service import ADMIN, CLIENT, EDITOR, Catalogue, Service, is_problem, send, serving
from tests.assets.builders import a_picture, encoded, put

TITLE = "/titles/countdown"
PATH = f"{TITLE}/artworks"
NEW = f"{PATH}/new"
LOCATED = Image.Exif()
LOCATED.get_ifd(0x8825)[2] = (48.0, 12.0, 30.0)
JPEG = encoded(a_picture((640, 480), "purple"), exif=LOCATED)
LARGE = encoded(a_picture((960, 720), "purple"))
"""It has room for crops that are smaller than it."""


async def upload(service: Service, content: bytes = JPEG, title: str = "countdown", **fields: str) -> Any:
    files = {"file": ("new.jpg", content, "image/jpeg")}
    answer = await service.http.post(f"/titles/{title}/artworks", files=files, data=fields, headers=EDITOR)
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


async def patch(service: Service, path: str = NEW, **body: Any) -> Any:
    answer = await service.http.patch(path, json=body, headers=EDITOR)
    assert answer.status_code == 200, answer.text
    return {each["id"]: each for each in answer.json()["artworks"]}


def originals(service: Service) -> set[str]:
    folder = service.settings.data / "originals"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def kept(service: Service, artwork: str = "new", title: str = "countdown") -> set[str]:
    return set(files_of(service.artwork(artwork, title).original))


# ---------------------------------------------------------------- kept, and private


async def test_an_upload_is_kept_without_its_place_and_every_listing_says_so(service: Service) -> None:
    assert (await upload(service))["artwork"]["original"] is True
    assert originals(service) == kept(service)
    content = (service.settings.data / "originals" / service.artwork("new").original).read_bytes()
    with Image.open(io.BytesIO(content)) as image:
        assert dict(image.getexif()) == {}
        assert image.size == (640, 480)
    titles = (await service.http.get("/titles")).json()["titles"]
    told = {each["id"]: each["original"] for title in titles for each in title["artworks"]}
    assert told == {each: each == "new" for each in told}, "Those from before have none."
    detailed = (await service.http.get(TITLE, headers=EDITOR)).json()["artworks"]
    assert {each["id"]: each["original"] for each in detailed}["new"] is True


@pytest.mark.parametrize(
    "path",
    [
        "/originals/{}",
        "/images/{}",
        "/images/../originals/{}",
        "/images/..%2Foriginals%2F{}",
        "/images/%2e%2e/originals/{}",
        "/static/../originals/{}",
        "/titles/countdown/artworks/new/original",
        "/titles/countdown/artworks/new/{}",
        "/{}",
    ],
)
async def test_no_route_serves_an_original(service: Service, path: str) -> None:
    await upload(service)
    for name in kept(service):
        for headers in ({}, ADMIN):
            answer = await service.http.get(path.format(name), headers=headers)
            assert answer.status_code in {404, 405}, answer.text
        raw = await send(service.app, "GET", path.format(name).replace("%2F", "/").replace("%2e", "."))
        assert raw.status in {404, 405}


async def test_editors_see_the_whole_picture_as_a_small_copy_and_nobody_else_does(service: Service) -> None:
    await upload(service, encoded(a_picture((2048, 1024))))
    answer = await service.http.get(f"{NEW}/whole", headers=EDITOR)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert answer.headers["cache-control"] == "private, no-store"
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.size, dict(image.getexif())) == ((1024, 512), {})
    is_problem(await service.http.get(f"{NEW}/whole"), 401)
    is_problem(await service.http.get(f"{NEW}/whole", headers=CLIENT), 403)
    assert (
        "upload the picture again"
        in is_problem(await service.http.get(f"{PATH}/cupola/whole", headers=EDITOR), 404)["detail"]
    )
    is_problem(await service.http.get(f"{PATH}/unknown/whole", headers=EDITOR), 404)


async def test_a_service_that_keeps_none_says_what_is_lost(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue) as service:
        await upload(service)
        before = originals(service)
    async with serving(tmp_path, catalogue, originals="off") as service:
        said = await upload(service, encoded(a_picture((640, 480), "red")), artwork="other")
        assert said["artwork"]["original"] is False
        assert not any("original" in warning for warning in said["warnings"]), "It was asked for."
        assert originals(service) == before, "Those that are kept stay."
        refused = await service.http.patch(f"{PATH}/other", json={"focus": [0.5, 0.5]}, headers=EDITOR)
        assert "KEYART_ORIGINALS is set to keep" in is_problem(refused, 409)["detail"]
        assert (await patch(service, focus=[0.5, 0.1]))["new"]["focus"] == [0.5, 0.1]


async def test_above_the_limit_a_picture_comes_without_its_original(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, originals_bytes=len(JPEG)) as service:
        said = await upload(service)
        assert (said["outcome"], said["artwork"]["original"]) == ("new", False)
        assert "KEYART_ORIGINALS_BYTES" in said["warnings"][0]
        assert originals(service) == set()


# ---------------------------------------------------------------- gone with the consent


async def test_an_original_goes_when_its_consent_is_withdrawn_and_does_not_come_back(service: Service) -> None:
    await upload(service, consent="Ada")
    assert originals(service)
    assert (await patch(service, consent={"withdrawn": True}))["new"]["original"] is False
    assert originals(service) == set()
    is_problem(await service.http.get(f"{NEW}/whole", headers=EDITOR), 404)
    refused = await service.http.patch(NEW, json={"focus": [0.5, 0.5]}, headers=EDITOR)
    assert "upload the picture again" in is_problem(refused, 409)["detail"]

    await upload(service, artwork="new")
    await upload(service, artwork="copy")
    assert service.artwork("copy").provenance.consent == service.artwork("new").provenance.consent
    assert originals(service) == set(), "The same file is kept no more, under whichever name it comes."

    given = await patch(service, consent={"withdrawn": False})
    assert (given["new"]["original"], given["copy"]["original"]) == (False, False)
    assert (await upload(service, artwork="new"))["artwork"]["original"] is True
    assert originals(service) == kept(service)


async def test_an_original_stays_while_an_artwork_of_another_title_has_it(service: Service) -> None:
    await upload(service, consent="Ada")
    await upload(service, title="cosmos-laundromat", artwork="new")
    await patch(service, consent={"withdrawn": True})
    assert originals(service) == kept(service, title="cosmos-laundromat")
    other = "/titles/cosmos-laundromat/artworks/new"
    await patch(service, other, consent={"of": "Ada", "withdrawn": True})
    assert originals(service) == set()


async def test_an_import_keeps_originals_and_heeds_a_withdrawn_consent(service: Service, tmp_path: Path) -> None:
    put(tmp_path / "in" / "countdown" / "new.jpg", JPEG)
    settings = service.settings

    async def imported() -> None:
        editor, images = editor_in(settings, service.store), service.services.images
        adding = originals_in(settings).adding()
        await import_folder(editor, images, tmp_path / "in", originals=adding)
        await service.refresh()

    await imported()
    assert originals(service) == kept(service)
    moved = await patch(service, focus=[0.2, 0.9])
    await imported()
    assert service.artwork("new").focus == (0.2, 0.9), "The folder says nothing new, so the edit stays."
    assert moved["new"]["image"] is not None
    await patch(service, consent={"of": "Ada", "withdrawn": True})
    assert originals(service) == set()
    put(tmp_path / "in" / "countdown" / "new.jpg", encoded(a_picture((800, 600), "gold")))
    await imported()
    assert originals(service) == set()


# ---------------------------------------------------------------- corrected in place


async def served(service: Service, artwork: dict[str, Any]) -> bytes:
    answer = await service.http.get(artwork["image"]["url"])
    assert answer.status_code == 200, answer.text
    return answer.content


async def test_focus_and_faces_make_the_same_crops_as_an_upload_that_says_them(service: Service) -> None:
    await upload(service)
    before = service.artwork("new")
    old = (await service.http.get(TITLE, headers=EDITOR)).json()["artworks"][-1]
    found = (await patch(service, focus=[0.5, 0.95], faces=[[0.1, 0.7, 0.2, 0.25]], alt="Purple"))["new"]
    assert (found["focus"], found["faces"], found["alt"]) == ([0.5, 0.95], [[0.1, 0.7, 0.2, 0.25]], "Purple")
    after = service.artwork("new")
    assert after.crops != before.crops
    assert (after.source, after.original) == (before.source, before.original)
    assert await served(service, found) != await served(service, old), "Pages that name the old one still get it."

    await upload(service, artwork="told", focus="0.5,0.95", faces="0.1,0.7,0.2,0.25")
    told = service.artwork("told")
    assert (told.crops, told.recipe, told.features) == (after.crops, after.recipe, after.features)

    undone = (await patch(service, focus=None, faces=[]))["new"]
    assert (undone["focus"], undone["faces"]) == (None, [])
    assert service.artwork("new").crops == before.crops
    edits = (await service.http.get("/edits", headers=EDITOR)).json()["edits"]
    assert edits[0]["before"]["artworks"] == {"new": {"focus": [0.5, 0.95], "faces": [[0.1, 0.7, 0.2, 0.25]]}}
    assert edits[0]["after"]["artworks"] == {"new": {"focus": None, "faces": []}}
    assert edits[0]["operation"] == "change artwork"


async def boxes(service: Service, artwork: str = "new") -> dict[str, tuple[Any, bool]]:
    answer = await service.http.get(TITLE, headers=EDITOR)
    [found] = [each for each in answer.json()["artworks"] if each["id"] == artwork]
    return {canvas: (crop["box"], crop["by_hand"]) for canvas, crop in found["crops"].items()}


async def test_a_crop_set_by_hand_stays_until_it_is_given_back(service: Service) -> None:
    await upload(service, LARGE)
    before, automatic = service.artwork("new"), await boxes(service)
    assert [by_hand for _, by_hand in automatic.values()] == [False] * 3
    box = [0.25, 0.5, 0.5, 0.375]
    await patch(service, crops={"16:9": box})
    assert await boxes(service) == {**automatic, "16:9": (box, True)}
    by_hand = service.artwork("new")
    assert [old == new for old, new in zip(before.crops, by_hand.crops, strict=True)] == [False, True, True]
    shown = service.services.images / by_hand.crops[0].name(480, "jpeg")
    with Image.open(shown) as image:
        assert image.size == (480, 270)
        assert image.point(lambda level: level // 64).getbbox() is None, "It is the black half."

    await patch(service, focus=[0.1, 0.1], crops={"2:3": None})
    assert (await boxes(service))["16:9"] == (box, True)
    assert service.artwork("new").crops[0] == by_hand.crops[0]
    edits = (await service.http.get("/edits", headers=EDITOR)).json()["edits"]
    nobody = dict.fromkeys(automatic)
    assert edits[1]["after"]["artworks"]["new"] == {"crops": {**nobody, "16:9": box}}
    await patch(service, focus=None, crops=edits[1]["before"]["artworks"]["new"]["crops"])
    assert service.artwork("new").crops == before.crops

    await upload(service, LARGE, artwork="told", crops="16:9 0.25,0.5,0.5,0.375")
    assert service.artwork("told").crops == by_hand.crops
    assert service.artwork("told").recipe == by_hand.recipe
    await upload(service, encoded(a_picture((640, 480))), artwork="told")
    assert service.artwork("told").boxes == {}, "They belong to the file."


@pytest.mark.parametrize(
    ("box", "sentence"),
    [
        ([0.6, 0.5, 0.5, 0.375], "inside the picture"),
        ([0.25, 0.5, 0.5, 0.5], "The crop for 16:9 is 480 × 360 pixels, which is not the shape of 16:9"),
        ([0.25, 0.5, 0.2, 0.15], "192 pixels wide, which is too small; draw it at least 320 pixels wide"),
        ([0.25, 0.5, 0, 0], "inside the picture"),
    ],
)
async def test_a_crop_that_does_not_suit_its_canvas_is_refused(
    service: Service, box: list[float], sentence: str
) -> None:
    await upload(service, LARGE)
    before = service.artwork("new")
    problem = is_problem(await service.http.patch(NEW, json={"crops": {"16:9": box}}, headers=EDITOR), 422)
    assert [each["field"] for each in problem["errors"]] == ["crops.16:9"]
    assert sentence in problem["errors"][0]["reason"]
    assert service.artwork("new") == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"crops": {"4:3": [0, 0, 1, 1]}}, None),
        ({"crops": None}, None),
        ({"focus": [0.5, 1.01]}, "focus.1"),
        ({"focus": [-0.1, 0.5]}, "focus.0"),
        ({"focus": [0.5]}, "focus.1"),
        ({"focus": [0.5, "nan"]}, "focus.1"),
        ({"faces": None}, None),
        ({"faces": [[0.9, 0.1, 0.2, 0.1]]}, "faces.0"),
        ({"faces": [[0.1, 0.1, 0.2, 0.1], [0.1, 0.1, 0, 0.1]]}, "faces.1"),
        ({"faces": [[0.1, 0.1, 0.1]]}, "faces.0.3"),
        ({"focus": "left"}, "focus"),
        ({"faces": [[0.1, 0.1, 0.1, 0.1]] * 65}, "faces"),
    ],
)
async def test_what_is_not_in_the_picture_is_refused_by_name(
    service: Service, body: dict[str, Any], field: str | None
) -> None:
    await upload(service)
    before = service.artwork("new")
    problem = is_problem(await service.http.patch(NEW, json=body, headers=EDITOR), 422)
    if field:
        assert [each["field"] for each in problem["errors"]] == [field]
    assert service.artwork("new") == before


async def test_a_picture_from_before_has_no_original_and_says_how_to_get_one(service: Service) -> None:
    refused = await service.http.patch(f"{PATH}/cupola", json={"focus": [0.1, 0.1], "alt": "New"}, headers=EDITOR)
    problem = is_problem(refused, 409)
    assert "no original of 'cupola'" in problem["detail"]
    assert "upload the picture again with its focus and faces" in problem["detail"]
    assert service.artwork("cupola").alt != "New"
    same = await patch(service, f"{PATH}/cupola", focus=None, faces=[], alt="New")
    assert same["cupola"]["alt"] == "New", "Nothing has to be cropped again."


async def test_a_lost_or_damaged_original_is_refused(service: Service) -> None:
    await upload(service)
    path = service.settings.data / "originals" / service.artwork("new").original
    path.write_bytes(encoded(a_picture(colour="red")))
    refused = await service.http.patch(NEW, json={"focus": [0.1, 0.1]}, headers=EDITOR)
    assert "damaged; upload the picture again" in is_problem(refused, 422)["detail"]
    path.unlink()
    refused = await service.http.patch(NEW, json={"focus": [0.1, 0.1]}, headers=EDITOR)
    assert "The original of 'new' is lost" in is_problem(refused, 409)["detail"]


async def test_of_two_corrections_at_once_one_is_refused(service: Service) -> None:
    await upload(service)
    both = [service.http.patch(NEW, json={"focus": [0.1, y]}, headers=EDITOR) for y in (0.1, 0.9)]
    answers = await asyncio.gather(*both)
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [refused] = [answer for answer in answers if answer.status_code == 409]
    [taken] = [answer for answer in answers if answer.status_code == 200]
    assert "Another edit changed the picture of 'new' meanwhile" in is_problem(refused, 409)["detail"]
    told = {each["id"]: each["focus"] for each in taken.json()["artworks"]}
    assert list(service.artwork("new").focus or ()) == told["new"]


async def test_a_correction_heeds_the_revision_that_it_was_made_for(service: Service) -> None:
    await upload(service)
    tag = f'"{service.title().revision}"'
    for status in (200, 412):
        sent = service.http.patch(NEW, json={"focus": [0.1, status / 500]}, headers={**EDITOR, "If-Match": tag})
        assert (await sent).status_code == status
    assert service.artwork("new").focus == (0.1, 0.4)


@asynccontextmanager
async def meanwhile(
    service: Service, monkeypatch: pytest.MonkeyPatch, method: str, path: str, **body: Any
) -> AsyncIterator[None]:
    """Let another call be answered after a correction was rendered and before it is written."""
    rendered = rendering.Rendering.again

    async def later(self: Any, *given: Any) -> Any:
        picture = await rendered(self, *given)
        answer = await service.http.request(method, path, headers=EDITOR, **body)
        assert answer.status_code in {200, 201, 204}, answer.text
        return picture

    with monkeypatch.context() as patched:
        patched.setattr(rendering.Rendering, "again", later)
        yield


async def test_an_edit_of_other_fields_meanwhile_stays(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    await upload(service)
    async with meanwhile(service, monkeypatch, "PATCH", NEW, json={"alt": "Written meanwhile"}):
        found = (await patch(service, focus=[0.1, 0.1]))["new"]
    assert (found["alt"], found["focus"]) == ("Written meanwhile", [0.1, 0.1])


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PATCH", NEW, {"json": {"consent": {"of": "Ada", "withdrawn": True}}}, 409),
        ("POST", PATH, {"files": {"file": ("new.jpg", encoded(a_picture((640, 480))), "image/jpeg")}}, 409),
        ("DELETE", NEW, {}, 404),
    ],
)
async def test_what_takes_the_original_meanwhile_refuses_the_correction(
    service: Service, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: Any, status: int
) -> None:
    await upload(service)
    async with meanwhile(service, monkeypatch, method, path, **body):
        refused = await service.http.patch(NEW, json={"focus": [0.1, 0.1]}, headers=EDITOR)
    is_problem(refused, status)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("import os, signal; worker.answer = lambda order: os.kill(os.getpid(), signal.SIGKILL)", 422),
        ("worker.answer = lambda order: Answer(disk=28)", 503),
        ("worker.answer = lambda order: Answer(fault='It is odd.')", 422),
    ],
)
async def test_a_correction_that_fails_changes_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch, line: str, status: int
) -> None:
    await upload(service)
    before, files = service.artwork("new"), originals(service)
    pictures = {path.name for path in service.services.images.iterdir()}
    script = (
        f"from assets.rendering import worker; from assets.rendering.messages import Answer; {line}; worker.main()"
    )
    monkeypatch.setattr(workers, "_COMMAND", (sys.executable, "-P", "-c", script))
    is_problem(await service.http.patch(NEW, json={"focus": [0.1, 0.1], "alt": "New"}, headers=EDITOR), status)
    assert service.artwork("new") == before
    assert originals(service) == files
    assert {path.name for path in service.services.images.iterdir()} == pictures


async def test_only_editors_correct(service: Service) -> None:
    await upload(service)
    is_problem(await service.http.patch(NEW, json={"focus": [0.1, 0.1]}), 401)
    is_problem(await service.http.patch(NEW, json={"focus": [0.1, 0.1]}, headers=CLIENT), 403)
