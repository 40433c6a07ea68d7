"""README.md tells a newcomer nothing but what works."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from app import cli
from app.catalogue.live import LiveCatalogue, LiveTitle
from app.settings import Settings
from app.wiring.catalogue import revisions_in
from app.wiring.stores import open_store
from assets import SAMPLES
from bandit.exploration import with_floor
from bandit.learners import new_learner
from bandit.types import Context, Example
from tests.docs.api import document, operations
from tests.docs.examples import ADDRESS
from tests.docs.pages import ROOT, Page
from tests.e2e.service import Service, keyart

README = Page(ROOT / "README.md")
CONTRIBUTING = Page(ROOT / "CONTRIBUTING.md")
DEPLOYING = Page(ROOT / "docs" / "deploying.md")
TITLE = "flare-empyrean"
HOURS = ("night", "morning", "afternoon", "evening")
LONGEST = 150
"""Lines: it is read to the end."""
LARGEST = 150_000
"""Bytes of its picture."""


def blocks(text: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def lines(text: str) -> list[str]:
    return [line for block in blocks(text) for line in block.splitlines()]


def block(heading: str) -> list[str]:
    """Return the lines below a heading."""
    return blocks(README.sections(2)[heading])[0].splitlines()


def run(lines: Iterable[str], service: Service, folder: Path) -> str:
    """Let a shell run lines that speak of port 8000, and return what they print."""
    script = "\n".join(lines).replace(ADDRESS, f"http://127.0.0.1:{service.port}")
    done = subprocess.run(
        ["/bin/sh", "-ec", script],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the one sample title of which README speaks there."""
    originals = tmp_path_factory.mktemp("originals")
    shutil.copytree(SAMPLES / TITLE, originals / TITLE)
    shutil.copy(SAMPLES / "catalog.toml", originals)
    data = tmp_path_factory.mktemp("readme") / "data"
    done = keyart(data, "import", str(originals))
    assert done.returncode == 0, done.stderr
    return data


@pytest.fixture
def service(data: Path, tmp_path: Path) -> Iterator[Service]:
    """A fresh service with the demo preset, as README has it started."""
    service = Service(shutil.copytree(data, tmp_path / "data"), preset="demo")
    try:
        yield service.start()
    finally:
        service.clean_up()


def test_six_lines_show_a_probability_move_and_others_put_it_to_use(service: Service, tmp_path: Path) -> None:
    lines = block("See it learn from your click")
    assert len(lines) == 7
    before = set(tmp_path.iterdir())
    printed = run(lines, service, tmp_path)
    first, why, recorded, second, _, candidates, probabilities = [
        json.loads(line.partition(":")[2] if line.startswith(('"c', '"p')) else line)
        for line in printed.splitlines()
    ]
    assert (first["group"], why["artwork"], why["probability"]) == (None, first["artwork"], 0.125)
    assert recorded == {"recorded": 1, "duplicates": 0, "rejected": []}
    assert second["artwork"] in candidates
    assert_as_told(dict(zip(candidates, probabilities, strict=True)), first["artwork"])

    # What is said after that of putting it to use is run against the same service: starting one takes seconds.
    page, pick, seen, clicked = run(
        [line for line in block("Put it to use") if "curl" in line], service, tmp_path
    ).splitlines()
    assert [choice["title"] for choice in json.loads(page)["choices"]] == [TITLE]
    assert json.loads(pick)["decision_id"]
    assert json.loads(seen) == json.loads(clicked) == {"recorded": 1, "duplicates": 0, "rejected": []}
    assert set(tmp_path.iterdir()) == before  # nothing is left in the clone


async def test_it_moves_whatever_is_drawn_first_and_whatever_the_hour(data: Path) -> None:
    live_title = await the_title(data)
    actions = list(live_title.actions.values())
    for hour in HOURS:
        context = Context({"placement": "row", "hour": hour, "country": "DE"}, {})
        for clicked in range(len(actions)):
            learner = new_learner()
            learner.learn(Example(context, actions, clicked, 1 / len(actions), 1.0))
            after = with_floor(learner.probabilities(context, actions), 0.02)
            assert_as_told(
                {action.id: p for action, p in zip(actions, after, strict=True)}, actions[clicked].id, hour
            )


def assert_as_told(probabilities: dict[str, float], clicked: str, hour: str = "") -> None:
    """See that the click raised its picture's probability clearly, and that README says to what."""
    told, others = (
        float(re.findall(pattern, README.text)[0])
        for pattern in (r"has a probability of about (0\.\d+)", r"another\s+picture, which has\s+about (0\.\d+)")
    )
    assert told > 3 / len(probabilities)
    for artwork, p in probabilities.items():
        assert p == pytest.approx(told if artwork == clicked else others, abs=0.012), f"{artwork} at {hour}"


async def the_title(data: Path) -> LiveTitle:
    settings = Settings(data=data)
    store = open_store(settings)
    live_catalogue = LiveCatalogue(store.log, revisions_in(settings))
    await live_catalogue.refresh()
    await store.close()
    live_title = live_catalogue.get(TITLE)
    assert live_title
    return live_title


@pytest.mark.parametrize("page", [README, CONTRIBUTING, DEPLOYING], ids=lambda page: page.name)
def test_what_make_is_told_to_make_can_be_made(page: Page) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = set(re.findall(r"^(?:[A-Z_]+=\S+ )*make ([a-z]+)", "\n".join(lines(page.text)), re.MULTILINE))
    told |= set(re.findall(r"`make ([a-z]+)`", page.text))
    assert told
    assert told <= targets


def test_every_keyart_command_of_readme_is_one() -> None:
    commands: Any = getattr(typer.main.get_command(cli.app), "commands", {})
    told = set(re.findall(r"\.venv/bin/keyart ([a-z-]+)", README.text))
    assert {"report", "import"} <= told
    assert told <= set(commands)


def test_every_call_of_readme_is_one_of_the_api() -> None:
    known = [re.compile(re.sub(r"\{\w+\}", "[^/]+", name)) for name, _ in operations(document())]
    calls = [call for line in lines(README.text) if "curl" in line for call in called(line)]
    assert len(calls) >= 9
    for call in calls:
        assert any(name.fullmatch(call) for name in known), call


def called(line: str) -> list[str]:
    """Return what a line with curl calls, such as `POST /clicks`."""
    line = re.sub(r"\$\(echo [^)]*\)", "ID", line).partition("=$(")[2] or re.sub(r"\$\([^)]*\)", "ID", line)
    words = shlex.split(line.partition(" | ")[0].partition("); ")[0])
    method = "POST" if "-d" in words else "GET"
    return [f"{method} {word.removeprefix(ADDRESS).partition('?')[0]}" for word in words if ADDRESS in word]


def test_readme_is_short_and_its_picture_small() -> None:
    assert len(README.text.splitlines()) <= LONGEST
    assert (ROOT / "docs" / "browse.webp").stat().st_size < LARGEST
