"""`/guide/…`: the pages of docs/."""

import re

import pytest

from tests.api.service import Service, is_problem
from tests.docs.pages import DOCS, page

PAGES = sorted(path.name for path in DOCS.glob("*.md"))


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_has_the_headings_of_its_file_and_links_that_work(service: Service, name: str) -> None:
    answer = await service.http.get(f"/guide/{name}")
    assert answer.status_code == 200, answer.text
    ids = re.findall(r'<h\d id="(.*?)"', answer.text)
    assert set(ids) == {re.sub(r"-\d+$", "", heading.anchor) for heading in page(name).headings}
    for link in re.findall(r'href="([^"#]*\.md)', answer.text):
        assert link in PAGES


async def test_a_heading_has_the_id_that_alarms_lead_to(service: Service) -> None:
    answer = await service.http.get("/guide/operations.md")
    assert '<h3 id="pictures-are-fallbacks">' in answer.text
    assert "<table tabindex=" in answer.text


@pytest.mark.parametrize("name", ["nothing.md", "..%2fREADME.md", "adr", "two-viewers.webp", "Operations.md"])
async def test_there_is_nothing_else(service: Service, name: str) -> None:
    is_problem(await service.http.get(f"/guide/{name}"), 404)
