"""`/dashboard`: who sees it, what its stream says, and the page in a browser."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from app.api.access import COOKIE
from app.data_folder import DataFolder
from app.learning.candidate_file import CandidateFile, Kept, State
from app.store.protocol import OVER, Entered, Experiment, LiftChange, LiftKey, Progress
from bandit.learners import new_learner
from bandit.paired_difference import Difference, PairedDifference
from tests.api.service import ADMIN, EDITOR, Catalogue, Service, is_problem, listening, serving
from tests.chromium import IN_CHROMIUM
from tests.evaluation.test_lift_report import an_experiment, entered
from tests.pages.browser import browsing

ADMIN_KEY = "the-admin-key-of-tests"
HOSTILE = '"><img src=x onerror="document.title=1"><script>document.title=2</script>'
LOOKED_AT = "document.dispatchEvent(new Event('visibilitychange'))"
"""Makes the page read the series again, as when somebody comes back to it."""


async def put(service: Service, experiment: Experiment) -> None:
    """Commit an experiment as a trainer does, and let the dashboard read it now."""
    state = service.store.state
    token = await state.lead("test", 60_000)
    assert token is not None
    rows: dict[LiftKey, Entered | None] = {
        (experiment.position, *key): row for key, row in experiment.rows.items()
    }
    counted = (await state.fold_state()).position
    await state.commit(token, Progress(counted, b"", {}, {}, lift=LiftChange([experiment], rows)))
    service.services.group_reporter._due = 0  # noqa: SLF001  the sums of the last four seconds are due now
    await look(service)


def candidate_file(service: Service) -> CandidateFile:
    return CandidateFile(DataFolder(service.services.settings.data).candidate)


async def started(service: Service, why: str) -> int:
    """Start a candidate, let this worker know of it, and return the position of the order."""
    body = {"policy": "logistic,spread=0.3", "by_rule": True, "why": why}
    answer = await service.http.put("/candidate", json=body, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    await service.refresh()
    return int(answer.json()["candidate"]["by"]["position"])


def better_by(value: float) -> PairedDifference:
    """Return a comparison of 5,000 decisions in which the candidate earned so much more."""
    paired = PairedDifference()
    for number in range(5000):
        paired.add(number, Difference(value + (0.1 if number % 2 else -0.1), -1.0, 1.0))
    return paired


def saved(service: Service, order: int, paired: PairedDifference, refused: str) -> Kept:
    """Return a candidate that was saved now, when it had learned the whole log."""
    state = State.first(order, order)._replace(position=order, paired=paired)
    return Kept(order, 0, service.clock.now, state, new_learner().snapshot(), refused)


class Events:
    """The events of an open stream, one after the other."""

    def __init__(self, lines: AsyncIterator[str]):
        self._lines = lines

    async def next(self) -> tuple[str, Any]:
        name = ""
        async for line in self._lines:
            kind, _, value = line.partition(": ")
            if kind == "event":
                name = value
            if kind == "data":
                return name, json.loads(value)
        return "end", None


@asynccontextmanager
async def stream(service: Service, headers: dict[str, str]) -> AsyncIterator[Events]:
    async with (
        listening(service.app) as address,
        httpx2.AsyncClient(base_url=address, timeout=30) as http,
        http.stream("GET", "/dashboard/events", headers=headers) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "no-store" in answer.headers["cache-control"]
        yield Events(answer.aiter_lines())


async def look(service: Service) -> None:
    """Do what a worker does every few seconds."""
    service.clock.now += 5000
    await service.services.watch.look()


async def cookie_of(service: Service) -> dict[str, str]:
    answer = await service.http.post("/session", json={"key": ADMIN_KEY})
    value = answer.cookies[COOKIE]
    service.http.cookies.clear()
    return {"Cookie": f"{COOKIE}={value}"}


async def test_without_a_session_there_is_a_form_and_no_number(service: Service) -> None:
    for headers in ({}, EDITOR, {"Cookie": f"{COOKIE}=invented"}):
        answer = await service.http.get("/dashboard", headers=headers)
        assert answer.status_code == 200
        assert 'id="signing-in"' in answer.text
        assert "answers" not in answer.text
        assert "no-store" in answer.headers["cache-control"]
    assert 'id="answers"' in (await service.http.get("/dashboard", headers=ADMIN)).text


async def test_the_stream_is_for_admins_alone(service: Service) -> None:
    is_problem(await service.http.get("/dashboard/events"), 401)
    is_problem(await service.http.get("/dashboard/events", headers=EDITOR), 403)


async def test_a_link_of_the_command_line_leads_to_the_dashboard(service: Service) -> None:
    path = (await service.http.post("/session/links", headers=ADMIN)).json()["path"]
    answer = await service.http.get(path, follow_redirects=True)
    assert answer.url.path == "/dashboard"
    assert 'id="answers"' in answer.text


async def test_the_stream_begins_with_everything_and_goes_on_with_what_is_new(service: Service) -> None:
    async with stream(service, ADMIN) as events:
        name, board = await events.next()
        assert name == "overview"
        assert board["ready"]
        assert board["leads"]
        assert board["titles"] == len(service.services.live_catalogue)
        assert board["report"]["lift"] is None
        assert [step["done"] for step in board["steps"]][:2] == [True, True]
        await service.get(profile="ada")
        await look(service)
        name, board = await events.next()
        assert name == "news"
        [point] = board["points"]
        assert point["decisions"] == 0.2
        assert point["fallbacks"] == 0


async def test_the_stream_ends_with_its_session(service: Service) -> None:
    headers = await cookie_of(service)
    async with stream(service, headers) as events:
        assert (await events.next())[0] == "overview"
        await service.http.delete("/session", headers={**headers, "Origin": "http://localhost"})
        await look(service)
        assert await events.next() == ("ended", {})
        assert await events.next() == ("end", None)


async def test_the_stream_ends_with_its_worker(service: Service) -> None:
    async with stream(service, ADMIN) as events:
        await events.next()
        service.services.watch.end()
        assert await events.next() == ("end", None)


async def test_a_closed_page_ends_its_stream(service: Service) -> None:
    async with stream(service, ADMIN) as events:
        await events.next()
    others = [task for task in asyncio.all_tasks() if "_events" in repr(task.get_coro())]
    assert others == []


async def test_an_alarm_is_in_the_stream_with_its_remedy(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, trained=False) as service, stream(service, ADMIN) as events:
        _, board = await events.next()
        assert [alarm["name"] for alarm in board["alarms"]] == ["KeyartNotReady", "KeyartNoTrainer"]
        assert not board["ready"]
        assert "a snapshot of the learner" in board["waits_for"]
        assert all(alarm["remedy"] for alarm in board["alarms"])


class TestInABrowser:
    pytestmark = IN_CHROMIUM

    @pytest_asyncio.fixture(loop_scope="session")
    async def address(self, service: Service) -> AsyncIterator[str]:
        async with listening(service.app) as address:
            yield address

    async def test_a_key_signs_in_and_a_wrong_one_is_a_sentence(self, service: Service, address: str) -> None:
        async with browsing(address, refused=True) as page:
            await page.goto("/dashboard")
            await page.get_by_label("Key").fill("not-the-admin-key")
            await page.keyboard.press("Enter")
            await page.get_by_text("is not one of this service's").wait_for()
            await page.get_by_label("Key").fill("the-editor-key-of-tests")
            await page.keyboard.press("Enter")
            await page.get_by_text(
                "This is the editor key, which does not open this page. Use the admin key."
            ).wait_for()
            assert await page.context.cookies() == [], "no session is left of a key that does not open the page"
            await sign_in(page)
            await page.get_by_text("13 titles").or_(page.get_by_text("titles, decisions by")).first.wait_for()

    async def test_a_link_signs_in_and_signing_out_shows_the_form(self, service: Service, address: str) -> None:
        path = (await service.http.post("/session/links", headers=ADMIN)).json()["path"]
        async with browsing(address) as page:
            await page.goto(path)
            await page.get_by_text("Live, as of").wait_for()
            assert page.url == f"{address}/dashboard"
            await page.get_by_role("button", name="Sign out").click()
            await page.get_by_text("You are signed out.").wait_for()
            assert await page.get_by_label("Key").is_visible()

    async def test_a_session_that_ends_elsewhere_ends_the_page(self, service: Service, address: str) -> None:
        async with browsing(address) as page:
            await page.goto("/dashboard")
            await sign_in(page)
            [cookie] = await page.context.cookies()
            headers = {"Cookie": f"{COOKIE}={cookie['value']}", "Origin": "http://localhost"}
            assert (await service.http.delete("/session", headers=headers)).status_code == 204
            await look(service)
            await page.get_by_text("The session is over. Sign in again.").wait_for()

    async def test_new_numbers_appear_without_a_reload(self, service: Service, address: str) -> None:
        async with browsing(address) as page:
            await page.goto("/dashboard")
            await sign_in(page)
            await page.get_by_role("heading", name="What to do next").wait_for()
            choice = await service.get(profile="ada")
            await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
            await service.close_windows()
            service.services.group_reporter._due = 0  # noqa: SLF001  the sums of the last four seconds are due now
            await look(service)
            row = page.get_by_role("row", name="personalized")
            await row.get_by_text("100.0 % (20.7 % to 100.0 %)").wait_for()
            assert not await page.get_by_role("heading", name="What to do next").is_visible()

    async def test_the_lift_is_a_sentence_and_a_picture_and_a_warning_counts_more(
        self, service: Service, address: str
    ) -> None:
        async with browsing(address) as page:
            await page.goto("/dashboard")
            await sign_in(page)
            card = page.locator("#pays")
            await expect(card.locator(".answer")).to_have_text("Not known yet")
            await expect(card.locator(".interval")).to_be_hidden()
            experiment = an_experiment(personalized=5_580, best_single=200)
            await put(service, experiment)
            await expect(card.locator(".answer")).to_have_text("Yes")
            await expect(card).to_contain_text("Keyart pays. 20,000 viewers have ended their first 7 days")
            await expect(card.locator(".interval")).to_contain_text("+100.0 rewards for each 1,000 viewers (+")
            await expect(card).to_contain_text("20,000 viewers counted, 0 still in their first days.")
            experiment.rows[OVER, "best_single"] = entered(800, 200)
            await put(service, experiment)
            await expect(card.locator(".answer")).to_have_text("Not valid")
            await expect(card.locator(".warning")).to_contain_text("Do not trust the lift")

    async def test_a_candidate_is_a_section_as_long_as_there_is_one(self, service: Service, address: str) -> None:
        async with browsing(address) as page:
            await page.goto("/dashboard")
            await sign_in(page)
            section, file = page.locator("#candidate"), candidate_file(service)
            await page.get_by_text("Live, as of").wait_for()
            await expect(section).to_be_hidden()
            order = await started(service, HOSTILE)
            await look(service)
            await expect(section.locator("code")).to_have_text("logistic,spread=0.3")
            await expect(section).to_contain_text(f"by admin (key): {HOSTILE}.")
            await expect(section.locator("#candidate-state .answer")).to_have_text("Starts")
            await expect(section).to_contain_text("Nothing was compared yet.")
            assert await section.locator("img, script").count() == 0

            file.write(saved(service, order, better_by(0.25), refused="Its choices are collapsed."))
            await look(service)
            await expect(section.locator("#candidate-state .answer")).to_have_text("Follows the log")
            await expect(section.locator("#candidate-earns .answer")).to_have_text("Yes")
            await expect(section.locator(".interval")).to_contain_text(
                "+250.0 rewards for each 1,000 decisions (+"
            )
            await expect(section).to_contain_text("The rule did not promote it. Its choices are collapsed.")

            service.clock.now += 400_000
            await service.get(profile="ada")
            service.clock.now += 400_000
            await service.store.state.lead("test", 60_000)
            await look(service)
            await expect(section.locator("#candidate-state .answer")).to_have_text("Is stuck")
            await expect(section.locator(".remedy")).to_contain_text("keyart candidate stop")
            await expect(page.locator("#alarms")).to_contain_text("The candidate logistic,spread=0.3: It is stuck")
            await service.http.delete("/candidate", headers=ADMIN)
            await look(service)
            await expect(section).to_be_hidden()

    async def test_hostile_names_are_text(self, service: Service, address: str) -> None:
        title = service.title()
        artworks = tuple(replace(artwork, name=HOSTILE) for artwork in title.artworks)
        await service.change(replace(title, name=HOSTILE, artworks=artworks))
        await service.refresh()
        async with browsing(address) as page:
            await page.goto("/dashboard")
            await sign_in(page)
            await page.get_by_label("Find a title").fill("onerror")
            await page.get_by_text("1 title.", exact=True).wait_for()
            await page.get_by_role("button", name="<script>").click()
            await page.get_by_role("rowheader", name="<script>").nth(1).wait_for()
            assert await page.locator("#titles img, #titles script").count() == 0
            assert await page.title() == "Dashboard · Keyart"

    async def test_titles_are_found_and_turned_over_by_keyboard(self, service: Service, address: str) -> None:
        title = service.title()
        await service.change(*(replace(title, id=f"copy-{n:03}", name=f"Copy {n:03}") for n in range(60)))
        await service.refresh()
        async with browsing(address) as page:
            await page.goto("/dashboard")
            await sign_in(page)
            await page.get_by_label("Find a title").fill("copy")
            await page.get_by_text("60 titles.").wait_for()
            await page.get_by_role("button", name="Next").focus()
            await page.keyboard.press("Enter")
            await page.get_by_text("Page 2 of 3").wait_for()
            await page.get_by_role("button", name="Copy 025").focus()
            await page.keyboard.press("Enter")
            await page.locator('[aria-expanded="true"]').wait_for()
            focused = "document.activeElement.textContent"
            assert await page.evaluate(focused) == "Copy 025", "the focus stays where it was"
            await expect(page.locator("th.artwork")).to_have_count(len(title.artworks))

    async def test_the_audit_is_made_when_somebody_asks(self, service: Service, address: str) -> None:
        for number in range(120):
            device = "tv" if number % 2 else "phone"
            await service.get(profile=f"viewer {number}", device=device)
        async with browsing(address, refused=True) as page:
            await page.goto("/dashboard")
            await sign_in(page)
            await page.get_by_label("Compare the artworks of one title").fill("countdown")
            await page.get_by_role("button", name="Compare").click()
            await expect(page.locator("#audit-found")).to_contain_text("that chance does not explain, among")
            await expect(page.get_by_role("rowheader", name="device: tv").first).to_be_visible()
            await page.get_by_label("Compare the artworks of one title").fill("nothing")
            await page.keyboard.press("Enter")
            await expect(page.locator("#audit-fault")).to_contain_text("There is no title 'nothing'")
            await expect(page.locator("#audit-found")).to_be_empty()

    async def test_it_survives_a_restart_of_the_service(self, service: Service) -> None:
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(AsyncExitStack())
            address = await first.enter_async_context(listening(service.app))
            page = await stack.enter_async_context(browsing(address, away=True))
            await page.goto("/dashboard")
            await sign_in(page)
            service.services.watch.end()
            await first.aclose()
            await page.get_by_text("the service does not answer. This page tries again.").wait_for()
            service.services.watch.ended = False
            await stack.enter_async_context(listening(service.app, port=int(address.rpartition(":")[2])))
            await page.get_by_text("Live, as of").wait_for()
            await page.close()

    async def test_rewards_over_time_are_a_chart_and_the_same_numbers(
        self, service: Service, address: str
    ) -> None:
        async with browsing(address) as page:
            await page.goto("/dashboard")
            await sign_in(page)
            await page.get_by_text("No showing has been counted yet.").wait_for()
            assert not await page.locator("#chart-reward").is_visible()
            await show(service, {"app-1": [True, False]}, hours=3)
            await page.evaluate(LOOKED_AT)
            legend = page.locator("#chart-reward li")
            await expect(legend).to_contain_text("in 6 showings")
            await page.evaluate("document.querySelector('#chart-reward canvas').dataset.kept = 'yes'")
            await show(service, {"app-1": [True, False]}, hours=1)
            await page.evaluate(LOOKED_AT)
            await expect(legend).to_contain_text("personalized 0.500 (0.215 to 0.785) in 8 showings")
            assert await page.locator("#chart-reward canvas").get_attribute("data-kept") == "yes", (
                "it did not flicker"
            )
            report = (await service.http.get("/report/series", headers=ADMIN)).json()
            assert report["series"][0]["totals"]["exposures"] == 8
            await page.get_by_text("The chart as a table").click()
            cells = page.locator("#reward-numbers tbody td")
            assert await cells.count() == len(report["times"])
            assert await cells.filter(has_text="2 showings").count() == 4
            await page.get_by_role("button", name="90 days").click()
            await page.get_by_text("Each point is a day (UTC)").wait_for()
            assert await cells.count() == 90
            assert await page.get_by_role("button", name="90 days").get_attribute("aria-pressed") == "true"

    async def test_a_release_that_loses_clicks_is_named(self, service: Service, address: str) -> None:
        device = HOSTILE[:64]
        clicks = {"app-1": [True, True, False] * 12, "app-2": [True, False] * 18, "app-3": [False] * 36}
        await show(service, clicks, device=device)
        async with browsing(address) as page:
            await page.goto("/dashboard")
            await sign_in(page)
            lost = f"Release app-3 on {device} has far fewer"
            expected = [re.compile(re.escape(f"{lost} {kind} than")) for kind in ("impressions", "clicks")]
            await expect(page.locator("#lost li")).to_have_text(expected)
            rows = page.locator("#tracking tbody tr")
            await expect(rows).to_have_count(3)
            await expect(rows.filter(has_text="far less feedback").locator(".release")).to_have_text("app-3")
            await expect(rows.filter(has_text="app-1").locator("td").nth(3)).to_have_text("66.7 %")
            assert await page.locator("#spans img, #spans script").count() == 0
            assert (await page.title()).endswith("Dashboard · Keyart"), "an alarm may be counted before it"

    @pytest.mark.parametrize("width", [390, 1280, 1920])
    async def test_nothing_is_wider_than_the_screen(self, service: Service, address: str, width: int) -> None:
        await show(service, {"app-1": [True, False]})
        async with browsing(address, width=width) as page:
            await page.goto("/dashboard")
            await sign_in(page)
            await page.locator("#titles tbody tr").first.wait_for()
            await page.locator("#chart-reward canvas").wait_for()
            assert await page.evaluate("document.documentElement.scrollWidth") == width


async def show(
    service: Service, releases: dict[str, list[bool]], *, hours: int = 1, device: str = "phone"
) -> None:
    """Let one viewer for each item see a picture each hour, and click if the item says so."""
    for _ in range(hours):
        for release, clicks in releases.items():
            for number, clicked in enumerate(clicks):
                asked = {
                    "profile": f"{release}-{number}",
                    "titles": ["countdown"],
                    "device": device,
                    "release": release,
                }
                answer = await service.http.post("/artwork", json={**asked, "deferred": False}, headers=ADMIN)
                if clicked:
                    [choice] = answer.json()["choices"]
                    await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
        await service.close_windows()
        service.clock.now += 3_600_000


async def sign_in(page: Page) -> None:
    await page.get_by_label("Key").fill(ADMIN_KEY)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_text("Live, as of").wait_for()
