"""Everything that people read is plain English: CONTRIBUTING.md has the rules, plain.py the phrases given up."""

import ast
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer

from app import cli
from app.audience.preconditions import reasons
from app.operations.doctor.finding import texts
from tests.docs.api import document
from tests.docs.pages import ROOT, Page, pages
from tests.docs.plain import Passage, faults

HISTORY = {"CHANGELOG.md"}
"""Written once and left as it was; so are the records in docs/adr."""
FEWEST = 30
"""Texts that each scope has at least; fewer mean that a scope does not find its texts any more."""
SENTENCE = 4
"""Words from which a text in the source counts as a sentence."""
SQL = re.compile(r"\s*(?:--[^\n]*\n\s*)?(?:CREATE|SELECT|INSERT|UPDATE|DELETE|ALTER)\b")
"""The beginning of a statement of the store, which nobody reads as a sentence."""
FIGURES = re.compile(r"<!-- (?:figures:|Made by).*", re.DOTALL)
"""The rest of a page that a program writes; its words are checked where they come from."""


def of_pages() -> Iterator[Passage]:
    for each in pages():
        if each.name not in HISTORY and "/adr/" not in each.name:
            yield from prose(each)


def prose(each: Page) -> Iterator[Passage]:
    """Yield the paragraphs, list items and cells of a page, with a word in the place of each piece of code."""
    written = len(FIGURES.sub("", each.text).splitlines())
    for line, text in each.texts():
        if line <= written:
            yield Passage(each.name, line, text)


def of_openapi() -> Iterator[Passage]:
    def walk(at: str, node: Any) -> Iterator[Passage]:
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            if key in {"description", "summary"} and isinstance(value, str):
                yield Passage(f"openapi.json#{at}", 1, plain(value))
            elif isinstance(value, dict | list):
                yield from walk(f"{at}/{key}", value)

    yield from walk("", document())


def of_help() -> Iterator[Passage]:
    commands: dict[str, Any] = getattr(typer.main.get_command(cli.app), "commands", {})
    for name, command in commands.items():
        yield Passage(f"keyart {name} --help", 1, plain(command.help or ""))
        for option in command.params:
            yield Passage(f"keyart {name} --help", 1, plain(getattr(option, "help", None) or ""))


def of_sentences() -> Iterator[Passage]:
    """Yield the texts of the source that are long enough for a sentence: refusals, problems, what commands say."""
    for file, tree in sources():
        comments = {id(text) for text in docstrings(tree)}
        for line, text in texts_in(tree, comments):
            if len(text.split()) >= SENTENCE and not SQL.match(text):
                yield Passage(file, line, plain(text))
    for name, told in texts().items():
        yield from (Passage(f"findings.txt: {name}", 1, plain(each)) for each in (told.sentence, told.remedy))
    for name, reason in reasons().items():
        yield Passage(f"preconditions.toml: {name}", 1, plain(reason))


def of_docstrings() -> Iterator[Passage]:
    for file, tree in sources():
        for text in docstrings(tree):
            yield Passage(file, text.lineno, plain(str(text.value)))


def texts_in(node: ast.AST, left_out: Collection[int]) -> Iterator[tuple[int, str]]:
    """Yield the texts below a node with their lines; a text with values in it is one text."""
    inner = list(ast.iter_child_nodes(node))
    match node:
        case ast.JoinedStr(values=parts):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in parts),
            )
            inner = [part for part in parts if not isinstance(part, ast.Constant)]
        case ast.Constant(value=str(text)) if id(node) not in left_out:
            yield node.lineno, text
    for each in inner:
        yield from texts_in(each, left_out)


def sources() -> Iterator[tuple[str, ast.Module]]:
    for folder in ("app", "assets", "bandit"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def docstrings(tree: ast.AST) -> list[ast.Constant]:
    """Return the docstrings of a module, those below fields and constants among them."""
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]


def plain(text: str) -> str:
    """Return a text with a word in the place of each piece of code."""
    return re.sub(r"`[^`]*`", "code", text)


SCOPES: Mapping[str, Callable[[], Iterator[Passage]]] = {
    "pages": of_pages,
    "openapi": of_openapi,
    "help": of_help,
    "sentences": of_sentences,
    "docstrings": of_docstrings,
}


@pytest.mark.parametrize("scope", SCOPES)
def test_no_text_has_a_phrase_that_is_given_up(scope: str) -> None:
    told = [fault for passage in SCOPES[scope]() for fault in faults(passage)]
    assert not told, "\n".join(["Plain English (CONTRIBUTING.md):", *told])


@pytest.mark.parametrize("scope", SCOPES)
def test_each_scope_finds_texts(scope: str) -> None:
    assert sum(1 for _ in SCOPES[scope]()) > FEWEST, scope


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("It is a value that can't be.", "can't be"),
        ("It waits, for the log is locked.", ", for"),
        ("One.\nEverything hangs on it.", "hangs on"),
        ("Of two the first is taken.", "Of …"),
        ("It ends. What was learned stays.", "What …"),
        ("It ends: What was learned stays.", "What …"),
        ("Ask whoever knows.", "whoever"),
        ("It is no recommender.", "is no"),
        (" ".join(["Word"] * 41), "Word Word Word Word Word Word …"),
    ],
)
def test_a_phrase_is_found_with_its_place_and_a_remedy(text: str, phrase: str) -> None:
    line = 7 + text.partition(phrase)[0].count("\n")
    told = [fault for fault in faults(Passage("docs/some.md", 7, text)) if repr(phrase) in fault]
    assert len(told) == 1
    assert re.match(rf"docs/some\.md:{line}: {re.escape(repr(phrase))}: (?:write|begin|name|has) .*\.$", told[0])


def test_a_text_with_values_in_it_is_one_text() -> None:
    tree = ast.parse(
        "def f(a):\n    '''Return.'''\n    return f'It {a if a else \"is not there\"} can\\'t be {a}.'"
    )
    comments = {id(text) for text in docstrings(tree)}
    assert list(texts_in(tree, comments)) == [(3, "It 1 can't be 1."), (3, "is not there")]


@pytest.mark.parametrize(
    "text",
    [
        "It waits because the log is locked, for example during a backup.",
        "What happens after a restart?",
        "There is no other store. There are none.",
        "It is no longer served.",
        "A trainer that stands by takes over.",
    ],
)
def test_plain_english_passes(text: str) -> None:
    assert list(faults(Passage("docs/some.md", 1, text))) == []


def test_code_is_not_prose(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("# Of what\n\nText `can't\nbe` here.\n\nWhoever\nhangs on it.\n\n```sh\nanew\n```\n")
    passages = list(Page(path).texts())
    assert passages == [(3, "Text code here."), (6, "Whoever\nhangs on it.")]
    assert [line for line, text in passages for _ in faults(Passage("x", line, text))] == [6, 6]


def test_contributing_has_ten_rules() -> None:
    rules = Page(ROOT / "CONTRIBUTING.md").sections(3)["Plain English"]
    assert re.findall(r"^(\d+)\. ", rules, re.MULTILINE) == [str(number) for number in range(1, 11)]
