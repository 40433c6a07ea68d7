"""The project's own pages, taken apart."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str
    anchor: str
    line: int


@dataclass(frozen=True)
class Page:
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def headings(self) -> list[Heading]:
        """Return the headings with the anchors that GitHub gives them: of equal ones the later are numbered."""
        found, seen = [], Counter[str]()
        for opened, inline in zip(self._tokens, self._tokens[1:], strict=False):
            if opened.type == "heading_open" and opened.map:
                text = _plain(inline)
                slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
                anchor = f"{slug}-{seen[slug]}" if seen[slug] else slug
                seen[slug] += 1
                found.append(Heading(int(opened.tag[1]), text, anchor, opened.map[0]))
        return found

    @cached_property
    def links(self) -> list[str]:
        """Return where links and pictures point to."""
        inline = [child for token in self._tokens for child in token.children or ()]
        return [str(target) for child in inline if (target := child.attrs.get("href") or child.attrs.get("src"))]

    def texts(self) -> Iterator[tuple[int, str]]:
        """Yield each text with its first line: paragraphs, list items and cells, not headings and blocks of code.

        A word takes the place of each piece of code, and pictures and marks of emphasis are left out.
        """
        for opened, inline in zip(self._tokens, self._tokens[1:], strict=False):
            if inline.type == "inline" and inline.map and opened.type != "heading_open":
                yield inline.map[0] + 1, "".join(map(_word, inline.children or ())).strip(" ")

    def sections(self, level: int) -> dict[str, str]:
        """Return the text below each heading of a level, up to the next heading that is no lower."""
        lines = self.text.splitlines()
        bounds = [heading for heading in self.headings if heading.level <= level]
        ends = [heading.line for heading in bounds[1:]] + [len(lines)]
        return {
            heading.text: "\n".join(lines[heading.line + 1 : end])
            for heading, end in zip(bounds, ends, strict=True)
            if heading.level == level
        }

    def rows(self, *head: str) -> list[list[str]]:
        """Return the cells, as they are written, of every table with this head."""
        found: list[list[str]] = []
        for block in re.findall(r"(?:^\|.*\n?)+", self.text, re.MULTILINE):
            first, _, *others = [_cells(line) for line in block.splitlines()]
            if first == list(head):
                found += others
        return found

    @cached_property
    def _tokens(self) -> list[Token]:
        return _MARKDOWN.parse(self.text)


def pages() -> Iterator[Page]:
    """Yield every page that the project ships for people to read."""
    for path in sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")]):
        yield Page(path)


def page(name: str) -> Page:
    return Page(DOCS / name)


def code(text: str) -> list[str]:
    """Return what stands between single backticks."""
    return re.findall(r"`([^`\n]+)`", text)


def _cells(line: str) -> list[str]:
    """Split a table's line; a bar that is escaped belongs to the text."""
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in {"text", "code_inline"})


def _word(child: Token) -> str:
    """Return what a reader reads; code counts as a word, and keeps the line breaks that are in it out."""
    if child.type == "code_inline":
        return "code"
    if child.type in {"softbreak", "hardbreak"}:
        return "\n"
    return child.content if child.type == "text" else ""
