"""Every link of every page leads somewhere, and no page waits for a figure."""

from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import DOCS, ROOT, Page, pages

PAGES = list(pages())
OUTSIDE = ("http://", "https://", "mailto:", "data:")


def target(start: Page, link: str) -> tuple[Path, str]:
    """Return the file that a link leads to, and the anchor in it."""
    path, _, anchor = unquote(link).partition("#")
    return (start.path.parent / path).resolve() if path else start.path, anchor


@cache
def anchors(path: Path) -> frozenset[str]:
    return frozenset(heading.anchor for heading in Page(path).headings)


def broken(start: Page) -> list[str]:
    faults = []
    for link in start.links:
        if link.startswith(OUTSIDE):
            continue
        path, anchor = target(start, link)
        if not path.exists() or not path.is_relative_to(ROOT):
            faults.append(f"{link}: there is no such file")
        elif anchor and anchor not in anchors(path):
            faults.append(f"{link}: there is no such heading")
    return faults


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: Page) -> None:
    assert broken(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_figure_stands_where_it_belongs(page: Page) -> None:
    assert [line for line in page.text.splitlines() if "FIGURE?" in line] == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in reached or path.suffix != ".md":
            continue
        reached.add(path)
        for link in Page(path).links:
            found, _ = target(Page(path), link)
            waiting += sorted(found.rglob("*.md")) if found.is_dir() else [found] if found.exists() else []
    assert {page.name for page in PAGES if page.path.is_relative_to(DOCS) and page.path not in reached} == set()


def test_no_heading_stands_twice_under_the_same_words() -> None:
    """A link to the second of them would break when the first one goes."""
    numbered = {
        page.name: [h.anchor for h in page.headings if h.anchor.rstrip("0123456789").endswith("-")]
        for page in PAGES
    }
    changelog = numbered.pop("CHANGELOG.md", None)
    assert changelog is not None
    assert {name: anchors for name, anchors in numbered.items() if anchors and "adr" not in name} == {}
