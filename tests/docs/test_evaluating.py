"""docs/evaluating.md: its class and its commands, run on a log."""

import re
import shlex
from functools import partial
from pathlib import Path

import pytest

from app.store.sqlite import SqliteStore
from tests.docs.pages import DOCS
from tests.e2e.service import keyart
from tests.evaluation.site import Site

PAGE = (DOCS / "evaluating.md").read_text()


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^   ```{language}\n(.*?)^   ```$", PAGE, re.DOTALL | re.MULTILINE)
    return [re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in found]


async def test_the_walk_through_leads_to_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(tmp_path, partial(SqliteStore, tmp_path))
    await site.visits(1_500)
    await site.store.close()
    [popular] = blocks("python")
    write(tmp_path / "popular.py", popular)
    monkeypatch.chdir(tmp_path)

    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) == 2
    for line in commands:
        _, *arguments = shlex.split(line)
        done = keyart(tmp_path, *arguments)
        assert done.returncode == 0, done.stderr
        said = " ".join(done.stdout.split())
        assert all(policy in said for policy in arguments[1:])
    assert "popular.py:Popular would have earned more than the incumbent" in said


def write(path: Path, text: str) -> None:
    path.write_text(text)
