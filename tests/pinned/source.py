"""The source as text, and what it alone tells: the events of the log, and the environment variables it reads."""

import ast
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from app.settings import Settings
from tests.docs.pages import ROOT

LEVELS = {"debug", "info", "warning", "error", "exception"}
PRODUCT = ("app", "assets", "bandit")
NAME = re.compile(r"[A-Z]{4,}|[A-Z]+(?:_[A-Z]+)+_?")


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def defined(body: Sequence[ast.stmt]) -> dict[str, Sequence[ast.stmt]]:
    """Return the names that statements define, each with the statements of its body if it is a class."""
    names: dict[str, Sequence[ast.stmt]] = {}
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            names[statement.name] = statement.body
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            names[statement.name] = ()
        else:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    names[node.id] = ()
                elif isinstance(node, ast.alias):
                    names[node.asname or node.name] = ()
    return names


def events() -> dict[str, list[str]]:
    """Return each event that is logged, with its level and its keys wherever it is."""
    found: dict[str, set[str]] = {}
    for path in sources(*PRODUCT):
        for node in ast.walk(parsed(path)):
            match node:
                case ast.Call(func=ast.Attribute(ast.Name("log"), level), args=[event, *_]) if level in LEVELS:
                    keys = sorted(each.arg or "**" for each in node.keywords)
                    found.setdefault(ast.literal_eval(event), set()).add(" ".join([f"{level}:", *keys]))
    return {event: sorted(told) for event, told in found.items()}


def environment() -> list[str]:
    """Return the environment variables that are read or passed on, apart from the settings.

    A text counts as one if it is written like one with an underscore, or stands in a module that reads any.
    """
    ours = {name.upper() for name in Settings.model_fields}
    ours |= {f"KEYART_{name}" for name in ours}
    found: set[str] = set()
    for path in sources(*PRODUCT):
        reads = "os.environ" in path.read_text()
        texts = {node.value for node in ast.walk(parsed(path)) if isinstance(node, ast.Constant)}
        names = {text for text in texts if isinstance(text, str) and NAME.fullmatch(text)}
        found |= {name for name in names if reads or "_" in name} - defined(parsed(path).body).keys()
    return sorted(found - ours)
