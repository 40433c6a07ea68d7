"""The commands as an operator types them: what goes wrong is one sentence, and status 1."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import app
from app.commands.terminal import run
from tests.assets.builders import a_picture, encoded, put
from tests.e2e.service import keyart, until


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / "artwork" / "one" / "a.jpg", encoded(a_picture((64, 64))))
    return tmp_path / "artwork"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_a_sentence_may_have_brackets_in_it(data: Path) -> None:
    refused = keyart(data, "import", "/no [/bold] such [folder]")

    assert refused.returncode == 1
    assert "Keyart cannot list the folder '/no [/bold] such [folder]'" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_place_that_can_not_be_written_to_is_named(data: Path, folder: Path) -> None:
    put(data / "images", b"no folder")
    refused = keyart(data, "import", str(folder))

    assert refused.returncode == 1
    assert f"({data / 'images'}: File exists) and changed nothing; solve this" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("lost", [True, False])
def test_an_import_makes_a_catalogue_that_can_not_be_read_anew(data: Path, folder: Path, *, lost: bool) -> None:
    assert keyart(data, "import", str(folder)).returncode == 0
    [document] = (data / "catalogue" / "catalogues").iterdir()
    content = document.read_bytes()
    if lost:
        document.unlink()
    else:
        document.write_bytes(b"{}")
    again = keyart(data, "import", str(folder))

    assert (again.returncode, document.read_bytes()) == (0, content)
    assert "a new one, made only from this folder, replaces it. Then bar the same" in again.stderr
    assert "1 new" in again.stdout


CRASHING = """
import sys
from types import SimpleNamespace
from app import cli
from app.commands.environment import settings_for
from app.commands.loading import Listed

def crash():
    settings_for("trainer")
    1 / 0

cli.COMMANDS["crash"] = Listed("crash", "Crash.")
sys.modules[f"{cli.__package__}.commands.crash"] = SimpleNamespace(crash=crash)
sys.argv = ["keyart", "crash"]
cli.main()
"""
IMPORTING = """
import sys, time
from app.__main__ import main

class Slow:
    def find_spec(self, name, *_):
        if name == "app.cli":
            print("begun", flush=True)
            time.sleep(600)

sys.meta_path.insert(0, Slow())
main()
"""
"""A command whose modules take long to import."""


def test_ctrl_c_ends_an_import_at_once_and_nothing_was_changed(data: Path, folder: Path) -> None:
    for number in range(60):
        put(folder / "one" / f"{number}.jpg", encoded(a_picture((1600, 900))))
    environment = {**os.environ, "KEYART_DATA": str(data)}
    command = [sys.executable, "-m", "app", "import", str(folder)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as importing:
        until("a picture is there", lambda: any((data / "images").glob("*.avif")))
        importing.send_signal(signal.SIGINT)
        said = importing.communicate()[1]

    assert importing.returncode == 130
    assert "The import was stopped, and changed nothing." in said
    assert "Traceback" not in said
    assert not (data / "catalogue").exists()
    assert not list((data / "images").glob(".work-*"))


def test_a_fault_of_keyarts_own_is_one_line_of_the_log_with_the_traceback_in_it(data: Path) -> None:
    broken = subprocess.run(
        [sys.executable, "-c", CRASHING],
        env={**os.environ, "KEYART_DATA": str(data)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert broken.returncode == 1
    [line] = broken.stderr.splitlines()
    said = json.loads(line)
    assert (said["event"], said["level"], said["process"]) == ("crashed", "error", "trainer")
    assert "ZeroDivisionError" in said["exception"]


def test_help_names_no_place_of_this_installation(data: Path) -> None:
    told = keyart(data, "contact-sheet", "--help").stdout
    assert "[default: (the samples)]" in told
    assert str(Path(app.__file__).parents[1]) not in told


def test_ctrl_c_while_modules_are_imported_ends_a_command_without_a_word() -> None:
    command = [sys.executable, "-c", IMPORTING]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=240)
    finally:
        process.kill()
    assert process.returncode == -signal.SIGINT, "which shells tell as 130"
    assert (out, err) == ("", "")


def test_ctrl_c_later_ends_a_command_with_the_status_of_shells(capfd: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        run(interrupted)
    assert ended.value.code == 130
    assert capfd.readouterr() == ("", "")
