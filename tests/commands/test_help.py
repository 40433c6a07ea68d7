"""What `keyart` says of itself: each command with examples that it would take."""

import re
import shlex
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from app.cli import COMMANDS as LISTED
from app.cli import app
from app.commands.loading import EXAMPLES, Command
from app.settings import Settings
from tests.assets.builders import put
from tests.e2e.service import keyart

ROOT = get_command(app)
COMMANDS = {name: command for name, command in ROOT.commands.items() if not command.hidden}  # type: ignore[attr-defined]
ASSIGNED = re.compile(r"KEYART_([A-Z_]+)=(\S+)")


def helped(*arguments: str, columns: int = 80) -> str:
    result = CliRunner().invoke(
        app, [*arguments, "--help"], env={"COLUMNS": str(columns), "TERMINAL_WIDTH": str(columns)}
    )
    assert result.exit_code == 0, result.output
    return result.output


def examples(name: str, columns: int = 80) -> list[str]:
    lines = [line.strip() for line in helped(name, columns=columns).splitlines()]
    assert lines.count(EXAMPLES) == 1, f"say at the end of the docstring of {name} how it is used: see import"
    return [line for line in lines[lines.index(EXAMPLES) + 1 :] if line]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_that_it_takes(name: str) -> None:
    found = examples(name)
    assert found
    for line in found:
        words = shlex.split(line)
        while assigned := ASSIGNED.fullmatch(words[0]):
            assert assigned[1].lower() in Settings.model_fields, line
            words.pop(0)
        assert words[:2] == ["keyart", name], line
        with COMMANDS[name].make_context(name, words[2:]):
            pass  # it would have raised on an argument that can't be


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_stand_on_lines_of_their_own_however_narrow_the_terminal_is(name: str) -> None:
    assert examples(name, columns=40) == examples(name, columns=200)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_in_a_sentence_what_it_does_and_what_each_option_is(name: str) -> None:
    command = COMMANDS[name]
    assert re.fullmatch(r"[A-Z].*\.", command.get_short_help_str(10_000)), name
    for parameter in command.params:
        hidden = getattr(parameter, "hidden", False)
        assert hidden or parameter.name == "help" or getattr(parameter, "help", None), (name, parameter.name)


def test_the_list_of_commands_begins_with_what_a_newcomer_needs_and_hides_what_is_internal() -> None:
    listed = re.findall(r"^  ([a-z-]+)  ", helped().partition("Commands:")[2], re.MULTILINE)
    assert listed[:3] == ["serve", "doctor", "import"]
    assert set(listed) == set(COMMANDS)
    assert "worker" not in listed


def test_the_list_shows_the_first_sentence_of_each_command() -> None:
    """The list is made without loading the commands, so it has their sentences a second time."""
    assert {name: each.sentence for name, each in LISTED.items()} == {
        name: command.short_help
        for name, command in ROOT.commands.items()  # type: ignore[attr-defined]
    }


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    assert keyart(tmp_path, "--version").stdout == f"keyart {version('keyart')}\n"


def test_a_command_without_examples_is_helped_as_well() -> None:
    plain = typer.Typer(rich_markup_mode=None)

    @plain.command(cls=Command)
    def act() -> None:
        """Do something."""

    shown = CliRunner().invoke(plain, ["--help"]).output
    assert "Do something." in shown
    assert EXAMPLES not in shown


# -------------------------------------------------------------------- sentences instead of tracebacks


DAMAGED = "is damaged (file is not a database); `keyart doctor` says which file, and what to do."


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    put(tmp_path / "artwork" / "one" / "a.jpg")
    put(tmp_path / "data" / "state.sqlite", b"this is no database " * 500)
    return put(tmp_path / "data" / "log.sqlite", b"this is no database " * 500)


@pytest.mark.parametrize("arguments", ["models", "report", "rebuild", "import {folder}/artwork"])
def test_a_damaged_database_ends_a_command_with_a_sentence(damaged: Path, arguments: str) -> None:
    refused = keyart(damaged.parent, *arguments.format(folder=damaged.parents[1]).split())

    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].endswith(DAMAGED)


def test_a_damaged_database_ends_a_process_with_a_sentence(damaged: Path) -> None:
    refused = keyart(damaged.parent, "train")

    assert refused.returncode == 1
    assert refused.stderr.strip().splitlines()[-1] == f"{damaged} {DAMAGED}"
    assert "Traceback" not in refused.stderr


def test_a_place_that_can_not_be_written_to_ends_a_process_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "serve.lock").mkdir()
    refused = keyart(tmp_path, "serve", port=0)

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"{tmp_path / 'serve.lock'}: Is a directory; solve this and try again")
    assert "Traceback" not in refused.stderr


def test_a_file_where_a_folder_is_wanted_is_called_one(tmp_path: Path) -> None:
    file = put(tmp_path / "poster.jpg")
    refused = keyart(tmp_path / "data", "contact-sheet", str(file))
    assert (refused.returncode, refused.stderr) == (
        1,
        f"'{file}' is a file; name the folder that has a folder for each title.\n",
    )
    refused = keyart(file, "import", str(tmp_path))
    assert (refused.returncode, refused.stderr) == (1, f"KEYART_DATA is {file}, which is a file; name a folder.\n")


def test_an_import_calls_a_gif_what_an_upload_of_it_is_called(tmp_path: Path) -> None:
    gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
    put(tmp_path / "artwork" / "one" / "a.gif", gif)
    put(tmp_path / "artwork" / "one" / "b.jpg", gif)
    said = keyart(tmp_path / "data", "import", str(tmp_path / "artwork")).stdout

    assert "2 │ Refused: it is a GIF picture, not a JPEG, PNG or WebP picture; export it as" in said
    assert "one/a.gif" in said
    assert "one/b.jpg" in said
