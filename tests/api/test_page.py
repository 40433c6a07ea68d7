"""`POST /artwork`: the pictures of a page."""

import pytest

from tests.api.service import ADMIN, Service, is_problem


async def test_a_page_has_a_choice_for_each_known_title_in_order_and_names_the_unknown(service: Service) -> None:
    titles = ["nothing", "cosmos-laundromat", "countdown", "nobody"]
    answer = await service.http.post("/artwork", json={"profile": "ada", "titles": titles})
    assert answer.status_code == 200
    assert [choice["title"] for choice in answer.json()["choices"]] == ["cosmos-laundromat", "countdown"]
    assert answer.json()["unknown"] == ["nothing", "nobody"]
    assert answer.headers["cache-control"] == "private, no-store"


async def test_a_page_and_a_single_call_share_their_holds(service: Service) -> None:
    single = await service.get(profile="ada")
    page = await service.http.post("/artwork", json={"profile": "ada", "titles": ["countdown", "big-buck-bunny"]})
    held, fresh = page.json()["choices"]
    assert held == {**single, "held": True}
    assert await service.get("big-buck-bunny", profile="ada") == {**fresh, "held": True}


async def test_a_title_that_stands_on_a_page_twice_is_one_decision(service: Service) -> None:
    page = await service.http.post("/artwork", json={"profile": "ada", "titles": ["countdown", "countdown"]})
    assert [choice["title"] for choice in page.json()["choices"]] == ["countdown"]


async def test_a_title_of_which_nothing_may_be_shown_is_unavailable(service: Service) -> None:
    for artwork in service.services.live_catalogue.get("countdown").title.artworks:  # type: ignore[union-attr]
        paused = {"status": "paused"}
        await service.http.patch(f"/titles/countdown/artworks/{artwork.id}", json=paused, headers=ADMIN)
    page = (await service.http.post("/artwork", content=b'{"titles": ["countdown"]}')).json()
    assert page == {"choices": [], "unknown": [], "unavailable": ["countdown"], "ignored": []}


@pytest.mark.parametrize(("body", "shown"), [({}, 0), ({"deferred": True}, 0), ({"deferred": False}, 1)])
async def test_a_page_is_deferred_unless_it_says_otherwise(
    service: Service, body: dict[str, bool], shown: int
) -> None:
    await service.http.post("/artwork", json={"profile": "ada", "titles": ["countdown"], **body})
    await service.close_windows()
    groups = (await service.http.get("/report", headers=ADMIN)).json()["groups"]
    assert sum(group["exposures"] for group in groups.values()) == shown


async def test_a_title_of_which_the_viewer_may_see_nothing_is_left_out(service: Service) -> None:
    await service.http.patch(
        "/titles/cosmos-laundromat/artworks/lonely-hill", json={"maturity": 18}, headers=ADMIN
    )
    body = {"titles": ["cosmos-laundromat", "countdown"], "maturity": 12}
    page = (await service.http.post("/artwork", json=body)).json()
    assert [choice["title"] for choice in page["choices"]] == ["countdown"]
    assert page["unknown"] == []


MANY = [f"title-{n}" for n in range(199)]


async def test_two_hundred_titles_are_a_page(service: Service) -> None:
    answer = await service.http.post(
        "/artwork", json={"titles": [f"title-{n}" for n in range(199)] + ["countdown"]}
    )
    assert len(answer.json()["unknown"]) == 199
    assert len(answer.json()["choices"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"titles": ["countdown"] * 201}, "titles"),
        ({"titles": []}, "titles"),
        ({}, "titles"),
        ({"titles": "countdown"}, "titles"),
        ([], "body"),
        ("text", "body"),
    ],
)
async def test_what_is_malformed_is_refused_with_the_field_and_the_reason(
    service: Service, body: object, field: str
) -> None:
    problem = is_problem(await service.http.post("/artwork", json=body), 422)
    assert problem["errors"][0]["field"] == field
    assert problem["detail"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"nonsense",
    ],
)
async def test_what_no_json_can_mean_is_refused(service: Service, body: bytes) -> None:
    answer = await service.http.post("/artwork", content=body, headers={"Content-Type": "application/json"})
    is_problem(answer, 422)


async def test_json_nested_too_deep_is_refused(service: Service) -> None:
    answer = await service.http.post(
        "/artwork", content=b"[" * 100_000, headers={"Content-Type": "application/json"}
    )
    assert is_problem(answer, answer.status_code)["status"] in {400, 422}
