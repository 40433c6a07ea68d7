"""Variables that Kubernetes and Docker set for a service named `keyart` are no settings, and stop no command."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from app.settings import Settings, link_in
from tests.e2e.service import KEYART, environment

LINKS = {
    "KEYART_PORT": "tcp://10.96.7.1:8000",
    "KEYART_PORT_8000_TCP": "tcp://10.96.7.1:8000",
    "KEYART_PORT_8000_TCP_ADDR": "10.96.7.1",
    "KEYART_PORT_8000_TCP_PORT": "8000",
    "KEYART_PORT_8000_TCP_PROTO": "tcp",
    "KEYART_SERVICE_HOST": "10.96.7.1",
    "KEYART_SERVICE_PORT": "8000",
    "KEYART_SERVICE_PORT_HTTP": "8000",
    # of a second Service, keyart-admin
    "KEYART_ADMIN_PORT": "tcp://10.96.7.2:80",
    "KEYART_ADMIN_PORT_80_TCP_ADDR": "10.96.7.2",
    "KEYART_ADMIN_SERVICE_HOST": "10.96.7.2",
}


def linked(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = {**environment(data, {}), **LINKS}
    return subprocess.run(
        [KEYART, *arguments], env=variables, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.parametrize(
    "command", ["health", "health trainer", "models", "report", "rebuild", "backup copy", "import none", "open"]
)
def test_no_command_ends_because_of_them(tmp_path: Path, command: str) -> None:
    done = linked(tmp_path / "data", *command.split())
    assert done.returncode in {0, 1}, done.stderr
    assert "KEYART_PORT:" not in done.stderr


def test_the_service_says_once_that_it_takes_none_for_its_port(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("This is no folder, so that it ends before it listens.")
    done = linked(tmp_path / "data", "serve")
    assert done.returncode == 1
    [line] = [json.loads(line) for line in done.stderr.splitlines() if "port_ignored" in line]
    assert (line["was"], line["port"]) == (LINKS["KEYART_PORT"], 8000)


def test_the_doctor_notes_them_in_one_finding_and_finds_nothing_wrong_with_them(tmp_path: Path) -> None:
    done = linked(tmp_path / "data", "doctor", "--json")
    findings = [each for group in json.loads(done.stdout)["groups"] for each in group["findings"]]
    found = [each for each in findings if each["about"] in {"links", "name", "value"}]
    assert [(each["about"], each["level"]) for each in found] == [("links", "note")]
    assert "enableServiceLinks: false" in found[0]["remedy"]


def test_a_port_is_still_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_PORT", "8123")
    assert (Settings().port, link_in(os.environ)) == (8123, None)
    monkeypatch.setenv("KEYART_PORT", LINKS["KEYART_PORT"])
    assert (Settings().port, link_in(os.environ)) == (8000, LINKS["KEYART_PORT"])
