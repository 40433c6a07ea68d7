"""What others rely on, as it is: a change of it is made on purpose, and shows as a change of `expected/`.

`.venv/bin/python -m tests.pinned` writes the expectations anew; look at the difference before it goes in.
"""

import json
from collections.abc import Callable
from pathlib import Path

from tests.pinned import formats, interfaces, running, source

EXPECTED = Path(__file__).parent / "expected"
WIDTH = 110
SUBJECTS: dict[str, Callable[[Path], object]] = {
    "openapi": lambda _: interfaces.openapi(),
    "commands": lambda _: interfaces.commands(),
    "metrics": lambda _: interfaces.metric_families(),
    "settings": lambda _: interfaces.settings(),
    "problems": lambda _: interfaces.problems(),
    "events": lambda _: source.events(),
    "environment": lambda _: source.environment(),
    "databases": formats.databases,
    "records": lambda _: formats.records(),
    "identifiers": lambda _: formats.identifiers(),
    "catalogue": formats.catalogue,
    "snapshot_of_logistic": lambda _: formats.snapshot("logistic"),
    "snapshot_of_vowpal": lambda _: formats.snapshot("vowpal"),
    "data_folder": running.data_folder,
    "exit_codes": running.exit_codes,
}
"""By the name of its file: each returns what JSON can hold. Those that need a folder make files in it."""


def text_of(subject: str, folder: Path) -> str:
    return _lines(json.loads(json.dumps(SUBJECTS[subject](folder), default=str))) + "\n"


def _lines(thing: object, indent: str = "") -> str:
    """Return JSON with whatever fits on one line, so that a difference is a few lines."""
    flat = json.dumps(thing, ensure_ascii=False, sort_keys=True)
    if len(indent) + len(flat) <= WIDTH or not thing or not isinstance(thing, dict | list):
        return flat
    deeper = indent + "  "
    if isinstance(thing, dict):
        parts = [f"{deeper}{json.dumps(name)}: {_lines(thing[name], deeper)}" for name in sorted(thing)]
    else:
        parts = [f"{deeper}{_lines(each, deeper)}" for each in thing]
    begin, end = "{}" if isinstance(thing, dict) else "[]"
    return "\n".join([begin, ",\n".join(parts), indent + end])
