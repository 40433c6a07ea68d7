"""Nobody pays for a library that the command does not use: these are all that each command loads."""

import json
import subprocess
import sys

import pytest

from app.cli import COMMANDS

HEAVY = {
    *("PIL", "click", "fastapi", "httptools", "httpx2", "langcodes", "msgspec", "numpy", "prometheus_client"),
    *("pydantic", "python_multipart", "rich", "starlette", "structlog", "uniplot", "uvicorn", "uvloop"),
    *("vowpal_wabbit_next", "anyascii", "readchar"),
}
"""Libraries that take memory or milliseconds. The learners load numpy and Vowpal Wabbit when they are made."""

START = {"pydantic", "rich", "structlog"}
"""Settings and logs; structlog loads rich wherever it is installed."""
STORE = START | {"msgspec"}
CATALOGUE = STORE | {"langcodes"}
SERVICE = {"fastapi", "starlette", "uvicorn", "click", "httptools", "python_multipart", "prometheus_client"}

ALLOWED = {
    "app.cli": set(),
    "app.commands.health": set(),
    "app.commands.serve": STORE,
    "app.commands.train": START,
    "app.commands.open_": STORE | {"httpx2"},
    "app.commands.models": STORE | {"httpx2"},
    "app.commands.learners": {"rich"},
    "app.commands.candidate": STORE | {"httpx2"},
    "app.commands.shadow": CATALOGUE | {"anyascii"},
    "app.commands.serving": STORE | {"httpx2"},
    "app.commands.learning": STORE | {"httpx2"},
    "app.commands.quarantine": STORE | {"httpx2"},
    "app.commands.experiments": STORE,
    "app.commands.report": STORE,
    "app.commands.audit": CATALOGUE | {"anyascii"},
    "app.commands.explain": STORE | {"httpx2"},
    "app.commands.backup": STORE,
    "app.commands.doctor": CATALOGUE | {"PIL", "httpx2"},
    "app.commands.import_": CATALOGUE | {"PIL", "anyascii"},
    "app.commands.import_history": CATALOGUE | {"anyascii"},
    "app.commands.contact_sheet": CATALOGUE | {"PIL", "anyascii", "numpy"},
    "app.commands.evaluate": CATALOGUE | {"anyascii", "numpy"},
    "app.commands.export": CATALOGUE | {"anyascii"},
    "app.commands.rebuild": CATALOGUE | {"anyascii", "numpy", "prometheus_client"},
    "app.commands.audience": STORE | {"httpx2", "numpy", "readchar", "uniplot"},
    "app.commands.history": STORE | {"httpx2", "numpy"},
    "app.commands.worker": CATALOGUE | SERVICE | {"anyascii"},
    "app.wiring.training": CATALOGUE | {"anyascii", "prometheus_client"},
}


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    command = [sys.executable, "-m", "tests.commands.imported", *ALLOWED]
    done = subprocess.run(command, capture_output=True, check=True)
    return {name: set(libraries) & HEAVY for name, libraries in json.loads(done.stdout).items()}


@pytest.mark.parametrize("module", ALLOWED)
def test_a_command_loads_no_library_but_these(module: str, loaded: dict[str, set[str]]) -> None:
    assert loaded[module] == ALLOWED[module]


def test_every_command_is_on_the_list() -> None:
    assert {f"app.commands.{each.name}" for each in COMMANDS.values()} <= ALLOWED.keys()
