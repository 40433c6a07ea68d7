"""Names of modules and files that stand in texts, where no type checker sees them, are those of something real."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.pinned.source import defined, parsed, sources

FOLDERS = ("app", "assets", "bandit", "tests")
OUR = f"(?:{'|'.join(FOLDERS)})"
DOTTED = re.compile(rf"(?<![\w./@-]){OUR}(?:\.[A-Za-z_]\w*)+(?::\w+)?(?![\w/-])")
IMPORTED = re.compile(rf"^from ({OUR}[\w.]*) import ([\w, ]+)$", re.MULTILINE)
RUN = re.compile(rf"-m ({OUR}(?:\.\w+)*)")
FILE = re.compile(rf"(?<![\w./-]){OUR}/(?!__pycache__)[\w./-]*\w")
FIGURES = re.compile(r"<!-- figures: .*?<!-- end of figures -->", re.DOTALL)
"""What a benchmark measured names functions as they were then."""
INVENTED = {"tests.nowhere", "tests.nowhere:Policy", "app.api.gate.Gate.send"}
"""What tests of the benchmarks make up."""
COMMENT = re.compile(r"(?:^|\s)#:? (.*)$", re.MULTILINE)
PROSE = {".md", ".toml", ".yaml", ".yml", ".sh", ".service", ".conf", ".ini", ""}
"""Makefile and Dockerfile have no suffix."""


def pages() -> Iterator[Path]:
    """Yield what people and tools read beside the source."""
    there = [*ROOT.iterdir(), *(path for folder in ("docs", ".ci") for path in (ROOT / folder).rglob("*"))]
    yield from (path for path in sorted(there) if path.is_file() and path.suffix in PROSE)


def texts(path: Path) -> Iterator[str]:
    """Yield the strings and the comments of a source file, or the whole of another one."""
    if path.suffix != ".py":
        yield FIGURES.sub("", path.read_text())
        return
    yield from COMMENT.findall(path.read_text())
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def exists(name: str) -> bool:
    """Tell whether a dotted name is that of a package, a module, or something that a module defines."""
    path, parts = ROOT, name.replace(":", ".").split(".")
    while parts and (path / parts[0]).is_dir():
        path /= parts.pop(0)
    if not parts:
        return any(path.glob("*.py"))
    module = path / f"{parts[0]}.py"
    package = path / "__init__.py"
    if not module.is_file() and not package.is_file():
        return False
    body: Sequence[ast.stmt] = parsed(module if module.is_file() else package).body
    for part in parts[module.is_file() :]:
        names = defined(body)
        if part not in names:
            return False
        body = names[part]
    return True


def runs(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def unknown(text: str) -> set[str]:
    """Return what a text names and there is not."""
    found = set(DOTTED.findall(text))
    for module, names in IMPORTED.findall(text):
        found |= {f"{module}.{name.split()[0]}" for name in names.split(",")}
    wrong = {name for name in found - INVENTED if not exists(name)}
    wrong |= {f"-m {name}" for name in RUN.findall(text) if not runs(name)}
    return wrong | {name for name in FILE.findall(text) if not (ROOT / name).exists()}


@pytest.mark.parametrize("folder", [*FOLDERS, "pages"])
def test_what_a_text_names_is_there(folder: str) -> None:
    """Every module, attribute, `-m` command and file that a string, a comment or a page names exists."""
    paths = pages() if folder == "pages" else sources(folder)
    wrong = {path: set().union(*map(unknown, texts(path))) for path in paths}
    assert {str(path.relative_to(ROOT)): sorted(names) for path, names in wrong.items() if names} == {}


def test_what_is_not_there_is_found() -> None:
    """A name that nothing has is told, whichever way it is written."""
    no = "nothing"
    wrong = {f"app.{no}", f"app.cli.{no}", f"app.cli:{no}", f"-m app.{no}", f"docs/{no}.md", f"app/{no}.py"}
    text = f"{' '.join(sorted(wrong))}\nfrom app.cli import {no}\n"
    assert unknown(text) == wrong - {f"docs/{no}.md"}
    assert unknown("app.cli:main -m app app.cli.main assets/samples example.app.nothing /srv/app/nothing") == set()
