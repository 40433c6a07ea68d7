"""What programs look at for nobody counts as nothing shown, and teaches nothing."""

import json
from importlib.resources import files
from typing import Any

import pytest

from app.records import Kind
from app.viewers.bots import Bots
from tests.api.service import ADMIN, CLIENT, Catalogue, Service, serving

BOTS = [
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "WhatsApp/2.23.20.0 A",
    "Twitterbot/1.0",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "Mozilla/5.0 (compatible; AnythingNew/0.1; +https://example.org/why)",
    "UptimeRobot/2.0",
    "baiduspider",
    "some-crawler",
]
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
PEOPLE = [
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {CHROME}",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148 [FBAN/FBIOS;FBAV/500.0;FBDV/iPhone17,1]",
    f"Mozilla/5.0 (Linux; Android 16; Pixel 10 Build/CP1A.260305.018; wv) {CHROME} MetaIAB Facebook",
    f"Mozilla/5.0 (Linux; Android 8.0.0; CUBOT_P20) {CHROME}",
    f"Mozilla/5.0 (Linux; Android 12; moto g(50) 5G Build/S1RSS32.38-20-9-13; wv) {CHROME}",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (SMART-TV; LINUX; Tizen 9.0) AppleWebKit/537.36 Version/9.0 TV Safari/537.36",
    "Roku/DVP-14.0 (14.0.0.4000-46)",
    "KeyartTV/3.1 (Android 14; sdk 34)",
    "",
]
"""Telephones of Cubot, browsers inside apps, and a browser under a test's control among them."""
LIBRARIES = [
    "curl/8.5.0",
    "Wget/1.24.5",
    "python-requests/2.32.3",
    "python-httpx/0.28.1",
    "Python-urllib/3.12",
    "Python/3.12 aiohttp/3.11.0",
    "okhttp/5.0.0",
    "Go-http-client/2.0",
    "axios/1.8.0",
    "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
    "undici",
    "got (https://github.com/sindresorhus/got)",
    "PHP-Curl-Class/9.19.0 (+https://github.com/php-curl-class/php-curl-class) PHP/8.3.0",
    "GuzzleHttp/7",
    "Apache-HttpClient/5.4 (Java/21)",
    "Dart/3.6 (dart:io)",
]


@pytest.mark.parametrize("agent", BOTS)
def test_a_bot_that_says_so_is_one(agent: str) -> None:
    assert Bots().declared(agent.encode())


@pytest.mark.parametrize("agent", [*PEOPLE, *LIBRARIES])
def test_nothing_else_is_a_bot(agent: str) -> None:
    assert not Bots().declared(agent.encode())


def test_most_bots_that_a_well_kept_list_knows_are_known() -> None:
    """It lists who fetches pictures of pages: previews, search engines, and what trains models."""
    listed = json.loads((files("crawleruseragents") / "crawler-user-agents.json").read_text())
    bots = Bots()
    for kind, least in (("social-preview", 0.9), ("search-engine", 0.9), ("ai-crawler", 0.85)):
        agents = [agent for each in listed if kind in each["tags"] for agent in each["instances"]]
        known = sum(bots.declared(agent.encode(errors="replace")) for agent in agents)
        assert known / len(agents) > least, kind


def test_words_can_be_added() -> None:
    own = Bots(["HeadlessChrome", "our.probe"])
    assert own.declared(b"Mozilla/5.0 headlesschrome/142")
    assert own.declared(b"curl/8 our.probe")
    assert not own.declared(b"our probe")
    assert own.declared(b"Googlebot/2.1")


def test_of_a_long_agent_the_beginning_is_read() -> None:
    assert Bots().declared(b"Googlebot " + b"x" * 100_000)
    assert not Bots().declared(b"x" * 100_000 + b" Googlebot")


# ---------------------------------------------------------------- what becomes of it


async def record(service: Service, headers: dict[str, str], **query: Any) -> Any:
    choice = await service.get(headers=headers, **query)
    return (await service.http.get(f"/decisions/{choice['decision_id']}", headers=ADMIN)).json()


async def report(service: Service) -> Any:
    await service.close_windows()
    return (await service.http.get("/report", headers=ADMIN)).json()


def exposures(found: Any) -> dict[str, int]:
    return {name: group["exposures"] for name, group in found["groups"].items() if group["exposures"]}


async def counted(service: Service) -> float:
    text = (await service.http.get("/metrics")).text
    start = 'keyart_decisions_total{group="bot",outcome="drawn"}'
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(start))


@pytest.mark.parametrize("lane", [True, False])
async def test_what_a_bot_fetches_is_no_showing(tmp_path: Any, catalogue: Catalogue, lane: bool) -> None:
    async with serving(tmp_path, catalogue, lane=lane) as service:
        before, weights = await counted(service), service.services.model.learner.weights().copy()
        for _ in range(20):
            await service.get(headers={"User-Agent": BOTS[0]})
        page = {"titles": ["countdown"], "deferred": False}
        await service.http.post("/artwork", json=page, headers={"User-Agent": BOTS[1]})
        found = await report(service)
        assert exposures(found) == {}
        assert found["titles"] == {}
        assert (service.services.model.learner.weights() == weights).all()
        assert await counted(service) == before + 21


async def test_a_bot_has_no_name_no_group_and_no_hold(service: Service) -> None:
    first = await service.get(profile="ada", headers={"User-Agent": BOTS[0]})
    assert (first["group"], first["held"]) == (None, False)
    found = await record(service, {"User-Agent": BOTS[0]}, profile="ada", device="tv", deferred="false")
    assert (found["bot"], found["deferred"], found["profile"], found["group"]) == (True, True, None, None)
    assert found["attributes"]["device"] == "tv"
    assert not (await service.get(profile="ada"))["held"]


async def test_a_bot_with_a_profile_keeps_to_its_limit(service: Service) -> None:
    await service.change_artwork("lonely-hill", "cosmos-laundromat", maturity=16)
    await service.refresh()
    await service.http.put("/profiles?profile=kim", json={"attributes": {"maturity": 6}}, headers=CLIENT)
    query = {"title": "cosmos-laundromat", "profile": "kim"}
    assert (await service.http.get("/artwork", params=query, headers={"User-Agent": BOTS[0]})).status_code == 404


async def test_what_a_bot_reports_is_counted_apart_and_teaches_nothing(service: Service) -> None:
    weights = service.services.model.learner.weights().copy()
    for number in range(3):
        choice = await service.get(headers={"User-Agent": BOTS[1]})
        what = "/clicks" if number else "/impressions"
        await service.http.post(what, json={"decision_id": choice["decision_id"]})
    await service.get(profile="ada", headers={"User-Agent": PEOPLE[0]})
    before = (await report(service))["titles"]["countdown"]
    found = await report(service)
    assert exposures(found) == {"bot": 3, "personalized": 1}
    assert found["groups"]["bot"]["clicks"] == 2
    assert (before["exposures"], before["clicks"]) == (1, 0)
    assert sum(each["exposures"] for each in before["artworks"].values()) == 1
    tallies = await service.services.best_single._of("countdown")  # noqa: SLF001  what best_single goes by
    assert sum(tally.exposures for tally in tallies.values()) == 1
    assert (service.services.model.learner.weights() != weights).any()  # of the person's


@pytest.mark.parametrize("agent", ["curl/8.5.0", "Go-http-client/2.0", *PEOPLE[:2]])
async def test_who_is_no_bot_counts(service: Service, agent: str) -> None:
    await service.get(profile="ada", headers={"User-Agent": agent})
    assert sum(exposures(await report(service)).values()) == 1


@pytest.mark.parametrize("key", [ADMIN, CLIENT])
async def test_who_has_a_key_is_no_bot(service: Service, key: dict[str, str]) -> None:
    found = await record(service, {"User-Agent": "our-own-bot/1.0", **key}, profile="ada")
    assert (found["bot"], found["deferred"]) == (False, False)
    assert found["profile"]
    found = await record(service, {"User-Agent": "bot", "Authorization": "Bearer another"}, profile="ada")
    assert found["bot"]


async def test_a_setting_adds_words(tmp_path: Any, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, bots="HeadlessChrome, our-probe") as service:
        assert (await record(service, {"User-Agent": "our-probe/2"}))["bot"]
        assert (await record(service, {"User-Agent": BOTS[0]}))["bot"]
        assert not (await record(service, {"User-Agent": PEOPLE[0]}))["bot"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sec-Purpose", "prefetch"),
        ("Sec-Purpose", "prefetch;prerender"),
        ("Sec-Purpose", "prefetch;anonymous-client-ip"),
        ("Purpose", "prefetch"),
        ("Purpose", "preview"),
        ("X-Purpose", "preview"),
        ("X-Purpose", "Prefetch"),
        ("X-Moz", "prefetch"),
        ("Sec-Purpose", "prerender"),
    ],
)
async def test_what_is_fetched_ahead_is_shown_once_it_is_seen(service: Service, name: str, value: str) -> None:
    choice = await service.get(profile="ada", headers={name: value}, deferred="false")
    page = {"titles": ["big-buck-bunny"], "profile": "ada", "deferred": False}
    await service.http.post("/artwork", json=page, headers={name: value})
    kinds = [kind for kind, _ in await service.records() if kind in {Kind.DECISION, Kind.DEFERRED}]
    assert kinds == [Kind.DEFERRED, Kind.DEFERRED]
    await service.http.post("/impressions", json={"decision_id": choice["decision_id"]})
    assert exposures(await report(service)) == {"personalized": 1}
