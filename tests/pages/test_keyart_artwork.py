"""`<keyart-artwork>` on a website with a strict policy, with the service on another origin."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Route

from app.pages.keyart_js import SCRIPT
from app.records import Kind, Spot, decode_decision, decode_feedback
from tests.api.service import Catalogue, Service, listening, serving
from tests.assets.builders import a_picture, encoded
from tests.chromium import IN_CHROMIUM
from tests.pages.site import Site, a_site, kinds, recorded

pytestmark = IN_CHROMIUM

POLICY = (
    "default-src 'none'; script-src {service} 'self'; img-src {service} 'self' data:; connect-src {service}; "
    "style-src 'self'; require-trusted-types-for 'script'"
)
PAGE = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>A site</title>
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<link rel="stylesheet" href="site.css"><link rel="icon" href="own.webp">
<script type="module" src="{{service}}/keyart.js"></script>
<script src="watch.js"></script>
{{body}}</html>"""
OTHER = '<!doctype html><title>Other</title><link rel="icon" href="own.webp">Another page'
STYLE = """keyart-artwork { display: block; width: 300px; aspect-ratio: 16 / 9; margin: 10px }
.below { margin-top: 3000px }"""
WATCH = """window.shift = 0;
window.told = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({type: 'layout-shift', buffered: true});
for (const type of ['keyart-choice', 'keyart-default']) {
  addEventListener(type, (event) => window.told.push([event.target.id, type, event.detail]));
}
addEventListener('pageshow', (event) => { window.persisted = event.persisted; });"""
OWN = '<img src="own.webp" alt="Our own">'
ONE = f'<keyart-artwork id="one" for-title="countdown" profile="ada">{OWN}</keyart-artwork>'
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
VIEWED = """(selector) => new Promise((done) => new IntersectionObserver(
    () => done(), {threshold: 0.5}).observe(document.querySelector(selector)))"""
PRIVATE = "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true});"


def site_of(
    folder: Path, service: str, body: str = ONE, *, script: str = "", has_complaints: bool = False
) -> AbstractAsyncContextManager[Site]:
    page = PAGE.replace("{service}", service).replace("{body}", body)
    own = encoded(a_picture((320, 180), "gold"), "WEBP")
    files = {"index.html": page, "other.html": OTHER, "site.css": STYLE, "watch.js": WATCH}
    return a_site(folder, {**files, "own.webp": own}, script=script, has_complaints=has_complaints)


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Service]:
    async with serving(tmp_path / "data", catalogue, cors_origins="*") as each:
        yield each


@pytest_asyncio.fixture(loop_scope="session")
async def address(service: Service) -> AsyncIterator[str]:
    async with listening(service.app) as each:
        yield each


class TestThePicture:
    async def test_it_is_shown_sharp_described_and_without_a_shift(
        self, service: Service, address: str, tmp_path: Path
    ) -> None:
        async with site_of(tmp_path / "site", address) as site:
            await site.open()
            await site.shows("#one")
            image = site.page.locator("#one img[part=image]")
            artwork = (await service.get(profile="ada"))["artwork"]
            assert await image.get_attribute("alt") == service.artwork(artwork).alt
            assert (await image.evaluate("(image) => image.currentSrc")).startswith(f"{address}/images/")
            assert (await image.evaluate("(image) => image.currentSrc")).endswith("-320.avif")
            assert await image.evaluate("(image) => [image.offsetWidth, image.offsetHeight]") == [300, 169]
            assert "data:image/webp" in await image.evaluate("(image) => image.parentNode.style.backgroundImage")
            assert await site.page.evaluate("window.shift") == 0
            assert not await site.page.locator("#one > img").is_visible()
            assert await site.page.evaluate("document.querySelector('#one').choice.artwork") == artwork

    async def test_attributes_say_of_which_kind(self, address: str, tmp_path: Path) -> None:
        body = (
            '<keyart-artwork id="one" for-title="countdown" canvas="2:3" placement="hero" device="tv" '
            'country="DE" language="de" maturity="18" width="640" alt="Mine" sizes="50vw" '
            'loading="eager"></keyart-artwork>'
        )
        async with site_of(tmp_path / "site", address, body) as site:
            async with site.page.expect_response("**/artwork") as answer:
                await site.open()
            assert (await (await answer.value).json())["ignored"] == []
            await site.shows("#one")
            [asked] = site.asked()
            del asked["timezone"]
            named = {"canvas": "2:3", "placement": "hero", "device": "tv", "country": "DE", "language": "de"}
            spots: dict[str, object] = {"countdown": {}}
            assert asked == named | {"maturity": "18", "width": "640", "titles": ["countdown"], "spots": spots}
            image = site.page.locator("#one img")
            assert await image.evaluate("(image) => [image.alt, image.sizes, image.loading]") == [
                *("Mine", "50vw", "eager")
            ]
            assert await image.evaluate("(image) => image.width / image.height") == pytest.approx(16 / 9, abs=0.01)

    async def test_hostile_texts_stay_texts(self, service: Service, address: str, tmp_path: Path) -> None:
        hostile = '"><img src=x onerror="window.ran = 1"><script>window.ran = 1</script>\');window.ran=1;//'
        await service.change_artwork("lonely-hill", "cosmos-laundromat", alt=hostile)
        await service.refresh()
        async with site_of(tmp_path / "site", address, "<main></main>") as site:
            await site.open()
            script = """(hostile) => {
                for (const title of ['cosmos-laundromat', hostile, '__proto__', 'constructor']) {
                    const element = document.createElement('keyart-artwork');
                    element.setAttribute('for-title', title);
                    for (const name of ['profile', 'placement', 'canvas', 'country', 'language', 'sizes']) {
                        element.setAttribute(name, hostile);
                    }
                    document.querySelector('main').append(element);
                }
            }"""
            await site.page.evaluate(script, hostile)
            await site.shows("keyart-artwork")
            for other in (2, 3, 4):
                await site.shows(f"keyart-artwork:nth-child({other})", "default")
            assert await site.page.locator("keyart-artwork img").first.get_attribute("alt") == hostile
            assert await site.page.evaluate("window.ran") is None


class TestAsking:
    async def test_all_elements_of_a_page_are_one_call(self, address: str, tmp_path: Path) -> None:
        titles = ["countdown", "big-buck-bunny", "cosmos-laundromat", "countdown"]
        body = "".join(
            f'<keyart-artwork id="a{i}" for-title="{t}"></keyart-artwork>' for i, t in enumerate(titles)
        )
        async with site_of(tmp_path / "site", address, body) as site:
            await site.open()
            for index in range(4):
                await site.shows(f"#a{index}")
            assert [page["titles"] for page in site.asked()] == [titles[:3]]

    async def test_later_elements_of_a_frame_share_a_call_and_viewers_do_not(
        self, address: str, tmp_path: Path
    ) -> None:
        async with site_of(tmp_path / "site", address, "<main></main>") as site:
            await site.open()
            await site.page.evaluate("customElements.whenDefined('keyart-artwork')")
            script = """() => requestAnimationFrame(() => {
                const add = (profile, title) => {
                    const element = document.createElement('keyart-artwork');
                    Object.assign(element, {id: `${profile}-${title}`});
                    element.setAttribute('for-title', title);
                    element.setAttribute('profile', profile);
                    document.querySelector('main').append(element);
                };
                add('ada', 'countdown');
                queueMicrotask(() => add('ada', 'big-buck-bunny'));
                Promise.resolve().then(() => Promise.resolve()).then(() => add('bob', 'countdown'));
            })"""
            await site.page.evaluate(script)
            for id_ in ("ada-countdown", "ada-big-buck-bunny", "bob-countdown"):
                await site.shows(f"#{id_}")
            asked = [(page["profile"], page["titles"]) for page in site.asked()]
            assert sorted(asked) == [("ada", ["countdown", "big-buck-bunny"]), ("bob", ["countdown"])]

    async def test_more_titles_than_a_call_may_name_are_several_calls(self, address: str, tmp_path: Path) -> None:
        names = ["countdown", *(f"title-{number}" for number in range(249))]
        body = "".join(f'<keyart-artwork for-title="{name}"></keyart-artwork>' for name in names)
        async with site_of(tmp_path / "site", address, body) as site:
            await site.open()
            await site.shows("keyart-artwork")
            await site.shows("keyart-artwork:last-of-type", "default")
            assert sorted(len(page["titles"]) for page in site.asked()) == [50, 200]

    async def test_a_change_asks_again_and_a_move_does_not(self, address: str, tmp_path: Path) -> None:
        async with site_of(tmp_path / "site", address, f"{ONE}<main></main>") as site:
            await site.open()
            await site.shows("#one")
            await site.page.evaluate("document.querySelector('main').append(document.querySelector('#one'))")
            await site.page.evaluate(FRAMES)
            assert len(site.asked()) == 1
            for name, value in (("for-title", "big-buck-bunny"), ("profile", "bob")):
                async with site.page.expect_response("**/artwork"):
                    await site.page.evaluate(
                        "([name, value]) => document.querySelector('#one').setAttribute(name, value)",
                        [name, value],
                    )
                await site.shows("#one")
            assert [(page["profile"], *page["titles"]) for page in site.asked()] == [
                *(("ada", "countdown"), ("ada", "big-buck-bunny"), ("bob", "big-buck-bunny"))
            ]
            assert await site.page.evaluate("document.querySelector('#one').choice.title") == "big-buck-bunny"

    async def test_an_answer_that_comes_too_late_for_another_title_is_not_shown(
        self, address: str, tmp_path: Path
    ) -> None:
        held, arrived = asyncio.Event(), asyncio.Event()

        async def hold_the_first(route: Route) -> None:
            if "countdown" in (route.request.post_data or ""):
                arrived.set()
                await held.wait()
            await route.continue_()

        async with site_of(tmp_path / "site", address) as site:
            await site.page.route("**/artwork", hold_the_first)
            await site.open()
            await arrived.wait()
            await site.page.evaluate("document.querySelector('#one').setAttribute('for-title', 'big-buck-bunny')")
            await site.shows("#one")
            held.set()
            await site.page.wait_for_load_state("networkidle")
            assert await site.page.evaluate("document.querySelector('#one').choice.title") == "big-buck-bunny"
            assert [told[2]["title"] for told in await site.page.evaluate("window.told")] == ["big-buck-bunny"]


class TestWithoutAnAnswer:
    async def test_a_service_that_is_down_leaves_the_pages_own_picture(self, tmp_path: Path) -> None:
        nobody = "http://127.0.0.1:9"
        async with site_of(tmp_path / "site", nobody, has_complaints=True) as site:
            await site.open()
            assert await site.page.locator("#one > img").is_visible()  # the script did not load either
            page = (tmp_path / "site" / "index.html").read_text().replace(f"{nobody}/keyart.js", "keyart.js")
            (tmp_path / "site" / "own.html").write_text(page.replace('id="one"', f'id="one" src="{nobody}"'))
            (tmp_path / "site" / "keyart.js").write_text(SCRIPT.read_text())
            await site.open("own.html")
            await site.shows("#one", "default")
            assert await site.page.locator("#one > img").is_visible()
            [[_, kind, detail]] = await site.page.evaluate("window.told")
            assert kind == "keyart-default"
            assert nobody in detail["reason"]

    async def test_a_slow_service_leaves_the_pages_own_picture(self, address: str, tmp_path: Path) -> None:
        async with site_of(tmp_path / "site", address, has_complaints=True) as site:
            await site.page.route("**/artwork", lambda route: None)
            await site.open()
            await site.shows("#one", "default")
            assert await site.page.locator("#one > img").is_visible()
            await site.page.unroute("**/artwork")
            await site.page.evaluate("document.querySelector('#one').refresh()")
            await site.shows("#one")
            assert not await site.page.locator("#one > img").is_visible()

    @pytest.mark.parametrize("answer", ["", "null", "[]", '{"choices": null}', '{"choices": [{}]}', "<html>"])
    async def test_no_answer_breaks_the_page(self, address: str, tmp_path: Path, answer: str) -> None:
        async with site_of(tmp_path / "site", address) as site:
            await site.page.route(
                "**/artwork",
                lambda route: route.fulfill(body=answer, headers={"Access-Control-Allow-Origin": "*"}),
            )
            await site.open()
            await site.shows("#one", "default")

    async def test_a_picture_that_does_not_load_gives_way_to_the_pages_own(
        self, address: str, tmp_path: Path
    ) -> None:
        async with site_of(tmp_path / "site", address, has_complaints=True) as site:
            await site.page.route("**/images/**", lambda route: route.fulfill(status=410))
            await site.open()
            await site.shows("#one", "default")
            assert await site.page.locator("#one > img").is_visible()

    async def test_an_element_without_a_title_says_so(self, address: str, tmp_path: Path) -> None:
        body = '<keyart-artwork id="none"></keyart-artwork><keyart-artwork id="one" for-title="countdown">'
        async with site_of(tmp_path / "site", address, body) as site:
            await site.open()
            await site.shows("#one")
            told = {id_: detail for id_, _, detail in await site.page.evaluate("window.told")}
            assert "for-title" in told["none"]["reason"]


class TestFeedback:
    async def test_what_was_seen_is_reported_in_one_call_and_what_is_below_the_fold_is_not(
        self, service: Service, address: str, tmp_path: Path
    ) -> None:
        body = (
            f'{ONE}<keyart-artwork id="two" for-title="big-buck-bunny" profile="ada"></keyart-artwork>'
            '<keyart-artwork class="below" for-title="cosmos-laundromat" profile="ada"></keyart-artwork>'
        )
        async with site_of(tmp_path / "site", address, body) as site:
            await site.open()
            await recorded(service, [Kind.IMPRESSION] * 2)
            assert [len(items) for items in site.reported("impressions")] == [2]
            await site.page.locator(".below").scroll_into_view_if_needed()
            await recorded(service, [Kind.IMPRESSION] * 3)

    async def test_a_picture_counts_as_seen_after_a_second_and_a_page_that_is_left_reports_it(
        self, service: Service, address: str, tmp_path: Path
    ) -> None:
        async with site_of(tmp_path / "site", address) as site:
            await site.page.clock.install(time="2026-01-01")
            await site.page.clock.pause_at("2026-01-02")
            await site.open()
            await site.page.clock.run_for(100)
            await site.shows("#one")
            await site.page.evaluate(VIEWED, "#one")
            await site.page.evaluate("scrollTo(0, 1)")
            await site.page.clock.run_for(900)
            await site.open("other.html")
            assert site.reported("impressions") == []
            await site.open()
            await site.page.clock.run_for(100)
            await site.shows("#one")
            await site.page.evaluate(VIEWED, "#one")
            await site.page.clock.run_for(1100)
            assert site.reported("impressions") == []  # it waits for others
            await site.open("other.html")
            await recorded(service, [Kind.IMPRESSION])

    async def test_an_impression_that_had_no_network_says_how_long_ago_it_was(
        self, service: Service, address: str, tmp_path: Path
    ) -> None:
        async with site_of(tmp_path / "site", address, has_complaints=True) as site:
            await site.page.clock.install(time="2026-01-01")
            await site.page.clock.pause_at("2026-01-02")
            await site.open()
            await site.page.clock.run_for(100)
            await site.shows("#one")
            await site.page.evaluate(VIEWED, "#one")
            await site.page.route("**/impressions", lambda route: route.abort("internetdisconnected"))
            async with site.page.expect_event("requestfailed"):
                await site.page.clock.run_for(2000)
            await site.page.unroute("**/impressions")
            await site.page.evaluate(
                f"fetch('{address}/healthz').then(() => null)"
            )  # the other call has failed before
            await site.page.clock.run_for(20_000)
            service.clock.now += 30_000
            await site.open("other.html")
            await recorded(service, [Kind.IMPRESSION])
            assert 0 < site.reported("impressions")[0][0]["seconds_ago"] < 5
            [late] = [decode_feedback(body) for kind, body in await service.records() if kind == Kind.IMPRESSION]
            assert 20_000 <= late.ago <= 22_000

    @pytest.mark.parametrize("act", ["click", "Enter", "middle"])
    async def test_a_click_on_the_link_around_it_arrives_although_the_page_is_left(
        self, service: Service, address: str, tmp_path: Path, act: str
    ) -> None:
        body = f'<a href="other.html">{ONE}</a><button>Else</button>'
        async with site_of(tmp_path / "site", address, body) as site:
            await site.open()
            await site.shows("#one")
            await site.page.get_by_role("button", name="Else").click()
            if act == "Enter":
                await site.page.locator("a").press("Enter")
            else:
                await site.page.locator("#one").click(button="middle" if act == "middle" else "left")
            await recorded_clicks(service, 1)

    async def test_a_page_reports_clicks_beside_a_picture_and_plays_itself(
        self, service: Service, address: str, tmp_path: Path
    ) -> None:
        async with site_of(tmp_path / "site", address) as site:
            await site.open()
            await site.shows("#one")
            await site.page.evaluate("document.querySelector('#one').clicked()")
            await site.page.evaluate("document.querySelector('#one').played(42)")
            await recorded_clicks(service, 1)
            assert site.reported("plays")[0][0]["seconds"] == 42

    async def test_decision_and_feedback_have_the_spot(
        self, service: Service, address: str, tmp_path: Path
    ) -> None:
        body = ONE.replace("id=", 'release="site-7" page="home" row="new" column="2" id=')
        async with site_of(tmp_path / "site", address, body) as site:
            await site.open()
            await site.shows("#one")
            await recorded(service, [Kind.IMPRESSION])
            await site.page.locator("#one").click()
            await recorded(service, [Kind.IMPRESSION, Kind.CLICK])
            logged = {Kind(kind): body for kind, body in await service.records() if body}
            spot = Spot("site-7", "home", "new", 2)
            assert decode_decision(logged[Kind.DEFERRED]).spot == spot
            assert decode_feedback(logged[Kind.IMPRESSION]).spot == spot
            assert decode_feedback(logged[Kind.CLICK]).spot == spot

    async def test_a_page_that_comes_back_asks_and_reports_anew(
        self, service: Service, address: str, tmp_path: Path
    ) -> None:
        async with site_of(tmp_path / "site", address) as site:
            await site.open()
            await site.shows("#one")
            await recorded(service, [Kind.IMPRESSION])
            await site.page.evaluate("window.mark = 'kept'")
            await site.open("other.html")
            service.clock.now += service.settings.window_ms + 1
            async with site.page.expect_response("**/artwork"):
                await site.page.go_back(wait_until="commit")
            assert await site.page.evaluate("[window.persisted, window.mark]") == [True, "kept"]
            await site.shows("#one")
            await recorded(service, [Kind.IMPRESSION] * 2)

    async def test_a_fallback_is_shown_and_nothing_is_reported_of_it(
        self, tmp_path: Path, catalogue: Catalogue
    ) -> None:
        async with (
            serving(tmp_path / "data", catalogue, cors_origins="*", trained=False) as service,
            listening(service.app) as address,
            site_of(tmp_path / "site", address) as site,
        ):
            await site.open()
            await site.shows("#one")
            await site.page.locator("#one").click()
            await site.open("other.html")
            assert site.reported("clicks") == site.reported("impressions") == []


class TestGlobalPrivacyControl:
    BODY = (
        '<keyart-artwork id="quiet" for-title="countdown" profile="ada" gpc="anonymous"></keyart-artwork>'
        '<keyart-artwork id="loud" for-title="countdown" profile="bob"></keyart-artwork>'
    )

    async def test_where_the_site_asks_for_it_nobody_is_named_and_nothing_reported(
        self, service: Service, address: str, tmp_path: Path
    ) -> None:
        async with site_of(tmp_path / "site", address, self.BODY, script=PRIVATE) as site:
            await site.open()
            await site.shows("#quiet")
            await site.shows("#loud")
            assert sorted(page.get("profile", "") for page in site.asked()) == ["", "bob"]
            await site.page.locator("#quiet").click()
            await site.page.evaluate("document.querySelector('#quiet').played(5)")
            await site.page.locator("#loud").click()
            await recorded(service, [Kind.IMPRESSION, Kind.CLICK])
            loud = await site.page.evaluate("document.querySelector('#loud').choice.decision_id")
            sent = [*site.reported("impressions"), *site.reported("clicks"), *site.reported("plays")]
            assert [item["decision_id"] for items in sent for item in items] == [loud, loud]

    async def test_without_the_signal_the_attribute_does_nothing(self, address: str, tmp_path: Path) -> None:
        async with site_of(tmp_path / "site", address, self.BODY) as site:
            await site.open()
            await site.shows("#quiet")
            assert sorted(page["profile"] for page in site.asked()) == ["ada", "bob"]


async def recorded_clicks(service: Service, number: int) -> None:
    async with asyncio.timeout(60):
        while (await kinds(service)).count(Kind.CLICK) != number:  # noqa: ASYNC110  it is the browser that acts
            await asyncio.sleep(0.05)
