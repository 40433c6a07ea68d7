"""A data folder that a later version of Keyart used: each command stops with one sentence, and touches nothing."""

import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.store.sqlite import SqliteStore
from tests.e2e.service import keyart
from tests.e2e.test_upgrade import FOLDER

SETTINGS = {"admin_key": "a-key-of-the-admin-that-is-long", "port": 0}
COMMANDS = ("serve", "train", "rebuild", "report", "models", "import {pictures}", "backup {copy}")
FOLDING = ("serve --no-samples", "train", "rebuild")


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """Return the folder of 0.1.0, taken over by this version."""
    with zipfile.ZipFile(FOLDER) as content:
        content.extractall(tmp_path / "data")
    await SqliteStore(tmp_path / "data", lambda: 0).close()
    return tmp_path / "data"


def changed(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def later_schema(data: Path) -> None:
    changed(data / "log.sqlite", "PRAGMA user_version=99")


def later_record(data: Path) -> None:
    changed(data / "log.sqlite", "INSERT INTO log SELECT max(position) + 1, max(stamp), 99, '{}' FROM log")


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return each name in the folder, with the bytes of a file."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def refused(data: Path, command: str) -> str:
    """Return the one sentence that a command ends with, once it is seen that it left the folder alone."""
    before = contents(data)
    words = command.format(pictures=data.parent, copy=data.with_name("copy")).split()
    done = keyart(data, *words, **SETTINGS)
    assert contents(data) == before
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    [sentence] = done.stderr.splitlines()
    return sentence


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_does_not_touch_a_schema_that_it_does_not_know(data: Path, command: str) -> None:
    later_schema(data)
    sentence = refused(data, command)
    assert f"{data}/log.sqlite has schema version 99" in sentence
    assert "this version of Keyart knows schema versions up to 1: start the later version again" in sentence


@pytest.mark.parametrize("command", FOLDING)
def test_a_command_that_folds_stops_before_a_record_that_it_does_not_know(data: Path, command: str) -> None:
    later_record(data)
    sentence = refused(data, command)
    assert "has a record of kind 99 at position" in sentence
    assert "knows the kinds 1 to 15: start the later version again" in sentence


@pytest.mark.parametrize(
    ("make_later", "met"), [(later_schema, "schema version 99"), (later_record, "a record of kind 99")]
)
def test_a_doctor_says_so_and_changes_nothing(data: Path, make_later: Callable[[Path], None], met: str) -> None:
    make_later(data)
    before = contents(data)
    done = keyart(data, "doctor", "--json", **SETTINGS)
    assert contents(data) == before
    assert done.returncode == 1
    [group] = [each for each in json.loads(done.stdout)["groups"] if each["name"] == "Data"]
    [wrong] = [each for each in group["findings"] if met in each["sentence"]]
    assert wrong["level"] == "wrong"
    assert wrong["remedy"].startswith("Start the later version of Keyart again")
