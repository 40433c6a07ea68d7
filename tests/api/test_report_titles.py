"""`GET /report/titles`: the titles of the report in pages."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.evaluation.title_search import PAGE
from tests.api.service import ADMIN, CLIENT, EDITOR, Catalogue, Service, is_problem, serving

HOSTILE = '"><img src=x onerror=alert(1)>'


async def found(service: Service, **query: Any) -> Any:
    answer = await service.http.get("/report/titles", params=query, headers=EDITOR)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def add_titles(service: Service, number: int) -> None:
    title = service.title()
    await service.change(*(replace(title, id=f"copy-{n:05}", name=f"Copy {n:05}") for n in range(number)))
    await service.refresh()


async def test_a_title_has_the_rates_of_its_artworks(service: Service) -> None:
    choice = await service.get(profile="ada")
    await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
    await service.close_windows()
    page = await found(service, search="countdown")
    [title] = page["titles"]
    assert (title["id"], title["exposures"], title["clicks"], title["click_rate"]) == ("countdown", 1, 1, 1.0)
    assert title["artworks"][choice["artwork"]]["groups"]["personalized"]["clicks"] == 1
    assert title["names"].keys() == title["artworks"].keys(), "artworks that nobody saw are there, too"
    report = (await service.http.get("/report", headers=ADMIN)).json()["titles"]["countdown"]
    assert title["exposures"] == report["exposures"]


async def test_pages_hold_every_title_once_in_the_order_of_names(service: Service) -> None:
    await add_titles(service, 2 * PAGE + 3)
    first = await found(service, search="copy")
    assert (first["found"], first["pages"], first["page"]) == (2 * PAGE + 3, 3, 1)
    pages = [await found(service, search="copy", page=number) for number in (1, 2, 3)]
    names = [title["name"] for page in pages for title in page["titles"]]
    assert names == [f"Copy {n:05}" for n in range(2 * PAGE + 3)]
    assert (await found(service, search="copy", page=999))["page"] == 3, "beyond the last page is the last"


async def test_a_search_finds_a_part_of_a_name_or_an_id_in_any_case(service: Service) -> None:
    await service.change(replace(service.title(), id="mond", name="Die Straße", names={"en": "The Street"}))
    await service.refresh()
    for search in ("MOND", "straSSe", "street", "e S"):
        assert "mond" in [title["id"] for title in (await found(service, search=search))["titles"]], search
    nothing = await found(service, search="no such title")
    assert (nothing["found"], nothing["pages"], nothing["titles"]) == (0, 1, [])


async def test_a_name_is_answered_as_it_was_typed(service: Service) -> None:
    await service.change(replace(service.title(), name=HOSTILE))
    await service.refresh()
    [title] = (await found(service, search="onerror"))["titles"]
    assert title["name"] == HOSTILE


@pytest.mark.parametrize(
    ("query", "field"), [("page=0", "page"), ("page=x", "page"), ("search=" + 201 * "x", "search")]
)
async def test_what_is_not_valid_is_a_sentence(service: Service, query: str, field: str) -> None:
    answer = await service.http.get(f"/report/titles?{query}", headers=EDITOR)
    assert field in is_problem(answer, 422)["detail"]


async def test_only_editors_and_admins_see_it(service: Service) -> None:
    is_problem(await service.http.get("/report/titles"), 401)
    is_problem(await service.http.get("/report/titles", headers=CLIENT), 403)


async def test_a_catalogue_without_titles_has_one_empty_page(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, replace(catalogue, titles={})) as service:
        assert (await found(service))["pages"] == 1
