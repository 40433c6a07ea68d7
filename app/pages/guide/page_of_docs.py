"""`/guide/…`: the pages of docs/, to which the dashboard links. They need no network."""

import asyncio
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Response
from markupsafe import Markup

from app.api.problems import Problem
from app.pages.files import HERE
from app.pages.page import page

if TYPE_CHECKING:
    from markdown_it.token import Token

router = APIRouter(include_in_schema=False)
PACKAGED: Final = HERE / "guide"
FOLDER: Final = PACKAGED if (PACKAGED / "operations.md").exists() else HERE.parents[1] / "docs"
"""The wheel has a copy of docs/; a checkout has docs/ itself."""
NAME = re.compile(r"[a-z-]+\.md")
LEADS_SOMEWHERE = re.compile(r"#[\w-]+|[a-z-]+\.md(#[\w-]+)?|https?://.+")
"""Links that work here; all others lead to files of the repository."""


@router.get("/guide/{name}")
async def guide(name: str) -> Response:
    """Show a page of docs/."""
    if not NAME.fullmatch(name) or not (FOLDER / name).is_file():
        raise Problem(404, f"There is no page {name!r} in the guide; /guide/operations.md is one.")
    title, html = await asyncio.to_thread(_rendered, FOLDER / name)
    return page("guide.html", root="../", title=title, content=html)


@cache
def _rendered(path: Path) -> tuple[str, Markup]:
    """Return a page's title and HTML. HTML in its text is shown as text, although the text is our own."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(path.read_text())
    titles = [_head(tokens, at) for at, token in enumerate(tokens) if token.type == "heading_open"]
    for token in tokens:
        _keep_working_links(token.children or ())
        if token.type == "table_open":  # a wide one scrolls, which the keyboard has to reach
            token.attrSet("tabindex", "0")
    return titles[0], Markup(reader.renderer.render(tokens, reader.options, {}))  # noqa: S704  made from our own files


def _head(tokens: Sequence["Token"], at: int) -> str:
    """Give a heading the id that GitHub gives it, and return its text."""
    text = "".join(child.content for child in tokens[at + 1].children or ())
    tokens[at].attrSet("id", re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-"))
    return text


def _keep_working_links(tokens: Sequence["Token"]) -> None:
    for token in tokens:
        if token.type == "link_open" and not LEADS_SOMEWHERE.fullmatch(str(token.attrs.get("href", ""))):
            token.attrs.pop("href", None)
        if token.type == "image":
            token.type, token.tag = "text", ""
