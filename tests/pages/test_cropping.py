"""Focus and faces, corrected on the editors' desk: by mouse, by keyboard, and refused."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Locator, Page, Route, expect

from assets.catalogue import Artwork
from tests.api.service import EDITOR, Catalogue, Service
from tests.assets.builders import encoded
from tests.chromium import IN_CHROMIUM
from tests.pages.test_desk import HOSTILE, card, editing, sign_in

pytestmark = IN_CHROMIUM

PATH = "/titles/countdown/artworks"
UPRIGHT = Image.linear_gradient("L")
JPEG = encoded(Image.merge("RGB", (UPRIGHT, UPRIGHT.rotate(90), UPRIGHT)).resize((640, 480)))
"""It looks different at every place, so that no two different crops have the same file."""
FACES = ((0.1, 0.2, 0.2, 0.3), (0.6, 0.2, 0.2, 0.3))


@asynccontextmanager
async def cropping(
    folder: Path, catalogue: Catalogue, **fields: Any
) -> AsyncIterator[tuple[Service, Page, Locator]]:
    """Yield the opened form of a picture `new` whose original is kept, with these fields."""
    async with editing(folder, catalogue) as (service, page):
        files = {"file": ("new.jpg", JPEG, "image/jpeg")}
        added = await service.http.post(PATH, files=files, headers=EDITOR)
        assert added.is_success, added.text
        if fields:
            await patch(service, **fields)
        await page.reload()
        yield service, page, await opened(page)


async def opened(page: Page, artwork: str = "new") -> Locator:
    form = card(page, artwork).locator("details.cropping")
    await form.locator("summary").click()
    return form


async def patch(service: Service, artwork: str = "new", **fields: Any) -> Artwork:
    answer = await service.http.patch(f"{PATH}/{artwork}", json=fields, headers=EDITOR)
    assert answer.is_success, answer.text
    return service.artwork(artwork)


async def sources(page: Page, artwork: str = "new") -> list[str]:
    """Return the addresses of the crops that the card shows."""
    found: list[str] = (
        await card(page, artwork).locator(".crops img").evaluate_all("all => all.map(each => each.src)")
    )
    return found


async def drag(page: Page, form: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Move the pressed mouse between two places of the picture, which are shares of its width and height."""
    picture = form.locator(".stage svg")
    await picture.scroll_into_view_if_needed()
    box = await picture.bounding_box()
    assert box
    (x, y), (right, bottom) = [
        (box["x"] + a * box["width"], box["y"] + b * box["height"]) for a, b in (start, end)
    ]
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move((x + right) / 2, (y + bottom) / 2)
    await page.mouse.move(right, bottom)
    await page.mouse.up()


async def save(form: Locator) -> None:
    await form.get_by_role("button", name="Save and crop again").click()


async def test_a_click_and_a_drag_are_saved_and_all_crops_follow(tmp_path: Path, catalogue: Catalogue) -> None:
    async with cropping(tmp_path, catalogue, focus=[0.9, 0.1]) as (service, page, form):
        await expect(form.locator(".stage canvas")).to_have_attribute("width", "640")
        before = await sources(page)
        await drag(page, form, (0.1, 0.9), (0.1, 0.9))
        await expect(form.locator(".state")).to_contain_text("The focus is")
        await drag(page, form, (0.2, 0.95), (0.05, 0.75))
        await expect(form.locator(".stage .face")).to_have_count(1)
        await save(form)
        await expect(page.locator("#said")).to_have_text("New has new crops.")
        after = service.artwork("new")
        assert after.focus == pytest.approx((0.1, 0.9), abs=0.02)
        assert [pytest.approx(each, abs=0.02) for each in after.faces] == [(0.05, 0.75, 0.15, 0.2)]
        now = await sources(page)
        assert len(now) == len(before) == 3
        assert set(now).isdisjoint(before)
        title = (await service.http.get("/titles/countdown", headers=EDITOR)).json()
        [listed] = [each for each in title["artworks"] if each["id"] == "new"]
        names = {crop["url"].split("/")[-1] for crop in listed["crops"].values()}
        assert {address.split("/")[-1] for address in now} == names
        for image in await card(page, "new").locator(".crops img").all():
            await image.scroll_into_view_if_needed()
            await image.evaluate("each => each.decode()")
        await expect(page.locator("#history > li").first).to_contain_text("changed a picture")
        await save(form)
        await expect(form.locator(".state")).to_contain_text("There is nothing to save.")


async def test_the_keyboard_alone_does_all_of_it(tmp_path: Path, catalogue: Catalogue) -> None:
    async with cropping(tmp_path, catalogue, focus=[0.3, 0.3], faces=FACES) as (service, page, form):
        await form.locator("summary").focus()
        await expect(form.get_by_label("the mouse sets")).to_be_visible()
        await page.keyboard.press("Tab")
        await expect(form.get_by_label("the mouse sets")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(form.get_by_label("Every crop keeps a point")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Tab")
        await page.keyboard.type("80")
        for _ in range(5):
            await page.keyboard.press("Tab")
        await expect(form.get_by_role("button", name="Remove face 1")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(form.locator(".state")).to_have_text("Face 1 is removed.")
        await expect(form.get_by_role("button", name="Remove face 1")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(form.get_by_role("button", name="Add a face")).to_be_focused()
        await page.keyboard.press("Space")
        await expect(form.get_by_role("group", name="Face 2").get_by_label("Left")).to_be_focused()
        for number in ("10", "11", "12", "13.5"):
            await page.keyboard.type(number)
            await page.keyboard.press("Tab")
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("#said")).to_have_text("New has new crops.")
        assert service.artwork("new").focus == (0.32, 0.8)
        assert service.artwork("new").faces == (FACES[1], (0.1, 0.11, 0.12, 0.135))


async def test_a_crop_is_moved_and_resized_by_the_mouse_and_the_history_undoes_it(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with cropping(tmp_path, catalogue, focus=[0.5, 0.5]) as (service, page, form):
        before = service.artwork("new")
        await form.get_by_label("the mouse sets").select_option("1:1")
        await expect(form.locator(".stage .corner")).to_have_count(4)
        left, _, wide, _ = before.crops[2].box or ()
        await drag(page, form, (left + wide - 0.005, 0.99), (left + 0.6, 0.9))
        by_hand = form.get_by_role("group", name="Crop for 1:1")
        await expect(by_hand.get_by_label("Set by hand")).to_be_checked()
        await drag(page, form, (left + 0.3, 0.4), (0, 0.6))
        await expect(form.locator(".state")).to_contain_text("The crop for 1:1 is set by hand")
        await save(form)
        await expect(page.locator("#said")).to_have_text("New has new crops.")
        after = service.artwork("new")
        assert after.focus == (0.5, 0.5), "The mouse set nothing else."
        x, y, width, height = after.boxes["1:1"]
        assert (width * 640, width) == pytest.approx((height * 480, 0.675), abs=0.02)
        assert x == 0
        assert y + height == pytest.approx(1, abs=0.001)
        assert after.crops[:2] == before.crops[:2]
        assert after.crops[2].digest != before.crops[2].digest

        edit = page.locator("#history > li").first
        await expect(edit).to_contain_text("crops set by hand: 16:9: nothing; 2:3: nothing; 1:1: nothing → ")
        await edit.get_by_role("button", name="Undo").click()
        await expect(by_hand.get_by_label("Set by hand")).not_to_be_checked()
        assert service.artwork("new").crops == before.crops


async def test_a_crop_is_set_by_keys_alone_and_a_wrong_one_is_refused_beside_its_fields(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with cropping(tmp_path, catalogue) as (service, page, form):
        by_hand = form.get_by_role("group", name="Crop for 16:9")
        await by_hand.get_by_label("Set by hand").focus()
        await page.keyboard.press("Space")
        await expect(by_hand.get_by_label("Width")).to_have_value("100")
        for number in ("20", "30", "40"):
            await page.keyboard.press("Tab")
            await page.keyboard.type(number)
        await page.keyboard.press("Enter")
        await expect(by_hand.locator(".bad")).to_contain_text("256 pixels wide, which is too small")
        await expect(by_hand.get_by_label("Left")).to_be_focused()
        await by_hand.get_by_label("Width").press("ControlOrMeta+a")
        await page.keyboard.type("90")
        await page.keyboard.press("Enter")
        await expect(by_hand.locator(".bad")).to_contain_text("This box is not inside the picture.")
        await by_hand.get_by_label("Width").press("ControlOrMeta+a")
        await page.keyboard.type("50")
        await page.keyboard.press("Enter")
        await expect(page.locator("#said")).to_have_text("New has new crops.")
        assert service.artwork("new").boxes == {"16:9": (0.2, 0.3, 0.5, 0.375)}
        await by_hand.get_by_label("Set by hand").press("Space")
        await save(form)
        await expect(form.locator(".state")).to_have_text("")
        assert service.artwork("new").boxes == {}


async def test_no_focus_and_no_faces_can_be_said(tmp_path: Path, catalogue: Catalogue) -> None:
    async with cropping(tmp_path, catalogue, focus=[0.3, 0.3], faces=FACES[:1]) as (service, page, form):
        await form.get_by_role("button", name="Remove face 1").click()
        await expect(form.get_by_text("The picture has no faces.")).to_be_visible()
        await expect(form.get_by_role("button", name="Add a face")).to_be_focused()
        await form.get_by_label("Every crop keeps a point").uncheck()
        await form.get_by_role("button", name="Discard the changes").click()
        await expect(form.locator(".stage .face")).to_have_count(1)
        await expect(form.get_by_role("group", name="Focus").get_by_label("Top")).to_have_value("30")
        await form.get_by_role("button", name="Remove face 1").click()
        await form.get_by_label("Every crop keeps a point").uncheck()
        await save(form)
        await expect(page.locator("#said")).to_have_text("New has new crops.")
        assert (service.artwork("new").focus, service.artwork("new").faces) == (None, ())


async def test_only_what_changed_is_sent_and_a_second_click_sends_nothing_more(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with cropping(tmp_path, catalogue, focus=[1 / 3, 0.3], faces=FACES[:1]) as (service, page, form):
        sent: list[Any] = []

        async def slowly(route: Route) -> None:
            sent.append(json.loads(route.request.post_data or ""))
            await form.get_by_role("button", name="Save and crop again").click(force=True)
            await expect(form.locator("progress")).to_be_visible()
            await expect(form.locator(".state")).to_contain_text("The service makes the crops again that move.")
            await route.continue_()

        await page.route(f"**{PATH}/new", slowly)
        await form.get_by_role("group", name="Face 1").get_by_label("Left").fill("15")
        await save(form)
        await expect(page.locator("#said")).to_have_text("New has new crops.")
        await expect(form.locator("progress")).to_be_hidden()
        assert sent == [{"faces": [[0.15, *FACES[0][1:]]]}]
        assert service.artwork("new").focus == (1 / 3, 0.3)


async def test_a_box_outside_the_picture_is_refused_beside_its_fields(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with cropping(tmp_path, catalogue, faces=FACES) as (service, _, form):
        second = form.get_by_role("group", name="Face 2")
        await second.get_by_label("Left").fill("90")
        await save(form)
        await expect(second.locator(".bad")).to_contain_text("This box is not inside the picture.")
        await expect(second.get_by_label("Left")).to_be_focused()
        await expect(second.get_by_label("Width")).to_have_accessible_description(
            await second.locator(".bad").inner_text()
        )
        await expect(form.locator(".general")).to_contain_text("Not saved")
        await second.get_by_label("Left").fill("")
        await save(form)
        await expect(second.locator(".bad")).to_have_text("Write a number from 0 to 100.")
        await expect(second.locator("[aria-invalid]")).to_have_count(1)
        await form.get_by_label("Every crop keeps a point").check()
        await form.get_by_role("group", name="Focus").get_by_label("Top").fill("101")
        await save(form)
        await expect(form.locator("[data-field=focus] .bad")).to_have_text("Write a number from 0 to 100.")
        assert service.artwork("new").faces == FACES
        await form.get_by_role("button", name="Discard the changes").click()
        await expect(form.locator("[aria-invalid]")).to_have_count(0)
        await expect(second.get_by_label("Left")).to_have_value("60")


async def test_a_correction_of_an_older_revision_is_refused_until_the_editor_has_seen_the_new_one(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with cropping(tmp_path, catalogue) as (service, page, form):
        before = await sources(page)
        await form.get_by_label("Every crop keeps a point").check()
        await patch(service, focus=[0.1, 0.95])
        await save(form)
        await expect(form.locator(".general")).to_contain_text("somebody changed the title since it was read.")
        await expect(form.locator(".general")).to_contain_text("save again to crop as you drew it")
        await expect(form.get_by_role("group", name="Focus").get_by_label("Top")).to_have_value("50")
        assert await sources(page) != before, "The card shows the crops of the other edit."
        assert service.artwork("new").focus == (0.1, 0.95)
        await save(form)
        await expect(page.locator("#said")).to_have_text("New has new crops.")
        assert service.artwork("new").focus == (0.5, 0.5)


async def test_an_edit_of_another_field_by_another_does_not_refuse_a_correction(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with cropping(tmp_path, catalogue) as (service, page, form):
        await form.get_by_label("Every crop keeps a point").check()
        await patch(service, alt="Written elsewhere")
        await save(form)
        await expect(page.locator("#said")).to_have_text("New has new crops.")
        found = service.artwork("new")
        assert (found.focus, found.alt) == ((0.5, 0.5), "Written elsewhere")


async def test_an_edit_of_another_field_on_this_page_keeps_what_is_drawn(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with cropping(tmp_path, catalogue) as (service, page, form):
        await form.get_by_role("button", name="Add a face").click()
        await card(page, "new").get_by_role("button", name="Pause").click()
        await expect(page.locator("#said")).to_contain_text("New is paused")
        await expect(form.locator(".stage .face")).to_have_count(1)
        await save(form)
        await expect(page.locator("#said")).to_have_text("New has new crops.")
        assert service.artwork("new").faces == ((0.4, 0.3, 0.2, 0.3),)


async def test_a_picture_without_its_original_says_what_to_do_and_then_can_be_corrected(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with editing(tmp_path, catalogue) as (service, page):
        form = await opened(page, "cupola")
        await expect(form.locator(".no-original")).to_contain_text(
            "Upload the picture again with “Replace the file”"
        )
        await expect(form.locator(".cropping-form")).to_be_hidden()
        again = {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": JPEG}
        await card(page, "cupola").locator("input[type=file]").set_input_files(again)  # type: ignore[arg-type]
        await expect(page.locator("#uploads")).to_contain_text("It is replaced: cupola.")
        await expect(form.locator(".stage canvas")).to_have_attribute("width", "640")
        await form.get_by_role("button", name="Add a face").click()
        await save(form)
        await expect(page.locator("#said")).to_have_text("Cupola has new crops.")
        assert len(service.artwork("cupola").faces) == 1


async def test_an_original_that_is_lost_is_said(tmp_path: Path, catalogue: Catalogue) -> None:
    async with editing(tmp_path, catalogue) as (service, page):
        await service.http.post(PATH, files={"file": ("new.jpg", JPEG, "image/jpeg")}, headers=EDITOR)
        for path in (service.settings.data / "originals").iterdir():
            path.unlink()
        await page.reload()
        form = await opened(page)
        await expect(form.locator(".loading")).to_contain_text("upload the picture again")
        await form.get_by_role("button", name="Add a face").click()
        await save(form)
        await expect(form.locator(".general")).to_contain_text("is lost; upload the picture again")


async def test_a_service_that_keeps_no_originals_names_the_setting(tmp_path: Path, catalogue: Catalogue) -> None:
    async with editing(tmp_path, catalogue, originals="off") as (_, page):
        form = await opened(page, "cupola")
        await expect(form.locator(".no-original")).to_contain_text("KEYART_ORIGINALS is off")


async def test_a_session_that_ends_loses_no_box(tmp_path: Path, catalogue: Catalogue) -> None:
    async with cropping(tmp_path, catalogue) as (service, page, form):
        await form.get_by_role("button", name="Add a face").click()
        await page.evaluate("fetch('session', {method: 'DELETE'})")
        await save(form)
        await expect(page.locator("#signing-in [role=alert]")).to_contain_text("No key was sent")
        await sign_in(page)
        await expect(page.locator("#said")).to_have_text("New has new crops.")
        assert len(service.artwork("new").faces) == 1


async def test_a_hostile_name_stays_text(tmp_path: Path, catalogue: Catalogue) -> None:
    async with cropping(tmp_path, catalogue, name=HOSTILE) as (_, page, form):
        picture = form.get_by_role("img")
        await expect(picture).to_have_attribute(
            "aria-label", f"The whole picture {HOSTILE}, with its focus and faces"
        )
        await form.get_by_role("button", name="Add a face").click()
        await save(form)
        await expect(page.locator("#said")).to_have_text(f"{HOSTILE} has new crops.")
        await expect(page).to_have_title("Countdown · Keyart")
