"""`/desk`, the editors' desk, in a browser: everything goes through the API that everybody has."""

import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from playwright.async_api import FilePayload, Locator, Page, Route, expect
from starlette.types import ASGIApp, Receive, Scope, Send

from assets.catalogue import Title
from tests.api.service import ADMIN, CLIENT, EDITOR, Catalogue, Service, listening, serving
from tests.assets.builders import a_picture, encoded
from tests.chromium import IN_CHROMIUM
from tests.pages.browser import browsing

pytestmark = IN_CHROMIUM

expect.set_options(timeout=60_000)
HOSTILE = "<img src=x onerror=\"document.title='run'\">'\"&lt;/script><script>document.title='run'</script>"
DROP = """([zone, name, type, content]) => {
    const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name, {type}));
    const options = {bubbles: true, cancelable: true, dataTransfer};
    const target = document.querySelector(zone);
    for (const kind of ['dragover', 'drop']) target.dispatchEvent(new DragEvent(kind, options));
}"""


def key_of(headers: dict[str, str]) -> str:
    return headers["Authorization"].removeprefix("Bearer ")


async def sign_in(page: Page, headers: dict[str, str] = EDITOR) -> None:
    await page.get_by_label("Key").fill(key_of(headers))
    await page.get_by_role("button", name="Sign in").click()


@asynccontextmanager
async def editing(
    folder: Path, catalogue: Catalogue, path: str = "/desk?title=countdown", **settings: Any
) -> AsyncIterator[tuple[Service, Page]]:
    """Yield a service and a page of its desk on which an editor is signed in."""
    async with (
        serving(folder, catalogue, **settings) as service,
        listening(service.app) as address,
        browsing(address, refused=True) as page,
    ):
        await page.goto(path)
        await sign_in(page)
        await expect(page.locator("#content")).to_be_visible()
        yield service, page


def re_of(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text))


def card(page: Page, artwork: str) -> Locator:
    return page.locator(".artwork").filter(has=page.locator(f"header code:text-is('{artwork}')"))


async def drop(page: Page, name: str, content: bytes, kind: str = "image/jpeg") -> None:
    await page.evaluate(DROP, ["#drop", name, kind, base64.b64encode(content).decode()])


async def edits(service: Service) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.http.get("/edits", headers=EDITOR)).json()["edits"]
    return found


async def test_only_the_editors_and_the_admin_key_open_the_desk(tmp_path: Path, catalogue: Catalogue) -> None:
    async with (
        serving(tmp_path, catalogue) as service,
        listening(service.app) as address,
        browsing(address, refused=True) as page,
    ):
        await page.goto("/desk")
        await sign_in(page, {"Authorization": "Bearer a-key-that-is-not-one-of-these"})
        await expect(page.locator("#signing-in [role=alert]")).to_contain_text("is not one of this service's")
        await sign_in(page, CLIENT)
        await expect(page.locator("#signing-in [role=alert]")).to_contain_text("client key, which does not open")
        await expect(page.locator("#content")).to_be_hidden()
        await sign_in(page, ADMIN)
        await expect(page.get_by_role("link", name="Countdown")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("link", name="Countdown")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_label("Key")).to_be_visible()


async def test_titles_are_found_by_words_and_page_by_page(tmp_path: Path, catalogue: Catalogue) -> None:
    async with editing(tmp_path, catalogue, "/desk") as (service, page):
        await service.change(*(Title(f"film-{number:03}", f"The film no. {number}") for number in range(100)))
        await service.refresh()
        await page.reload()
        await expect(page.locator("#count")).to_have_text("Titles 1 to 48 of 103, by id")
        await page.get_by_role("link", name="Titles after").click()
        await expect(page.locator("#count")).to_have_text("Titles 49 to 96 of 103, by id")
        await page.get_by_label("Search").fill("NO. film 42")
        await page.keyboard.press("Enter")
        await expect(page.locator(".title .id")).to_have_text(["film-042"])
        await page.get_by_label("Search").fill("nothing like this")
        await page.keyboard.press("Enter")
        await expect(page.locator("#count")).to_have_text("No title matches “nothing like this”.")
        await page.go_back()
        await page.get_by_role("link", name="The film no. 42").click()
        await expect(page.locator("h1#name")).to_have_text("The film no. 42")


async def test_a_title_can_be_made_but_not_over_another(tmp_path: Path, catalogue: Catalogue) -> None:
    async with editing(tmp_path, catalogue, "/desk") as (service, page):
        form = page.locator("#new")
        await form.get_by_label("Name").fill("Again")
        await form.get_by_label("Id").fill("countdown")
        await form.get_by_role("button").click()
        await expect(form.get_by_text("There is a title with this id")).to_be_visible()
        await form.get_by_label("Id").fill("My Film")
        await form.get_by_role("button").click()
        await expect(form.get_by_text("It should be 1 to 64 of a-z")).to_be_visible()
        await form.get_by_label("Id").fill("my-film")
        await form.get_by_role("button").click()
        await expect(page.locator("h1#name")).to_have_text("Again")
        assert service.title("my-film").name == "Again"
        assert service.title("countdown").name == "Countdown"


async def test_a_dropped_picture_is_added_and_another_file_refused_with_its_sentence(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with editing(tmp_path, catalogue) as (service, page):
        await drop(page, "Night pad.jpg", encoded(a_picture((640, 360), "purple")))
        row = page.locator("#uploads li").filter(has_text="Night pad.jpg")
        await expect(row).to_contain_text("It is added: night-pad.")
        await expect(row.locator(".warnings li").first).to_contain_text("It looks blurred")
        added = card(page, "night-pad")
        await expect(added.locator(".crops img")).to_have_count(3)
        await expect(added.get_by_label("Alt text")).to_be_visible()
        await drop(page, HOSTILE, b"no picture", "image/png")
        refused = page.locator("#uploads > li").nth(1)
        await expect(refused.locator("[role=alert]")).to_contain_text("not")
        await expect(refused.locator("strong")).to_have_text(HOSTILE)
        assert [each.id for each in service.title().artworks][-1] == "night-pad"
        assert await page.title() == "Countdown · Keyart"


async def test_a_file_can_be_replaced_and_keeps_its_edits(tmp_path: Path, catalogue: Catalogue) -> None:
    async with editing(tmp_path, catalogue) as (service, page):
        before = service.artwork("cupola")
        picture: FilePayload = {
            "name": "x.jpg",
            "mimeType": "image/jpeg",
            "buffer": encoded(a_picture((640, 360), "purple")),
        }
        await card(page, "cupola").locator("input[type=file]").set_input_files(picture)
        await expect(page.locator("#uploads")).to_contain_text("It is replaced: cupola.")
        after = service.artwork("cupola")
        assert after.source != before.source
        assert after.alt == before.alt
        await expect(page.locator("#history > li").first).to_contain_text("Upload the picture again.")


async def test_a_description_is_edited_in_place_and_each_refusal_stands_beside_its_field(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with editing(tmp_path, catalogue) as (service, page):
        cupola = card(page, "cupola")
        await cupola.get_by_text("Description and rights").click()
        await cupola.get_by_label("Tags", exact=True).fill("space, Deep Space")
        await cupola.get_by_label("Languages").fill("de, pt-BR, nonsense!")
        await cupola.get_by_label("Age rating").fill("99")
        await cupola.get_by_role("button", name="Save").click()
        for label, sentence in {
            "Tags": "It should be 1 to 64 of a-z",
            "Languages": "It should be a language tag",
            "Age rating": "less than or equal to 21",
        }.items():
            field = cupola.get_by_label(label, exact=True)
            await expect(field).to_have_attribute("aria-invalid", "true")
            await expect(field).to_have_accessible_description(re_of(sentence))
        await expect(cupola.get_by_label("Tags", exact=True)).to_be_focused()
        assert service.artwork("cupola").tags == ("cupola",)
        await cupola.get_by_label("Tags", exact=True).fill("space, deep-space")
        await cupola.get_by_label("Languages").fill("de, pt-BR")
        await cupola.get_by_label("Age rating").fill("16")
        await cupola.get_by_label("Alt text").fill("The Earth through seven windows")
        await cupola.get_by_label("Shown until").fill("2031-05-06T07:08")
        await cupola.get_by_label("Made").select_option("rendered")
        await cupola.get_by_label("The picture needs a consent").check()
        await cupola.get_by_label("Person who consents").fill("Ada Lovelace")
        await cupola.get_by_label("Consent until").fill("2030-01-01T00:00")
        await cupola.get_by_role("button", name="Save").click()
        await expect(page.locator("#said")).to_have_text("Cupola is saved.")
        found = service.artwork("cupola")
        assert (found.tags, found.locales, found.maturity) == (("space", "deep-space"), ("de", "pt-BR"), 16)
        assert (found.alt, found.valid_until) == ("The Earth through seven windows", 1_935_817_680)
        consent = found.provenance.consent
        assert (found.provenance.made, consent and consent.of) == ("rendered", "Ada Lovelace")
        assert (found.valid_from, consent and consent.until) == (None, 1_893_456_000)
        assert len(await edits(service)) == 1
        await cupola.get_by_label("The picture needs a consent").uncheck()
        await cupola.get_by_role("button", name="Save").click()
        await expect(page.locator("#history > li")).to_have_count(2)
        assert service.artwork("cupola").provenance.consent is None


async def test_a_correction_of_the_crops_is_undone_from_the_history(tmp_path: Path, catalogue: Catalogue) -> None:
    async with editing(tmp_path, catalogue) as (service, page):
        files = {"file": ("new.jpg", encoded(a_picture((640, 480), "purple")), "image/jpeg")}
        await service.http.post("/titles/countdown/artworks", files=files, headers=EDITOR)
        before = service.artwork("new").crops
        await service.http.patch("/titles/countdown/artworks/new", json={"focus": [0.5, 0.95]}, headers=EDITOR)
        assert service.artwork("new").crops != before
        await page.reload()
        await page.locator("#history > li").first.get_by_role("button", name="Undo").click()
        await expect(page.locator("#said")).to_contain_text("The edit is undone")
        assert service.artwork("new").focus is None
        assert service.artwork("new").crops == before


async def test_a_consent_without_a_person_is_refused_beside_the_person(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with editing(tmp_path, catalogue) as (_, page):
        cupola = card(page, "cupola")
        await cupola.get_by_text("Description and rights").click()
        await cupola.get_by_label("The picture needs a consent").check()
        await cupola.get_by_role("button", name="Save").click()
        await expect(cupola.get_by_label("Person who consents")).to_have_accessible_description(re_of("required"))


async def test_a_paused_or_withdrawn_picture_is_chosen_no_more_and_comes_back(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with editing(tmp_path, catalogue, "/desk?title=cosmos-laundromat") as (service, page):
        hill = card(page, "lonely-hill")
        await hill.get_by_role("button", name="Pause").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#said")).to_contain_text("Lonely hill is paused")
        await expect(hill.get_by_role("button", name="Show again")).to_be_focused()  # “Pause” is gone
        answer = await service.http.get("/artwork", params={"title": "cosmos-laundromat"})
        assert answer.status_code == 404
        await hill.get_by_role("button", name="Withdraw").click()
        await expect(hill.get_by_text("only its placeholder is seen here")).to_be_visible()
        assert service.artwork("lonely-hill", "cosmos-laundromat").status == "withdrawn"
        await hill.get_by_role("button", name="Show again").click()
        await expect(page.locator("#said")).to_contain_text("Lonely hill may be shown again")
        await expect(hill.locator(".badges")).to_have_text("default")
        assert (await service.get("cosmos-laundromat"))["artwork"] == "lonely-hill"


async def test_a_pinned_picture_is_everybodys_until_the_pin_is_removed(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with editing(tmp_path, catalogue) as (service, page):
        ignition = card(page, "ignition")
        await ignition.get_by_text("Pin", exact=True).click()
        await ignition.get_by_label("Country").fill("Nowhere")
        await ignition.get_by_label("Until", exact=True).fill("2001-01-01T00:00")
        await ignition.get_by_role("button", name="Pin this picture").click()
        await expect(ignition.get_by_label("Country")).to_have_accessible_description(re_of("two letters"))
        await ignition.get_by_label("Country").fill("de")
        await ignition.get_by_role("button", name="Pin this picture").click()
        await expect(ignition.get_by_label("Until", exact=True)).to_have_accessible_description(
            re_of("in the past")
        )
        await ignition.get_by_label("Until", exact=True).fill("2098-01-01T00:00")
        await ignition.get_by_role("button", name="Pin this picture").click()
        pin = ignition.get_by_text("Pinned for all placements in DE, until 2098-01-01 00:00 UTC.")
        await expect(pin).to_be_visible()
        assert {(await service.get(profile=f"viewer-{n}", country="DE"))["artwork"] for n in range(20)} == {
            "ignition"
        }
        await ignition.get_by_role("button", name="Remove the pin").click()
        await expect(pin).to_have_count(0)
        assert service.title().pins == ()


async def test_an_edit_is_undone_and_the_undo_is_in_the_log(tmp_path: Path, catalogue: Catalogue) -> None:
    async with editing(tmp_path, catalogue) as (service, page):
        pin = {"artwork": "ignition", "country": "DE"}
        for method, path, body in [
            ("PATCH", "/titles/countdown/artworks/cupola", {"alt": "First", "consent": {"of": "Ada"}}),
            ("PUT", "/titles/countdown", {"name": "Down", "genres": ["drama"], "default": "ignition"}),
            ("PUT", "/titles/countdown/pin", pin),
        ]:
            assert (await service.http.request(method, path, json=body, headers=ADMIN)).is_success
        before = replace(service.title(), pins=())
        await page.reload()
        rows = page.locator("#history > li")
        await expect(rows).to_have_count(3)
        await expect(rows.first).to_contain_text("The admin, key pinned a picture")
        for number in range(3):
            await rows.nth(2 * number).get_by_role("button", name="Undo").click()
            await expect(rows).to_have_count(4 + number)
        now = service.title()
        assert (now.pins, now.name, now.genres, now.default) == ((), "Countdown", (), "cupola")
        assert now.artworks == catalogue.titles["countdown"].artworks != before.artworks
        assert [each["role"] for each in await edits(service)] == ["editor"] * 3 + ["admin"] * 3
        await rows.nth(2).get_by_role("button", name="Undo").click()  # of an undo: the pin is there again
        await expect(rows).to_have_count(7)
        [again] = service.title().pins
        assert (again.artwork, again.country) == ("ignition", "DE")


async def test_an_undo_that_would_overwrite_a_later_edit_asks_first(tmp_path: Path, catalogue: Catalogue) -> None:
    async with editing(tmp_path, catalogue) as (service, page):
        path = "/titles/countdown/artworks/cupola"
        for alt in ("First", "Second"):
            await service.http.patch(path, json={"alt": alt}, headers=ADMIN)
        await page.reload()
        await expect(page.locator("#history > li")).to_have_count(2)
        first = page.locator("#history > li").nth(1)
        await service.http.patch(path, json={"alt": "Third"}, headers=EDITOR)  # the page does not show it yet
        await first.get_by_role("button", name="Undo", exact=True).click()
        await expect(first.get_by_role("alert")).to_contain_text("The editor, key changed Cupola, alt text again")
        assert service.artwork("cupola").alt == "Third"
        await first.get_by_role("button", name="Undo anyway").click()
        await expect(page.locator("#said")).to_contain_text("The edit is undone")
        assert service.artwork("cupola").alt == "A half navy picture"


async def test_nothing_that_was_typed_runs_as_script(tmp_path: Path, catalogue: Catalogue) -> None:
    async with editing(tmp_path, catalogue, "/desk") as (service, page):
        cupola, *others = service.title().artworks
        bad = replace(
            cupola,
            name=HOSTILE,
            alt=HOSTILE,
            provenance=replace(cupola.provenance, creator=HOSTILE, licence=HOSTILE),
        )
        title = replace(
            service.title(), name=HOSTILE, names={"de": HOSTILE}, synopsis=HOSTILE, artworks=(bad, *others)
        )
        await service.change(title)
        await service.refresh()
        await service.http.patch("/titles/countdown/artworks/cupola", json={"alt": HOSTILE + "2"}, headers=ADMIN)
        await page.goto(f"/desk?title=countdown&x={HOSTILE}#{HOSTILE}")
        await expect(page.locator("h1#name")).to_have_text(HOSTILE)
        await expect(card(page, "cupola").locator("h3")).to_have_text(HOSTILE)
        await expect(card(page, "cupola").locator(".alt")).to_have_text(f"“{HOSTILE}2”")
        await expect(page.locator("#history del").first).to_have_text(HOSTILE)
        await expect(page).to_have_title(f"{HOSTILE} · Keyart")
        await page.goto("/desk")
        await expect(page.locator(".title .name").filter(has_text="onerror")).to_have_text(HOSTILE)
        await expect(page).to_have_title("Titles · Keyart")
        await page.goto(f"/desk?search={HOSTILE}")
        await expect(page.locator(".title")).to_have_count(1)
        await page.goto(f"/desk?title={HOSTILE}")
        await expect(page.locator("#fault")).to_contain_text("title: It should be 1 to 64 of a-z")


async def test_a_session_that_ends_loses_nothing_that_was_typed(tmp_path: Path, catalogue: Catalogue) -> None:
    async with editing(tmp_path, catalogue) as (service, page):
        cupola = card(page, "cupola")
        await cupola.get_by_text("Description and rights").click()
        await cupola.get_by_label("Creator").fill("NASA")
        await page.evaluate("fetch('session', {method: 'DELETE'})")
        await cupola.get_by_role("button", name="Save").click()
        await expect(page.locator("#signing-in [role=alert]")).to_contain_text("No key was sent")
        await sign_in(page)
        await expect(page.locator("#said")).to_have_text("Cupola is saved.")
        assert service.artwork("cupola").provenance.creator == "NASA"


async def test_rates_are_shown_with_their_intervals_and_shares(tmp_path: Path, catalogue: Catalogue) -> None:
    async with editing(tmp_path, catalogue) as (service, page):
        await expect(page.locator("#rates-note")).to_contain_text("Nobody saw a picture of this title yet.")
        shown = [await service.get(profile=f"viewer-{number}") for number in range(10)]
        clicked = shown[0]["decision_id"]
        assert (await service.http.post("/clicks", json={"decision_id": clicked})).is_success
        await service.close_windows()
        report = (await service.http.get("/report", params={"title": "countdown"}, headers=EDITOR)).json()
        assert list(report["titles"]) == ["countdown"]
        rates = report["titles"]["countdown"]["artworks"][shown[0]["artwork"]]
        await page.reload()
        cells = page.locator(f"#rates tr[data-artwork='{shown[0]['artwork']}'] td")
        await expect(cells.first).to_have_text(str(rates["exposures"]))
        low, high = (f"{100 * each:.1f}".removesuffix(".0") for each in rates["interval"])
        await expect(cells.nth(2)).to_have_text(f" {low} % to {high} %")
        await expect(cells.nth(4)).to_have_text(f"{10 * rates['exposures']} %")


async def test_an_undo_never_overwrites_what_another_editor_changes_meanwhile(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    """The other edits arrive after the page has looked, and before its undo does."""
    async with editing(tmp_path, catalogue) as (service, page):
        path = "/titles/countdown/artworks/cupola"
        others: list[dict[str, Any]] = []

        async def after_others(route: Route) -> None:
            if route.request.method == "PATCH" and others:
                assert (await service.http.patch(path, json=others.pop(0), headers=ADMIN)).is_success
            await route.continue_()

        await service.http.patch(path, json={"alt": "First"}, headers=EDITOR)
        await page.reload()
        await page.route(f"**{path}", after_others)
        undo = page.locator("#history > li").first.get_by_role("button", name="Undo", exact=True)
        others[:] = [{"alt": "Of another editor"}]
        await undo.click()
        row = page.locator("#history > li").first
        await expect(row.get_by_role("alert")).to_contain_text("The admin, key changed Cupola, alt text again")
        assert service.artwork("cupola").alt == "Of another editor"
        others[:] = [{"alt": "And again"}]
        async with page.expect_response(lambda answer: answer.status == 412):
            await row.get_by_role("button", name="Undo anyway").click()
        await expect(row.get_by_role("alert")).to_contain_text("Undo would overwrite that.")
        await expect(row.get_by_role("button", name="Undo anyway")).to_be_focused()
        assert service.artwork("cupola").alt == "And again"
        others[:] = [{"name": "Another field"}]
        await row.get_by_role("button", name="Undo anyway").click()
        await expect(page.locator("#said")).to_contain_text("The edit is undone")
        assert service.artwork("cupola").alt == catalogue.titles["countdown"].artworks[0].alt
        assert service.artwork("cupola").name == "Another field"
        assert others == []


async def test_shares_over_time_are_a_chart_and_the_same_numbers(tmp_path: Path, catalogue: Catalogue) -> None:
    async with editing(tmp_path, catalogue) as (service, page):
        await expect(page.locator("#shares-note")).to_contain_text("There are no shares by day yet.")
        await expect(page.locator("#shares")).to_be_hidden()
        for _ in range(2):
            for number in range(5):
                await service.get(profile=f"viewer-{number}")
            await service.get()
            await service.close_windows()
            service.clock.now += 86_400_000
        await page.reload()
        await sign_in(page)  # the session is over after twelve hours
        await expect(page.locator("#shares-chart canvas")).to_be_visible()
        query = {"title": "countdown", "days": "90"}
        report = (await service.http.get("/report/shares", params=query, headers=EDITOR)).json()
        shown = {each["artwork"]: each["groups"].get("personalized") for each in report["artworks"]}
        most = max(sum(shares["exposures"]) for shares in shown.values() if shares)
        await expect(page.locator("#shares-legend li").first).to_contain_text(f"shown {most} times")
        await page.get_by_text("The chart as a table").click()
        rows = page.locator("#shares-table tbody tr")
        await expect(rows).to_have_count(2)
        await expect(rows.first.locator("td").first).to_contain_text("of 5")
        await page.get_by_label("Group").select_option("Logged out")
        await expect(rows.first.locator("td").first).to_contain_text("of 1")


async def test_who_gets_which_picture_is_shown_without_single_persons(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with editing(tmp_path, catalogue) as (service, page):
        note = page.locator("#probabilities-note")
        await expect(note).to_contain_text("No profile has asked for a picture of late.")
        for number in range(6):
            await service.get(profile=f"viewer-{number}", device="tv", country="DE")
        for number in range(5):
            await service.get(profile=f"other-{number}", device=HOSTILE[:64])
        await service.get(profile="jane", device="janes-own")
        service.services.probability_reporter._kept.clear()  # noqa: SLF001  ten seconds later
        await page.reload()
        await expect(note).to_contain_text("mean over 12 viewers")
        answer = (await service.http.get("/titles/countdown/probabilities", headers=EDITOR)).json()
        everyone = page.get_by_role("row", name="Everyone 12")
        ids = sorted(answer["all"], key=lambda artwork: -answer["all"][artwork])
        cells = [f"{round(100 * answer['all'][artwork], 1):g} %" for artwork in ids]
        await expect(everyone.locator("td.chance")).to_have_text(cells)
        device = page.locator("#probabilities tbody[data-by='Device']")
        await expect(device.locator("th[scope=row]")).to_have_text(["tv", "others"])
        await expect(device.locator("tr").nth(2).locator("td").first).to_have_text("6")
        await expect(page.locator("#probabilities img, #probabilities script")).to_have_count(0)
        await card(page, "cupola").get_by_role("button", name="Pause").click()
        await expect(page.locator("#probabilities thead th").last).to_have_text("Cupola")
        await expect(everyone.locator("td.chance").last).to_have_text("0 %")


class Below:
    """A proxy that serves an application below a path."""

    def __init__(self, app: ASGIApp, path: str):
        self._app, self._path = app, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["path"].startswith(self._path + "/"), f"{scope['path']} is not below {self._path}."
        path = scope["path"].removeprefix(self._path)
        await self._app({**scope, "path": path, "raw_path": path.encode()}, receive, send)


async def test_it_works_below_the_path_of_a_proxy(tmp_path: Path, catalogue: Catalogue) -> None:
    async with (
        serving(tmp_path, catalogue) as service,
        listening(Below(service.app, "/some/keyart")) as address,
        browsing(address, refused=True) as page,
    ):
        await page.goto("/some/keyart/desk")
        await sign_in(page)
        await page.get_by_role("link", name="Countdown").click()
        await card(page, "cupola").get_by_role("button", name="Pause").click()
        await expect(page.locator("#said")).to_contain_text("Cupola is paused")
        pictures = page.locator(".crops img")
        await expect(pictures).to_have_count(12)
        await pictures.first.evaluate("(each) => each.decode()")
