"""`GET /artwork`: one picture for one viewer."""

import asyncio
import sqlite3
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.records import Kind
from app.store.protocol import Hold, Progress, Snapshot, StoreTimeoutError
from assets.catalogue import Title
from assets.provenance import Consent, Provenance
from tests.api.service import ADMIN, CLIENT, EDITOR, IMG, START, Catalogue, Service, in_group, is_problem, serving
from tests.builders import Clock

SHAPE = {
    "decision_id": str,
    "title": str,
    "artwork": str,
    "image": dict,
    "group": str,
    "held": bool,
    "fallback": bool,
    "expires_at": str,
}
HOUR = 3_600_000
TYPES = {".avif": "image/avif", ".webp": "image/webp", ".jpg": "image/jpeg"}


FORBIDDEN = {
    "without consent": Provenance(consent=Consent("Ada", withdrawn=True)),
    "consent over": Provenance(consent=Consent("Ada", START / 1000)),
    "barred": Provenance("ai-generated"),
}
"""Of what nobody may see; the last needs its kind to be barred, too."""


async def withdraw(service: Service, artwork: str, title: str = "countdown", status: str = "withdrawn") -> None:
    answer = await service.http.patch(
        f"/titles/{title}/artworks/{artwork}", json={"status": status}, headers=ADMIN
    )
    assert answer.status_code == 200


async def pin(service: Service, artwork: str, **limits: Any) -> None:
    answer = await service.http.put("/titles/countdown/pin", json={"artwork": artwork, **limits}, headers=ADMIN)
    assert answer.status_code == 200, answer.text


async def test_the_answer_has_the_documented_shape(service: Service) -> None:
    choice = await service.get(profile="ada", headers=CLIENT)
    assert {name: type(choice[name]) for name in SHAPE} == SHAPE
    assert choice["title"] == "countdown"
    assert choice["artwork"] in {"cupola", "earthrise", "ignition", "sunset-pad"}
    assert (choice["held"], choice["fallback"]) == (False, False)
    assert choice["expires_at"] == "2026-09-22T14:13:20Z"  # a day after the clock of these tests begins
    image = choice["image"]
    assert (image["width"], image["height"]) == (640, 360)
    assert image["placeholder"].startswith("data:image/")
    assert f"{image['url']} 640w" in image["srcset"].split(", ")
    assert image["alt"].startswith("A half ")
    assert (image["made"], image["creator"], image["licence"]) == ("photographed", "Somebody", "CC-BY-4.0")


async def test_the_answer_is_private_and_never_stored(service: Service) -> None:
    answer = await service.http.get("/artwork", params={"profile": "ada", "title": "countdown"})
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["vary"] == "Accept"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-decision-id"] == answer.json()["decision_id"]


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        (IMG["Accept"], ".avif"),
        ("image/webp,*/*", ".webp"),
        ("IMAGE/WEBP", ".webp"),
        ("image/*", ".webp"),
        ("image/avif;q=0,image/webp", ".webp"),
        ("image/png,image/jpeg", ".jpg"),
    ],
)
async def test_an_img_tag_is_sent_to_the_picture_in_the_best_format_that_it_accepts(
    service: Service, accept: str, suffix: str
) -> None:
    answer = await service.http.get(
        "/artwork", params={"profile": "ada", "title": "countdown"}, headers={"Accept": accept}
    )
    assert answer.status_code == 302
    assert answer.headers["location"].endswith(suffix)
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["vary"] == "Accept"
    assert answer.headers["x-artwork-made"] == "photographed"
    picture = await service.http.get(answer.headers["location"])
    assert picture.status_code == 200
    assert picture.headers["content-type"] == TYPES[suffix]
    assert picture.headers["x-artwork-made"] == "photographed"


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        ("application/json", ".webp"),
        ("*/*", ".webp"),
        ("application/json, image/avif", ".avif"),
        ("text/html, image/png", ".jpg"),
    ],
)
async def test_what_is_said_of_a_picture_names_the_format_that_the_client_accepts(
    service: Service, accept: str, suffix: str
) -> None:
    image = (await service.get(profile="ada", headers={"Accept": accept}))["image"]
    page = await service.http.post(
        "/artwork", json={"profile": "ada", "titles": ["countdown"]}, headers={"Accept": accept}
    )
    assert image["url"].endswith(suffix)
    assert all(entry.split()[0].endswith(suffix) for entry in image["srcset"].split(", "))
    assert page.json()["choices"][0]["image"] == image
    assert page.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ({}, (640, 360)),
        ({"canvas": "2:3"}, (480, 720)),
        ({"canvas": "1:1"}, (640, 640)),
        ({"canvas": "1:1", "width": 641}, (720, 720)),
        ({"canvas": "16:9", "width": 1}, (320, 180)),
        ({"width": 8192}, (1280, 720)),
    ],
)
async def test_canvas_and_width_choose_the_rendition_in_what_is_said_and_in_the_redirect(
    service: Service, query: dict[str, Any], size: tuple[int, int]
) -> None:
    image = (await service.get(profile="ada", headers=IMG, **query, **{"as": "json"}))["image"]
    assert (image["width"], image["height"]) == size
    redirect = await service.http.get(
        "/artwork", params={"profile": "ada", "title": "countdown", **query}, headers=IMG
    )
    assert redirect.headers["location"] == image["url"]
    widths = [int(entry.rpartition(" ")[2][:-1]) for entry in image["srcset"].split(", ")]
    assert widths == sorted(set(widths))
    assert size[0] in widths


async def test_the_redirect_names_the_decision_that_feedback_can_name(service: Service) -> None:
    answer = await service.http.get("/artwork?title=countdown&profile=ada", headers=IMG)
    id_ = answer.headers["x-decision-id"]
    assert (await service.get(profile="ada"))["decision_id"] == id_
    assert (await service.http.post("/clicks", json={"decision_id": id_})).status_code == 202


async def test_the_picture_is_asked_for_when_the_first_media_range_is_an_image_or_the_query_says_so(
    service: Service,
) -> None:
    async def status(accept: str, **query: str) -> int:
        answer = await service.http.get(
            "/artwork", params={"title": "countdown", **query}, headers={"Accept": accept}
        )
        return answer.status_code

    assert await status("text/html,image/webp") == 200
    assert await status("*/*") == 200
    assert await status("application/json", **{"as": "image"}) == 302
    assert await status("image/webp", **{"as": "json"}) == 200


async def test_an_unknown_title_is_not_found(service: Service) -> None:
    assert "'nothing'" in is_problem(await service.http.get("/artwork?title=nothing"), 404)["detail"]


async def test_a_title_whose_artworks_are_all_withdrawn_is_gone(service: Service) -> None:
    await withdraw(service, "lonely-hill", "cosmos-laundromat")
    is_problem(await service.http.get("/artwork?title=cosmos-laundromat"), 410)
    is_problem(await service.http.get("/artwork?title=cosmos-laundromat", headers=IMG), 410)


@pytest.mark.parametrize("way", ["without consent", "consent over", "barred"])
async def test_a_title_of_which_nobody_may_see_anything_is_gone(service: Service, way: str) -> None:
    await service.change_artwork("lonely-hill", "cosmos-laundromat", provenance=FORBIDDEN[way])
    await service.refresh()
    await service.change(barred=("ai-generated",) if way == "barred" else ())
    await service.refresh()
    detail = is_problem(await service.http.get("/artwork?title=cosmos-laundromat"), 410)["detail"]
    assert "'cosmos-laundromat'" in detail
    is_problem(await service.http.get("/artwork?title=cosmos-laundromat", headers=IMG), 410)
    page = (await service.http.post("/artwork", json={"titles": ["cosmos-laundromat"]})).json()
    assert page["unavailable"] == ["cosmos-laundromat"]


async def test_a_title_of_which_only_some_artworks_are_forbidden_is_not_gone(service: Service) -> None:
    await withdraw(service, "forest-brook", "big-buck-bunny")
    await withdraw(service, "morning-stretch", "big-buck-bunny", status="paused")
    is_problem(await service.http.get("/artwork?title=big-buck-bunny"), 404)


async def test_a_title_without_artworks_says_how_to_upload_one(service: Service) -> None:
    await service.change(Title("new", "New"))
    await service.refresh()
    assert "POST /titles/new/artworks" in is_problem(await service.http.get("/artwork?title=new"), 404)["detail"]
    page = (await service.http.post("/artwork", json={"titles": ["new"], "profile": "ada"})).json()
    assert page["unavailable"] == ["new"]


async def test_a_paused_title_is_not_found_but_not_gone(service: Service) -> None:
    await withdraw(service, "lonely-hill", "cosmos-laundromat", status="paused")
    is_problem(await service.http.get("/artwork?title=cosmos-laundromat"), 404)


# ---------------------------------------------------------------- holds


async def test_a_hold_serves_the_same_decision_again(service: Service) -> None:
    first = await service.get(profile="ada")
    for _ in range(5):
        again = await service.get(profile="ada")
        assert again["held"]
        assert {**again, "held": False} == first


async def test_for_a_hold_nothing_that_was_learned_is_read(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is served as it was decided; and where the state can't be read, it is served all the same."""
    first = await service.get(profile="ada")

    async def taste_since(_pseudonym: str) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(service.store.state, "taste_since", taste_since)
    assert await service.get(profile="ada") == {**first, "held": True}
    assert (await service.get(profile="bob"))["fallback"]


async def test_a_repeat_within_the_window_adds_nothing_to_the_log(service: Service) -> None:
    await service.get(profile="ada")
    before = (await service.store.log.head()).position
    await service.get(profile="ada")
    assert (await service.store.log.head()).position == before


async def test_a_hold_served_after_its_window_closed_is_a_new_exposure_of_the_same_decision(
    service: Service,
) -> None:
    first = await service.get(profile="ada")
    service.clock.now += service.settings.window_ms + 1
    assert (await service.get(profile="ada"))["decision_id"] == first["decision_id"]
    kinds = [kind for kind, _ in await service.records() if kind in {Kind.DECISION, Kind.EXPOSURE}]
    assert kinds == [Kind.DECISION, Kind.EXPOSURE]


async def test_a_hold_ends_when_it_expires(service: Service) -> None:
    first = await service.get(profile="ada")
    service.clock.now += service.settings.hold_ms - 1
    assert (await service.get(profile="ada"))["held"]
    service.clock.now += 1
    later = await service.get(profile="ada")
    assert not later["held"]
    assert later["decision_id"] != first["decision_id"]


async def test_a_hold_ends_when_its_artwork_is_withdrawn(service: Service) -> None:
    first = await service.get(profile="ada")
    await withdraw(service, first["artwork"])
    later = await service.get(profile="ada")
    assert not later["held"]
    assert later["artwork"] != first["artwork"]


async def test_a_hold_ends_when_the_consent_to_its_picture_does(service: Service) -> None:
    first = await service.get(profile="ada")
    end = Consent("Ada", service.clock.now / 1000 + 60)
    await service.change_artwork(first["artwork"], provenance=Provenance(consent=end))
    await service.refresh()
    assert (await service.get(profile="ada"))["held"]
    service.clock.now += 60_000
    later = await service.get(profile="ada")
    assert not later["held"]
    assert later["artwork"] != first["artwork"]


async def test_a_hold_ends_when_its_picture_becomes_one_of_a_barred_kind(service: Service) -> None:
    first = await service.get(profile="ada")
    await service.change_artwork(first["artwork"], provenance=Provenance("ai-generated"))
    await service.refresh()
    assert (await service.get(profile="ada"))["held"]
    await service.change(barred=("ai-generated",))
    await service.refresh()
    later = await service.get(profile="ada")
    assert not later["held"]
    assert later["artwork"] != first["artwork"]


async def test_a_hold_ends_when_another_artwork_is_pinned_and_again_when_the_pin_goes(service: Service) -> None:
    first = await service.get(profile="ada")
    other = "cupola" if first["artwork"] != "cupola" else "earthrise"
    await pin(service, other)
    pinned = await service.get(profile="ada")
    assert (pinned["artwork"], pinned["held"]) == (other, False)
    assert (await service.get(profile="ada"))["held"]
    await service.http.delete("/titles/countdown/pin", headers=ADMIN)
    free = await service.get(profile="ada")
    assert not free["held"]
    assert free["decision_id"] not in {first["decision_id"], pinned["decision_id"]}


async def test_a_hold_is_one_for_all_canvases_and_widths_and_devices(service: Service) -> None:
    queries: list[dict[str, Any]] = [
        {},
        *({"width": width} for width in (1, 320, 1280, 8192)),
        *({"canvas": canvas} for canvas in ("16:9", "2:3", "1:1")),
        {"canvas": "2:3", "width": 320, "headers": {"Accept": "application/json, image/avif"}},
        {"device": "tv"},
        {"country": "DE"},
    ]
    choices = [await service.get(profile="ada", **query) for query in queries]
    assert len({choice["decision_id"] for choice in choices}) == 1
    assert len({choice["artwork"] for choice in choices}) == 1
    assert len({choice["image"]["url"] for choice in choices}) == 6  # 3 widths, 2 more canvases, 1 in AVIF


async def test_each_placement_has_a_hold_of_its_own(service: Service) -> None:
    row = await service.get(profile="ada")
    hero = await service.get(profile="ada", placement="hero")
    assert hero["decision_id"] != row["decision_id"]
    assert (await service.get(profile="ada", placement="hero"))["decision_id"] == hero["decision_id"]
    assert (await service.get(profile="ada", placement="row"))["decision_id"] == row["decision_id"]


async def test_holds_of_no_time_draw_anew_for_every_call(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, hold_seconds=0) as service:
        choices = [await service.get(profile="ada") for _ in range(5)]
        assert not any(choice["held"] for choice in choices)
        assert len({choice["decision_id"] for choice in choices}) == 5


# ---------------------------------------------------------------- who is asking


async def test_whoever_is_not_logged_in_is_served_without_hold_or_group(service: Service) -> None:
    one, other = await service.get(), await service.get()
    assert (one["group"], one["held"], other["held"]) == (None, False, False)
    assert one["decision_id"] != other["decision_id"]


async def test_a_profile_that_opted_out_is_served_as_if_nobody_were_logged_in(service: Service) -> None:
    body = {"attributes": {"genre": "comedy"}, "personalize": False}
    await service.http.put("/profiles", params={"profile": "ada"}, json=body, headers=ADMIN)
    one, other = await service.get(profile="ada"), await service.get(profile="ada")
    assert (one["group"], other["held"]) == (None, False)
    decision = (await service.http.get(f"/decisions/{one['decision_id']}", headers=ADMIN)).json()
    assert decision["profile"] is None
    assert set(decision["attributes"]) == {"hour", "placement"}


async def test_who_is_in_which_group_is_told_to_who_has_a_key(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, best_single_share=0.5) as service:
        body = {"profile": "ada", "titles": ["countdown", "cosmos-laundromat"]}

        async def told(headers: dict[str, str]) -> set[str | None]:
            one = await service.get(profile="ada", headers=headers)
            page = (await service.http.post("/artwork", json=body, headers=headers)).json()
            why = (await service.http.get(f"/decisions/{one['decision_id']}/why", headers=headers)).json()
            assert (why["group"] is None) is (why["probability"] is None)
            return {one["group"], why["group"], *(choice["group"] for choice in page["choices"])}

        session = await service.http.post("/session", json={"key": "the-editor-key-of-tests"})
        cookie = {"Cookie": session.headers["set-cookie"].partition(";")[0], "Origin": "http://localhost"}
        service.http.cookies.clear()
        [group] = await told(ADMIN)
        assert group in {"personalized", "best_single"}
        for headers in (EDITOR, CLIENT, cookie):
            assert await told(headers) == {group}
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "keyart_session=AAAA"}):
            assert await told(headers) == {None}


async def test_why_says_the_same_of_all_groups_to_who_has_no_key(tmp_path: Path, catalogue: Catalogue) -> None:
    shares: dict[str, Any] = {"best_single_share": 0.25, "uniform_share": 0.25, "default_share": 0.25}
    async with serving(tmp_path, catalogue, **shares) as service:
        answers = set()
        for group in ("personalized", "best_single", "uniform", "default"):
            for _ in range(2):
                choice = await service.get(profile=await in_group(service, group))
                why = (await service.http.get(f"/decisions/{choice['decision_id']}/why")).json()
                assert why.pop("artwork") == choice["artwork"]
                answers.add(str(why))
            await service.close_windows()
        assert len(answers) == 1


async def test_under_the_demo_preset_groups_are_told_to_all(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, preset="demo") as service:
        choice = await service.get(profile="ada")
        assert choice["group"] == "personalized"
        why = (await service.http.get(f"/decisions/{choice['decision_id']}/why")).json()
        assert (why["group"], why["probability"] > 0) == ("personalized", True)


async def test_the_groups_get_their_shares_and_their_profiles_for_good(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    shares: dict[str, Any] = {"best_single_share": 0.2, "uniform_share": 0.3, "default_share": 0.1}
    async with serving(tmp_path, catalogue, **shares) as service:

        async def told(title: str, number: int) -> str:
            choice = await service.get(title, profile=f"viewer-{number}", headers=CLIENT)
            return str(choice["group"])

        groups = [(await told("cosmos-laundromat", n)) for n in range(800)]
        counts = Counter(groups)
        # Five standard deviations of a binomial, so that not one run in a million fails.
        for group, share in (("best_single", 0.2), ("uniform", 0.3), ("default", 0.1), ("personalized", 0.4)):
            assert abs(counts[group] - 800 * share) < 5 * (800 * share * (1 - share)) ** 0.5
        again = [(await told("countdown", n)) for n in range(50)]
        assert again == groups[:50]


async def test_each_group_draws_from_its_own_distribution(tmp_path: Path, catalogue: Catalogue) -> None:
    shares: dict[str, Any] = {"best_single_share": 0.25, "uniform_share": 0.25, "default_share": 0.25}
    async with serving(tmp_path, catalogue, **shares) as service:

        async def probabilities(group: str) -> list[float]:
            choice = await service.get(profile=await in_group(service, group))
            record = (await service.http.get(f"/decisions/{choice['decision_id']}", headers=ADMIN)).json()
            return list(record["probabilities"])

        floor = service.settings.exploration_floor / 4
        assert await probabilities("uniform") == [0.25] * 4
        default = await probabilities("default")  # the first by name
        assert default == pytest.approx([1 - 3 * floor, floor, floor, floor])
        best = await probabilities("best_single")
        assert sorted(best) == pytest.approx([floor, floor, floor, 1 - 3 * floor])
        assert sum(await probabilities("personalized")) == pytest.approx(1)
        assert min(await probabilities("personalized")) >= floor


async def test_a_profiles_own_maturity_limit_can_not_be_raised_by_the_query(service: Service) -> None:
    for artwork in ("cupola", "earthrise", "ignition"):
        await service.http.patch(f"/titles/countdown/artworks/{artwork}", json={"maturity": 18}, headers=ADMIN)
    await service.http.put(
        "/profiles", params={"profile": "kim"}, json={"attributes": {"maturity": 12}}, headers=ADMIN
    )
    shown = {(await service.get(profile="kim", placement=f"place-{n}", maturity=21))["artwork"] for n in range(25)}
    assert shown == {"sunset-pad"}
    grown = {(await service.get(profile="lee", placement=f"place-{n}", maturity=21))["artwork"] for n in range(25)}
    assert len(grown) > 1


async def test_opting_out_does_not_lift_the_maturity_limit(service: Service) -> None:
    await service.http.patch(
        "/titles/cosmos-laundromat/artworks/lonely-hill", json={"maturity": 18}, headers=ADMIN
    )
    body = {"attributes": {"maturity": 12}, "personalize": False}
    await service.http.put("/profiles", params={"profile": "kim"}, json=body, headers=ADMIN)
    is_problem(await service.http.get("/artwork?title=cosmos-laundromat&profile=kim&maturity=21"), 404)


async def test_artworks_out_of_their_locale_or_time_are_no_candidates(service: Service) -> None:
    now = service.clock.now / 1000
    for artwork, change in {
        "cupola": {"locales": ["de"]},
        "earthrise": {"valid_until": now - 1},
        "ignition": {"valid_from": now + 3600},
    }.items():
        await service.http.patch(f"/titles/countdown/artworks/{artwork}", json=change, headers=ADMIN)

    async def candidates(**query: Any) -> list[str]:
        choice = await service.get(**query)
        answer = await service.http.get(f"/decisions/{choice['decision_id']}", headers=ADMIN)
        return list(answer.json()["candidates"])

    assert await candidates() == ["sunset-pad"]
    assert await candidates(language="de-AT") == ["cupola", "sunset-pad"]
    service.clock.now += 2 * HOUR
    assert await candidates() == ["ignition", "sunset-pad"]


# ---------------------------------------------------------------- deferral


async def test_a_deferred_picture_is_shown_only_with_its_impression(service: Service) -> None:
    await service.get(profile="ada", deferred="true")
    await service.close_windows()
    assert await exposures(service) == 0
    id_ = (await service.get(profile="ada", deferred="true"))["decision_id"]
    await service.http.post("/impressions", json={"decision_id": id_})
    await service.close_windows()
    assert await exposures(service) == 1


@pytest.mark.parametrize("header", [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}])
async def test_a_prefetch_is_deferred_without_being_asked(service: Service, header: dict[str, str]) -> None:
    await service.http.get("/artwork?title=countdown&profile=ada", headers={**IMG, **header})
    await service.close_windows()
    assert await exposures(service) == 0


async def test_a_picture_that_is_not_deferred_counts_as_shown_at_once(service: Service) -> None:
    await service.get(profile="ada")
    await service.close_windows()
    assert await exposures(service) == 1


async def test_a_deferred_hold_is_shown_when_it_is_asked_for_undeferred(service: Service) -> None:
    await service.get(profile="ada", deferred="true")
    assert (await service.get(profile="ada"))["held"]
    await service.close_windows()
    assert await exposures(service) == 1


async def exposures(service: Service) -> int:
    groups = (await service.http.get("/report", headers=ADMIN)).json()["groups"]
    return sum(group["exposures"] for group in groups.values())


# ---------------------------------------------------------------- pins and fallbacks


async def test_a_pin_overrides_everybodys_draw(service: Service) -> None:
    await pin(service, "ignition")
    shown = {(await service.get(profile=f"viewer-{n}"))["artwork"] for n in range(20)}
    assert shown == {"ignition"}
    assert (await service.get())["artwork"] == "ignition"


async def test_a_pin_holds_for_its_placement_and_country_alone_and_the_closest_wins(service: Service) -> None:
    await pin(service, "ignition")
    await pin(service, "cupola", placement="hero")
    await pin(service, "earthrise", placement="hero", country="DE")
    await pin(service, "sunset-pad", country="FR")
    assert (await service.get())["artwork"] == "ignition"
    assert (await service.get(placement="hero"))["artwork"] == "cupola"
    assert (await service.get(placement="hero", country="DE"))["artwork"] == "earthrise"
    assert (await service.get(country="FR"))["artwork"] == "sunset-pad"


async def test_a_pin_ends_at_its_moment(service: Service) -> None:
    await pin(service, "ignition", until=service.clock.now / 1000 + 60)
    assert (await service.get(profile="ada"))["pinned"]
    service.clock.now += 60_000
    assert not (await service.get(profile="ada"))["pinned"]


@pytest.mark.parametrize("way", ["without consent", "consent over", "barred"])
async def test_a_pin_on_a_picture_that_nobody_may_see_does_not_apply(service: Service, way: str) -> None:
    await pin(service, "ignition")
    assert (await service.get(profile="ada"))["pinned"]
    await service.change_artwork("ignition", provenance=FORBIDDEN[way])
    await service.refresh()
    await service.change(barred=("ai-generated",) if way == "barred" else ())
    await service.refresh()
    for _ in range(2):
        free = await service.get(profile="ada")
        assert not free["pinned"]
        assert free["artwork"] != "ignition"


async def test_a_pin_is_counted_apart_and_never_learned_from(service: Service) -> None:
    await pin(service, "ignition")
    before = service.services.model.learner.weights().copy()
    id_ = (await service.get(profile="ada"))["decision_id"]
    await service.http.post("/clicks", json={"decision_id": id_})
    await service.close_windows()
    assert (service.services.model.learner.weights() == before).all()
    report = (await service.http.get("/report", headers=ADMIN)).json()
    assert report["groups"]["pinned"]["clicks"] == 1
    assert sum(group["exposures"] for name, group in report["groups"].items() if name != "pinned") == 0


async def test_a_clicked_draw_is_learned_from(service: Service) -> None:
    before = service.services.model.learner.weights().copy()
    id_ = (await service.get(profile="ada"))["decision_id"]
    await service.http.post("/clicks", json={"decision_id": id_})
    await service.close_windows()
    assert (service.services.model.learner.weights() != before).any()


async def counter(service: Service, name: str, **labels: str) -> float:
    """Return a counter's value; counters are the process', hence compared before and after."""
    text = (await service.http.get("/metrics")).text
    wanted = "{" + ",".join(f'{label}="{value}"' for label, value in labels.items()) + "}"
    found = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(name + wanted)]
    return float(found[0]) if found else 0.0


async def test_without_a_snapshot_the_default_picture_is_a_marked_and_counted_fallback(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue, trained=False) as service:
        before = await counter(service, "keyart_fallbacks_total", reason="no_model")
        choice = await service.get(profile="ada")
        assert choice["fallback"]
        assert choice["decision_id"] is None
        assert choice["group"] is None
        assert choice["artwork"] == "cupola"
        assert await counter(service, "keyart_fallbacks_total", reason="no_model") == before + 1
        redirect = await service.http.get("/artwork?title=countdown", headers=IMG)
        assert redirect.status_code == 302
        assert "x-decision-id" not in redirect.headers
        assert Kind.DECISION not in {kind for kind, _ in await service.records()}


async def test_the_kill_switch_gives_everyone_the_default_picture_and_logs_nothing(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue, serve="default") as service:
        await service.http.put("/titles/countdown", json={"default": "ignition"}, headers=ADMIN)
        before = await service.records()
        choices = [await service.get(profile=f"viewer-{n}") for n in range(10)]
        assert {(choice["artwork"], choice["fallback"]) for choice in choices} == {("ignition", True)}
        assert await service.records() == before


async def test_the_kill_switch_shows_no_profile_what_lies_above_its_limit(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue, serve="default") as service:
        await service.http.patch(
            "/titles/cosmos-laundromat/artworks/lonely-hill", json={"maturity": 18}, headers=ADMIN
        )
        body = {"attributes": {"maturity": 12}}
        await service.http.put("/profiles", params={"profile": "kim"}, json=body, headers=ADMIN)
        is_problem(await service.http.get("/artwork?title=cosmos-laundromat&profile=kim"), 404)
        assert (await service.get("cosmos-laundromat", profile="lee"))["fallback"]


@pytest.mark.parametrize("way", ["without consent", "consent over", "barred"])
async def test_no_fallback_shows_a_picture_that_nobody_may_see(
    tmp_path: Path, catalogue: Catalogue, way: str
) -> None:
    async with serving(tmp_path, catalogue, serve="default") as service:
        assert (await service.get(profile="ada"))["artwork"] == "cupola"
        await service.change_artwork("cupola", provenance=FORBIDDEN[way])
        await service.refresh()
        await service.change(barred=("ai-generated",) if way == "barred" else ())
        await service.refresh()
        other = await service.get(profile="ada")
        assert (other["artwork"], other["fallback"]) == ("earthrise", True)
        await service.change(Title("new", "New"))
        await service.refresh()
        is_problem(await service.http.get("/artwork?title=new&profile=ada"), 404)


@pytest.mark.parametrize("group", ["best_single", "default"])
async def test_no_group_is_given_a_picture_that_nobody_may_see(
    tmp_path: Path, catalogue: Catalogue, group: str
) -> None:
    share: dict[str, Any] = {f"{group}_share": 1, "hold_seconds": 0}
    async with serving(tmp_path, catalogue, **share) as service:
        favourite = (await probabilities_of(service, await service.get(profile="ada"))).most_common(1)[0][0]
        await service.change_artwork(favourite, provenance=FORBIDDEN["without consent"])
        await service.refresh()
        others = await probabilities_of(service, await service.get(profile="ada"))
        assert set(others) == {"cupola", "earthrise", "ignition", "sunset-pad"} - {favourite}
        if group == "default":  # the editor's picture is out: all others are alike
            assert list(others.values()) == pytest.approx([1 / 3] * 3)


async def probabilities_of(service: Service, choice: dict[str, Any]) -> Counter[str]:
    assert not choice["fallback"]
    record = (await service.http.get(f"/decisions/{choice['decision_id']}", headers=ADMIN)).json()
    return Counter(dict(zip(record["candidates"], record["probabilities"], strict=True)))


async def test_expiry_never_goes_backwards_for_a_held_viewer(service: Service) -> None:
    moments = []
    for _ in range(4):
        moments.append((await service.get(profile="ada"))["expires_at"])
        service.clock.now += 10 * HOUR
    assert all(one <= other for one, other in pairwise(moments))


async def test_while_another_process_locks_the_log_a_known_title_still_gets_a_picture(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue, decision_timeout_ms=300) as service:
        other = sqlite3.connect(tmp_path / "log.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        choice = await service.get(profile="ada")
        assert (choice["fallback"], choice["decision_id"]) == (True, None)
        page = await service.http.post(
            "/artwork", json={"profile": "ada", "titles": ["countdown", "big-buck-bunny"]}
        )
        assert [each["fallback"] for each in page.json()["choices"]] == [True, True]
        other.execute("ROLLBACK")
        other.close()
        assert not (await service.get(profile="ada"))["fallback"]
        kinds = Counter(kind for kind, _ in await service.records())
        assert kinds[Kind.DECISION] - kinds[Kind.VOID] == 1


async def test_a_snapshot_that_can_not_be_loaded_is_passed_over(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue) as service:
        good = service.services.model.snapshot
        await publish_garbage(service)
        assert service.services.model.snapshot == good
        assert not (await service.get(profile="ada"))["fallback"]
    async with serving(tmp_path / "other", catalogue, trained=False) as service:
        await publish_garbage(service)
        assert (await service.get(profile="ada"))["fallback"]


async def publish_garbage(service: Service) -> None:
    token = await service.store.state.lead("test", 60_000)
    assert token is not None
    bad = Snapshot(0, "incumbent", 0, 1, 0, b"{}", b"garbage")
    await service.store.state.commit(token, Progress(0, b"{}", {}, {}, bad))
    await service.services.model.refresh()


# ---------------------------------------------------------------- races and late answers


async def test_who_loses_a_race_against_a_page_still_counts_as_shown(service: Service) -> None:
    page = service.http.post("/artwork", json={"profile": "ada", "titles": ["countdown"]})
    alone = service.http.get("/artwork", params={"profile": "ada", "title": "countdown"})
    first, second = await asyncio.gather(page, alone)
    assert first.json()["choices"][0]["decision_id"] == second.json()["decision_id"]
    begun = {Kind.RULES, Kind.EXPERIMENT}
    kinds = [kind for kind, _ in await service.records() if kind not in begun]
    assert kinds in ([Kind.DEFERRED, Kind.EXPOSURE], [Kind.DECISION])


async def test_what_was_decided_is_answered_though_the_rest_falls_back(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await service.get(profile="ada")

    async def too_late(*_: object, **__: object) -> list[Hold]:
        raise StoreTimeoutError

    monkeypatch.setattr(service.store.log, "log_decisions", too_late)
    titles = ["countdown", next(t for t in service.services.live_catalogue if t.title.id != "countdown").title.id]
    page = (await service.http.post("/artwork", json={"profile": "ada", "titles": titles})).json()
    assert [choice["decision_id"] for choice in page["choices"]] == [held["decision_id"], None]
    assert [choice["fallback"] for choice in page["choices"]] == [False, True]


async def test_a_hold_ends_by_a_setting_that_was_shortened_since(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, hold_seconds=30 * 86_400) as service:
        before = await service.get(profile="ada")
        then = service.clock.now
    async with serving(tmp_path, catalogue, hold_seconds=3600, clock=Clock(then + 9 * 86_400_000)) as service:
        after = await service.get(profile="ada")
        assert after["decision_id"] != before["decision_id"]
        click = await service.http.post("/clicks", json={"decision_id": after["decision_id"]})
        assert click.status_code == 202


async def test_a_least_share_of_a_tag_is_drawn_with_and_logged_in_every_group(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue, least_shares="calm=0.6", best_single_share=0.4) as service:
        await service.change_artwork("cupola", tags=("calm",))
        await service.refresh()
        for group in ("personalized", "best_single"):
            choice = await service.get(profile=await in_group(service, group))
            record = (await service.http.get(f"/decisions/{choice['decision_id']}", headers=ADMIN)).json()
            shares = dict(zip(record["candidates"], record["probabilities"], strict=True))
            assert shares["cupola"] >= 0.6 - 1e-9
            assert sum(shares.values()) == pytest.approx(1)
            assert min(shares.values()) > 0
